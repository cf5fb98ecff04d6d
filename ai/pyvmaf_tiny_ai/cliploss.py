"""What a prediction before the clip costs, when the score after the clip is what counts.

Where the teacher lies above 100 or below 0, every prediction on its side of the clip gives the
right score. Only the part on the wrong side counts there, and a weak pull towards the teacher's
value before the clip, which keeps the function smooth across the edge.

Both are squares of their own: the square of their sum would have a kink at the clip, in which a
descent gets stuck.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Scores end here.
LOW, HIGH = 0.0, 100.0


def costs(predicted: Floats, raw: Floats, pull: float) -> Floats:
    """Squared errors (N,) in VMAF points; ``raw`` is the teacher before the clip.

    Within 0..100 that is the squared difference. Of a teacher beyond it is the square of what the
    prediction lacks to reach the clip, and of ``pull`` times the difference.
    """
    short, difference, beyond = _parts(predicted, raw, pull)
    return np.where(beyond, short**2 + (pull * difference) ** 2, difference**2)


def residuals(predicted: Floats, raw: Floats, pull: float) -> tuple[Floats, Floats]:
    """Residuals r and slopes s, (N,), that stand for the costs in a Gauss-Newton step; pull > 0.

    r s is half the cost's derivative by the prediction, s^2 half its second derivative.
    """
    short, difference, beyond = _parts(predicted, raw, pull)
    slopes = np.where(beyond, np.sqrt((short != 0.0) + pull**2), 1.0)
    found = np.where(beyond, (short + pull**2 * difference) / slopes, difference)
    return found, slopes


def _parts(predicted: Floats, raw: Floats, pull: float) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """What is lacking to the clip, the difference, and whether the teacher is beyond the clip."""
    above, below = raw > HIGH, raw < LOW
    short = np.where(above, np.minimum(predicted - HIGH, 0.0), 0.0)
    short += np.where(below, np.maximum(predicted - LOW, 0.0), 0.0)
    return short, predicted - raw, above | below
