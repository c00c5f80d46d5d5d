"""The folder that a training leaves behind."""

from __future__ import annotations

from dataclasses import asdict
import json
from pathlib import Path
import shutil
import tempfile

from pose_ros.core.motion.learned_model import LearnedModel
from pose_ros.learning.motion_evaluation import Evaluation, draw_confusion, evaluate
from pose_ros.learning.training import Trained

MODEL, MATRIX, COURSE = 'motions.tflite', 'confusion.png', 'training.json'


def check_folder(folder: Path) -> None:
    """ValueError if a folder holds anything but the results of an earlier training."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ValueError(f'{folder}: is not a folder')
    others = sorted({file.name for file in folder.iterdir()} - {MODEL, MATRIX, COURSE})
    if others:
        raise ValueError(
            f'{folder}: holds other things ({others[0]}), and is to be replaced as a whole: '
            'choose a folder that is not there yet'
        )


def write_results(trained: Trained, folder: Path) -> Evaluation:
    """Write model, confusion matrix and course of the training, all of them or nothing.

    Returns
    -------
    Evaluation
        On the held-out examples, by the model as the node will run it.
    """
    check_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f'.{folder.name}-', dir=folder.parent))
    try:
        trained.write(new / MODEL)
        evaluation = evaluate(LearnedModel(new / MODEL), trained.held_out)
        draw_confusion(evaluation, new / MATRIX)
        (new / COURSE).write_text(json.dumps(_course(trained, evaluation), indent=2))
        new.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return evaluation


def _course(trained: Trained, evaluation: Evaluation) -> dict[str, object]:
    description = trained.description
    return {
        'network': description.network,
        'classes': [learned.name for learned in description.classes],
        'window': asdict(description.window),
        'threshold': round(description.threshold, 3),
        'temperature': round(trained.temperature, 3),
        'recognised': round(trained.recognised, 4),
        'rejected': round(trained.rejected, 4),
        'confusion': {'names': evaluation.names, 'counts': evaluation.counts.tolist()},
        'rounds': [asdict(one) for one in trained.rounds],
    }
