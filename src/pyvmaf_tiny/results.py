"""What scoring a clip leaves behind: pooled figures, metadata and, when kept, every frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import OptionError
from .frames import FEATURES, FrameScore
from .pooling import NEG_SUFFIX, SCORE, TEACHER, Figures, Pooling, nothing_to_pool
from .result_info import ResultInfo
from .rows import FrameRows

if TYPE_CHECKING:
    import os

    import pandas as pd

#: Metrics that know no enhancement gain.
_SAME_UNDER_NEG = ("motion2", TEACHER)


class ScoreResult:
    """The outcome of scoring a clip: pooled figures, metadata, and the frames if they were kept.

    ``pooling`` gives the figures; it may run on afterwards without changing this result.
    ``frames`` are all the frames it has pooled, or None when they were not kept. ``neg`` is the
    result of the same frames without credit for enhancement, if both were asked for; its metrics
    stand among this result's as ``"vmaf_neg"``, ``"adm2_neg"`` and so on.

    ``float(result)`` is the mean score, ``len(result)`` the number of scored frames. What needs
    a score raises :class:`OptionError` without a model, what needs the frames raises it when
    they were not kept, and pooled figures of no frames raise :class:`EmptyInputError`.
    """

    def __init__(
        self,
        pooling: Pooling,
        info: ResultInfo,
        *,
        frames: FrameRows | None = None,
        neg: ScoreResult | None = None,
    ) -> None:
        if frames is not None:
            kept = (len(frames), frames.scores is not None, frames.teachers is not None)
            expected = (len(pooling), pooling.with_score, pooling.with_teacher)
            if kept != expected:
                raise OptionError(
                    "the frames are not those of the pooled figures (frames, with a score, with "
                    "a teacher)",
                    given=kept,
                    expected=expected,
                )
        self.info = info
        #: Whether a model scored the frames.
        self.has_score = pooling.with_score
        #: The result under NEG of the same pass, or None.
        self.neg = neg
        #: The six features, then ``"vmaf"`` if there is a model, ``"teacher"`` if there is one;
        #: then those of :attr:`neg`, with ``_neg`` behind their names.
        self.metrics: tuple[str, ...] = pooling.metrics
        self._count = len(pooling)
        self._pooled = pooling.figures() if self._count else {}
        self._frames = frames
        if neg is not None:
            own = [metric for metric in neg.metrics if metric not in _SAME_UNDER_NEG]
            self.metrics += tuple(metric + NEG_SUFFIX for metric in own)
            if self._count:
                self._pooled |= {metric + NEG_SUFFIX: neg.pooled[metric] for metric in own}

    @property
    def has_frames(self) -> bool:
        """Whether every frame was kept, not the pooled figures alone."""
        return self._frames is not None

    @property
    def pooled(self) -> Mapping[str, Figures]:
        """The pooled figures by metric."""
        if not self._pooled:
            raise nothing_to_pool()
        return MappingProxyType(self._pooled)

    def figures(self, metric: str = SCORE) -> Figures:
        """The pooled figures of one metric."""
        self._check_metric(metric)
        return self.pooled[metric]

    def pool(self, method: str, metric: str = SCORE) -> float:
        """One pooled figure by libvmaf's name: "min", "max", "mean" or "harmonic_mean"."""
        return self.figures(metric).pool(method)

    @property
    def mean(self) -> float:
        """Arithmetic mean of the scores: the clip's VMAF as libvmaf's tool prints it."""
        return self.figures().mean

    @property
    def harmonic_mean(self) -> float:
        """The harmonic mean of the scores as in libvmaf: ``1 / mean(1 / (x + 1)) - 1``."""
        return self.pool("harmonic_mean")

    @property
    def min(self) -> float:
        """The lowest score."""
        return self.figures().min

    @property
    def max(self) -> float:
        """The highest score."""
        return self.figures().max

    @property
    def stddev(self) -> float:
        """Population standard deviation of the scores."""
        return self.figures().stddev

    @property
    def median(self) -> float:
        """The median score; needs the frames."""
        return self.percentile(50.0)

    def percentile(self, q: float, metric: str = SCORE) -> float:
        """The value below which ``q`` percent (0..100) of the frames lie, interpolated linearly."""
        if not isinstance(q, (int, float)) or not 0.0 <= q <= 100.0:
            raise OptionError("no such percentile", given=q, expected="0 to 100")
        values = self.series(metric)
        if not values.size:
            raise nothing_to_pool()
        return float(np.percentile(values, q))

    @property
    def frames(self) -> FrameRows:
        """The frames as a sequence of :class:`FrameScore`."""
        if self._frames is None:
            raise OptionError(
                "the frames of this result were not kept, only their pooled figures",
                hint="score with keep_frames=True",
            )
        return self._frames

    @property
    def indices(self) -> NDArray[np.int64]:
        """Frame numbers in display order, int64 ``(N,)``."""
        return self.frames.indices

    @property
    def scores(self) -> NDArray[np.float64]:
        """The score of every frame, 0..100, float64 ``(N,)``."""
        return self.series(SCORE)

    @property
    def features(self) -> NDArray[np.float64]:
        """The features of every frame, float64 ``(N, 6)`` in the order of :data:`FEATURES`."""
        return self.frames.features

    def series(self, metric: str = SCORE) -> NDArray[np.float64]:
        """One metric over the frames, float64 ``(N,)``."""
        self._check_metric(metric)
        if self.neg is not None and metric.endswith(NEG_SUFFIX):
            return self.neg.series(metric.removesuffix(NEG_SUFFIX))
        frames = self.frames
        if frames.scores is not None and metric == SCORE:
            return frames.scores
        if frames.teachers is not None and metric == TEACHER:
            return frames.teachers
        return frames.features[:, FEATURES.index(metric)]

    def __len__(self) -> int:
        return self._count

    def __float__(self) -> float:
        return self.mean

    def __iter__(self) -> Iterator[FrameScore]:
        return iter(self.frames)

    def __repr__(self) -> str:
        info = self.info
        made_by = " ".join(filter(None, (info.engine, info.cpu_tier, info.model_id)))
        cut = "" if info.complete else "incomplete, "
        clip = (
            f"{cut}{self._count} frames {info.width}x{info.height} {info.bit_depth} bit, {made_by}"
        )
        if not self._count:
            return f"<ScoreResult: {clip}>"
        metric = SCORE if self.has_score else FEATURES[0]
        pooled = self._pooled[metric]
        return (
            f"<ScoreResult: {metric} mean {pooled.mean:.4f}, min {pooled.min:.4f}, "
            f"max {pooled.max:.4f}\n over {clip}>"
        )

    def to_dict(self) -> dict[str, Any]:
        """The result in libvmaf's JSON log layout, with our own block ``"pyvmaf_tiny"`` added."""
        from .report.json_log import to_dict

        return to_dict(self)

    def to_pandas(self) -> pd.DataFrame:
        """The frames as a data frame: index ``frame``, one float64 column per metric.

        ``DataFrame.attrs["pyvmaf_tiny"]`` holds the metadata. Raises :class:`OptionError`
        without pandas or when the frames were not kept.
        """
        from .report.dataframe import to_pandas

        return to_pandas(self)

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Write the result to a file: ``.json``, ``.csv``, ``.xml`` or ``.parquet``.

        ``format`` ("json", ...) overrides the suffix. The file appears complete or not at all.
        Raises :class:`OptionError` for an unknown format or a place that cannot be written.
        """
        from .report import save

        save(self, path, format)

    def _check_metric(self, metric: str) -> None:
        if metric in self.metrics:
            return
        no_model = metric == SCORE and not self.has_score
        if metric == TEACHER:
            raise OptionError(
                "these frames were scored without a teacher",
                hint='score with engine="libvmaf", teacher="vmaf_v0.6.1"',
            )
        raise OptionError(
            "frames scored without a model have no score" if no_model else "unknown metric",
            given=repr(metric),
            expected="one of " + ", ".join(self.metrics),
            hint="score with a model, or ask for a feature: result.pooled" if no_model else None,
        )
