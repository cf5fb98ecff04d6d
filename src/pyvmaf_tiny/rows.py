"""The per-frame half of a result: every scored frame, in three arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from .errors import OptionError
from .frames import FEATURES, FeatureVector, FrameScore


class FrameRows(Sequence[FrameScore]):
    """The frames of a result: read-only arrays, and a sequence of :class:`FrameScore`.

    ``indices`` int64 ``(N,)``, ``scores`` float64 ``(N,)`` or None, ``features`` float64
    ``(N, 6)``, ``teachers`` float64 ``(N,)`` or None. The arrays given are copied. ``neg`` are
    the same frames under NEG, if there are. Raises :class:`OptionError` when their shapes do not
    belong together.
    """

    def __init__(
        self,
        indices: ArrayLike,
        scores: ArrayLike | None,
        features: ArrayLike,
        teachers: ArrayLike | None = None,
        neg: FrameRows | None = None,
    ) -> None:
        self.indices = np.array(indices, dtype=np.int64)
        self.scores = None if scores is None else np.array(scores, dtype=np.float64)
        self.features = np.array(features, dtype=np.float64)
        self.teachers = None if teachers is None else np.array(teachers, dtype=np.float64)
        frames = self.indices.size
        shapes = [self.indices.shape, self.features.shape]
        expected = [(frames,), (frames, len(FEATURES))]
        for column in (self.scores, self.teachers):
            if column is not None:
                shapes.append(column.shape)
                expected.append((frames,))
        if shapes != expected:
            raise OptionError(
                "the arrays of a result do not belong together (indices, features, scores, "
                "teachers)",
                given=f"shapes {shapes}",
                expected=f"{expected}",
            )
        if neg is not None and not np.array_equal(neg.indices, self.indices):
            raise OptionError(
                "the NEG frames are not those of the result",
                given=f"{len(neg)} frames",
                expected=f"{frames}, of the same numbers",
            )
        self.neg = neg
        for array in (self.indices, self.scores, self.features, self.teachers):
            if array is not None:
                array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, at: int) -> FrameScore: ...
    @overload
    def __getitem__(self, at: slice) -> FrameRows: ...
    def __getitem__(self, at: int | slice) -> FrameScore | FrameRows:
        scores, teachers = self.scores, self.teachers
        if isinstance(at, slice):
            return FrameRows(
                self.indices[at],
                None if scores is None else scores[at],
                self.features[at],
                None if teachers is None else teachers[at],
                None if self.neg is None else self.neg[at],
            )
        return FrameScore(
            index=int(self.indices[at]),
            score=None if scores is None else float(scores[at]),
            features=FeatureVector(*self.features[at].tolist()),
            teacher=None if teachers is None else float(teachers[at]),
            neg=None if self.neg is None else self.neg[at],
        )

    def __repr__(self) -> str:
        return f"<FrameRows: {len(self)} frames>"
