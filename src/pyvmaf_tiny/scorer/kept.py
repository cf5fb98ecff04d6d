"""Every finished frame of a stream, packed: 64 bytes for a frame in a lane."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.engine.base import Lanes, TaughtVector
from pyvmaf_tiny.frames import FEATURES

#: Doubles of a lane: score, features, the teacher's score; NaN for a score that is not there.
_WIDTH = len(FEATURES) + 2


class KeptFrames:
    """Rows of doubles: the frame's number, then :data:`_WIDTH` of each lane.

    A frame is added by one operation, which an interrupt comes before or after, never into.
    """

    def __init__(self, lanes: int) -> None:
        self._stride = 1 + lanes * _WIDTH
        self._values = array("d")

    def __len__(self) -> int:
        return len(self._values) // self._stride

    @property
    def last(self) -> int | None:
        """The number of the frame that was added last."""
        return int(self._values[-self._stride]) if self._values else None

    def add(self, index: int, scores: Sequence[float] | None, lanes: Lanes) -> None:
        """Add a frame; ``scores`` are one per lane, or None without a model."""
        values: list[float] = [index]
        for lane, row in enumerate(lanes):
            values.append(math.nan if scores is None else scores[lane])
            values += row
            values.append(row.teacher if isinstance(row, TaughtVector) else math.nan)
        self._values.extend(values)

    def indices(self) -> NDArray[np.int64]:
        """The frames' numbers, int64 (N,)."""
        return self._table()[:, 0].astype(np.int64)

    def lane(self, lane: int) -> NDArray[np.float64]:
        """A lane's scores, features and teacher's scores, float64 (N, 8)."""
        start = 1 + lane * _WIDTH
        return self._table()[:, start : start + _WIDTH].copy()

    def _table(self) -> NDArray[np.float64]:
        # An array whose memory is lent out cannot grow: nobody may keep this.
        return np.frombuffer(self._values).reshape(len(self), self._stride)
