"""Pooled figures of a stream of frames, in constant memory.

Frames are collected in blocks of a fixed length and each full block is folded into running
moments. A block always holds the same frames, whether they came one by one or many at once, so
the figures of a stream and of a whole-file call are the same doubles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .errors import EmptyInputError, ModelError, OptionError
from .frames import FEATURES

#: The name of the score among the metrics, as in libvmaf's logs.
SCORE = "vmaf"

#: The name of the score that libvmaf's own model gives.
TEACHER = "teacher"

#: Behind the name of a metric: without credit for enhancement.
NEG_SUFFIX = "_neg"

#: What :meth:`Figures.pool` takes, in the order of libvmaf's logs.
POOL_METHODS: tuple[str, ...] = ("min", "max", "mean", "harmonic_mean")

#: Frames per block: long enough to hide NumPy's call overhead, short enough to stay in cache.
_BLOCK = 512

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figures:
    """The pooled figures of one metric over ``count`` frames.

    ``harmonic_mean`` is libvmaf's: ``1 / mean(1 / (x + 1)) - 1``; None when a value is -1 or
    less, where that formula means nothing. ``variance`` is the population's (divided by
    ``count``), ``stddev`` its square root.
    """

    count: int
    min: float
    max: float
    mean: float
    harmonic_mean: float | None
    variance: float

    @property
    def stddev(self) -> float:
        """Population standard deviation, in the metric's own unit."""
        return math.sqrt(self.variance)

    def pool(self, method: str) -> float:
        """One figure by libvmaf's name for the pooling method (see :data:`POOL_METHODS`).

        Raises :class:`OptionError` for an unknown name, and for a harmonic mean that the
        values do not have.
        """
        if method not in POOL_METHODS:
            raise OptionError(
                "unknown pooling method",
                given=repr(method),
                expected="one of " + ", ".join(POOL_METHODS),
            )
        figure: float | None = getattr(self, method)
        if figure is None:
            raise OptionError(
                "no harmonic mean: 1 / mean(1 / (x + 1)) - 1 needs values above -1",
                given=f"a smallest value of {self.min}",
                hint='use "mean", "min" or "max"',
            )
        return figure

    def to_dict(self) -> dict[str, float | None]:
        """Every figure by name, ``stddev`` included."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"stddev": self.stddev}


@dataclass(frozen=True, slots=True)
class _Moments:
    """What has to be kept of the frames so far; arrays have one element per metric."""

    count: int
    low: _Array
    high: _Array
    #: Sum of the values, and what rounding cut off from it.
    total: _Array
    total_tail: _Array
    #: Sum of the squared distances to the mean.
    squares: _Array
    #: Sum of 1 / (x + 1).
    inverse: _Array

    @classmethod
    def empty(cls, metrics: int) -> _Moments:
        zero = np.zeros(metrics)
        return cls(0, zero + math.inf, zero - math.inf, zero, zero, zero, zero)

    def mean(self) -> _Array:
        # Rounding must not push the mean of nearly equal values out of their range.
        mean = (self.total + self.total_tail) / self.count
        return np.clip(mean, self.low, self.high)

    def with_block(self, block: _Array) -> _Moments:
        """The moments after a block, float64 ``(metrics, frames)``, of at least one frame.

        Squares are combined as in Chan, Golub and LeVeque, "Updating formulae and a pairwise
        algorithm for computing sample variances" (1979).
        """
        frames = block.shape[1]
        low, high, added = block.min(axis=1), block.max(axis=1), block.sum(axis=1)
        center = np.clip(added / frames, low, high)
        squares = np.square(block - center[:, None]).sum(axis=1)
        if self.count:
            shift = center - self.mean()
            squares += self.squares + shift * shift * (self.count * frames / (self.count + frames))
        # Knuth's TwoSum: total + tail is the exact sum of the block sums to twice the precision.
        total = self.total + added
        kept = total - self.total
        tail = (self.total - (total - kept)) + (added - kept)
        # Where a value is -1 or less there is no harmonic mean, so any finite number will do.
        inverse = 1.0 / np.where(block > -1.0, block + 1.0, 1.0)
        return _Moments(
            self.count + frames,
            np.minimum(self.low, low),
            np.maximum(self.high, high),
            total,
            self.total_tail + tail,
            squares,
            self.inverse + inverse.sum(axis=1),
        )


class Pooling:
    """Running pooled figures of the six features and, where there are, of the scores.

    ``with_score`` says whether frames have a score, ``with_teacher`` whether they have one of
    libvmaf's own model. Memory does not grow with the frames.
    """

    def __init__(self, *, with_score: bool, with_teacher: bool = False) -> None:
        self.with_score = with_score
        self.with_teacher = with_teacher
        #: The metrics in the order of the figures: the features, then the scores that there are.
        self.metrics: tuple[str, ...] = (
            *FEATURES,
            *([SCORE] if with_score else []),
            *([TEACHER] if with_teacher else []),
        )
        self._moments = _Moments.empty(len(self.metrics))
        self._pending: list[tuple[float, ...]] = []

    def __len__(self) -> int:
        """Frames so far."""
        return self._moments.count + len(self._pending)

    def add(
        self, score: float | None, features: Sequence[float], teacher: float | None = None
    ) -> None:
        """Add one frame: its score (None without a model), its six features, its teacher's score.

        Raises :class:`ModelError` for a score that is not finite, :class:`OptionError` for a
        missing or an unexpected score or another number of features.
        """
        row = tuple(features) if score is None else (*features, score)
        if teacher is not None:
            row = (*row, teacher)
        if (
            len(row) != len(self.metrics)
            or (score is not None) != self.with_score
            or (teacher is not None) != self.with_teacher
        ):
            taught = "" if teacher is None else f" and the teacher's {teacher}"
            raise self._misfit(f"{len(features)} features and score {score}{taught}")
        if score is not None and not math.isfinite(score):
            raise _not_finite(score, len(self))
        self._pending.append(row)
        if len(self._pending) == _BLOCK:
            self._fold()

    def add_many(
        self, scores: _Array | None, features: _Array, teachers: _Array | None = None
    ) -> None:
        """Add frames: scores float64 ``(N,)`` or None, features float64 ``(N, 6)``.

        ``teachers`` are the teacher's scores, float64 ``(N,)``, or None.

        The figures are those of N calls of :meth:`add`. Raises as :meth:`add` does, before any
        of the frames is added.
        """
        shapes = f"features of shape {features.shape}, " + (
            "no scores" if scores is None else f"scores of shape {scores.shape}"
        )
        if features.ndim != 2 or features.shape[1] != len(FEATURES):
            raise self._misfit(shapes)
        if (scores is not None) != self.with_score or (teachers is not None) != self.with_teacher:
            raise self._misfit(shapes)
        rows = features
        if scores is not None:
            if scores.shape != features.shape[:1]:
                raise self._misfit(shapes)
            if not np.isfinite(scores).all():
                first = int(np.argmin(np.isfinite(scores)))
                raise _not_finite(float(scores[first]), len(self) + first)
            rows = np.column_stack((features, scores))
        if teachers is not None:
            rows = np.column_stack((rows, teachers))
        start = 0
        while start < len(rows):
            stop = start + _BLOCK - len(self._pending)
            self._pending.extend(map(tuple, rows[start:stop].tolist()))
            start = stop
            if len(self._pending) == _BLOCK:
                self._fold()

    def figures(self) -> dict[str, Figures]:
        """The figures of every metric over the frames so far; later frames do not change them.

        Raises :class:`EmptyInputError` when there is no frame yet.
        """
        moments = self._with_pending()
        if not moments.count:
            raise nothing_to_pool()
        return {metric: _figures(moments, row) for row, metric in enumerate(self.metrics)}

    def _with_pending(self) -> _Moments:
        if not self._pending:
            return self._moments
        # Rows of the transposed block are contiguous, which is what makes NumPy sum pairwise.
        return self._moments.with_block(np.ascontiguousarray(np.array(self._pending).T))

    def _fold(self) -> None:
        self._moments = self._with_pending()
        self._pending.clear()

    def _misfit(self, given: str) -> OptionError:
        return OptionError(
            "a frame does not fit the figures being pooled",
            given=given,
            expected=f"{len(FEATURES)} features and {'a' if self.with_score else 'no'} score"
            + (" and the teacher's" if self.with_teacher else ""),
        )


def nothing_to_pool() -> EmptyInputError:
    """The error for figures of no frames."""
    return EmptyInputError(
        "no frame has been scored, so there are no pooled figures",
        given="0 frames",
        expected="at least 1",
    )


def _figures(moments: _Moments, row: int) -> Figures:
    low, high = float(moments.low[row]), float(moments.high[row])
    mean = float(moments.mean()[row])
    harmonic = None
    if low > -1.0:
        # A harmonic mean lies between the smallest value and the mean, whatever rounding says.
        harmonic = min(max(float(moments.count / moments.inverse[row]) - 1.0, low), mean)
    variance = float(moments.squares[row]) / moments.count
    return Figures(moments.count, low, high, mean, harmonic, variance)


def _not_finite(score: float, frame: int) -> ModelError:
    return ModelError(
        f"the score of frame {frame} of this stream is not a finite number",
        given=repr(score),
        hint="check the model: its weights or its scaler are broken",
    )
