"""Counts equal and different doubles, frame by frame, in constant memory."""

from __future__ import annotations

import math

from pyvmaf_tiny.frames import FEATURES, FeatureVector

from .result import FeatureComparison


class Tally:
    """What is known of six features after some frames."""

    def __init__(self) -> None:
        self.frames = 0
        self._columns = [_Column(name) for name in FEATURES]

    def add(self, frame: int, first: FeatureVector, second: FeatureVector) -> tuple[str, ...]:
        """Take both rows of a frame; the features that differ more than in any frame before."""
        self.frames += 1
        if first == second:
            return ()
        columns = zip(self._columns, first, second, strict=True)
        return tuple(column.name for column, a, b in columns if column.add(frame, a, b))

    def features(self) -> tuple[FeatureComparison, ...]:
        """The figures so far, in the order of ``FEATURES``."""
        return tuple(column.figures(self.frames) for column in self._columns)


class _Column:
    def __init__(self, name: str) -> None:
        self.name = name
        self._different = 0
        self._first: int | None = None
        self._worst: tuple[float, int | None, tuple[float, float] | None] = (0.0, None, None)
        self._worst_relative: tuple[float, int | None] = (0.0, None)

    def add(self, frame: int, a: float, b: float) -> bool:
        """Whether the two differ more than any pair before."""
        if a == b or (math.isnan(a) and math.isnan(b)):
            return False
        self._different += 1
        if self._first is None:
            self._first = frame
        difference = abs(a - b) if math.isfinite(a) and math.isfinite(b) else math.inf
        relative = difference if math.isinf(difference) else difference / max(abs(a), abs(b))
        if relative > self._worst_relative[0]:
            self._worst_relative = (relative, frame)
        if difference > self._worst[0]:
            self._worst = (difference, frame, (a, b))
            return True
        return False

    def figures(self, frames: int) -> FeatureComparison:
        difference, frame, values = self._worst
        relative, relative_frame = self._worst_relative
        return FeatureComparison(
            feature=self.name,
            frames=frames,
            equal_frames=frames - self._different,
            first_frame=self._first,
            max_difference=difference,
            frame=frame,
            values=values,
            max_relative_difference=relative,
            relative_frame=relative_frame,
        )
