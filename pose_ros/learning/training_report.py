"""The folder that a training leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
import shutil
import tempfile

from pose_ros.learning.motion_evaluation import draw_confusion
from pose_ros.learning.training import Trained

MODEL, MATRIX, REPORT = 'motions.npz', 'confusion.png', 'training.json'
_OLD_MODEL = 'motions.tflite'  # of earlier versions


def check_folder(folder: Path) -> None:
    """ValueError if a folder holds anything but the results of an earlier training."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ValueError(f'{folder}: is not a folder')
    known = {MODEL, MATRIX, REPORT, _OLD_MODEL}
    others = sorted({file.name for file in folder.iterdir()} - known)
    if others:
        raise ValueError(
            f'{folder}: holds other things ({others[0]}), and is to be replaced as a whole: '
            'choose a folder that is not there yet'
        )


def write_results(trained: Trained, folder: Path) -> None:
    """Write model, confusion matrix and report, all of them or nothing."""
    check_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f'.{folder.name}-', dir=folder.parent))
    try:
        trained.model.save(new / MODEL)
        draw_confusion(trained.evaluation, new / MATRIX)
        fields = json.loads(trained.model.description.to_json())
        (new / REPORT).write_text(json.dumps(fields, indent=2) + '\n')
        new.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
