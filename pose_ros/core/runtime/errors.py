"""The errors of everything that has to do with model files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

# Maximum magnitude of the outputs of a working model, raw or in pixels [-].
MAX_OUTPUT = 1e6
# Fewer values are checked faster as plain numbers.
_FEW = 200


class ModelError(RuntimeError):
    """A model that cannot be used: names the file, what was expected and what was found."""


class OutputError(ModelError):
    """Outputs of one run that cannot be used, as NaN; the next frame may give others."""


@contextmanager
def model_errors(path: Path, failed: str) -> Iterator[None]:
    """Turn whatever a runtime or a parser raises about a model's file into a ModelError.

    A damaged file makes native runtimes and flatbuffer readers raise almost any exception.

    Parameters
    ----------
    path
        The model's file.
    failed
        What failed, for the message.
    """
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ModelError(
            f'{path}: {failed} ({reason[:300]}); check the file with: pose-ros models verify'
        ) from error


def require_usable(name: str, values: ArrayLike, limit: float = MAX_OUTPUT) -> None:
    """OutputError, which begins with the name, unless all values are finite and within ±limit."""
    values = np.asarray(values)
    # NaN compares false.
    if values.size > _FEW:
        usable = values.min() >= -limit and values.max() <= limit
    else:
        usable = all(-limit <= value <= limit for value in values.ravel().tolist())
    if not usable:
        found = values[~(np.abs(values) <= limit)].flat[0]
        raise OutputError(f'{name}: expected values within ±{limit:g}, found {found:.3g}')
