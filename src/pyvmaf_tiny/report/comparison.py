"""What a picture or a table compares: labelled results, and their series reduced for drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import OptionError
from pyvmaf_tiny.pooling import SCORE
from pyvmaf_tiny.results import ScoreResult

#: More points than this are not drawn: wider than a chart has pixels, they only cost space.
MAX_POINTS = 1500

#: Percentiles that tables show.
PERCENTILES: tuple[float, ...] = (1.0, 5.0, 50.0, 95.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """One result in a comparison.

    ``extra`` holds what else a reader should know, by column title, such as ``{"CRF": 23}``.
    ``bitrate`` is in kbit/s; where at least two curves have one, score over bitrate is drawn.
    Curves of one ``group`` (one encoder, say) are joined there.
    """

    label: str
    result: ScoreResult
    extra: Mapping[str, str | float] = field(default_factory=dict)
    bitrate: float | None = None
    group: str = ""

    def __post_init__(self) -> None:
        if self.bitrate is not None and not 0 < self.bitrate < float("inf"):
            raise OptionError(
                f"the bitrate of {self.label!r} is not one", given=self.bitrate, expected="kbit/s"
            )

    @property
    def columns(self) -> dict[str, str]:
        """Extra facts as text by column title, the bitrate last."""
        columns = {title: _plain(value) for title, value in self.extra.items()}
        if self.bitrate is not None:
            columns["kbit/s"] = f"{self.bitrate:,.{0 if self.bitrate >= 100 else 1}f}"
        return columns


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture of a frame: uint8 ``(height, width)`` grey or ``(height, width, 3)`` RGB."""

    frame: int
    image: NDArray[np.uint8]

    def __post_init__(self) -> None:
        shape = self.image.shape
        if self.image.dtype != np.uint8 or not (len(shape) == 2 or shape[2:] == (3,)):
            raise OptionError(
                f"the thumbnail of frame {self.frame} is not a picture",
                given=f"{self.image.dtype} {shape}",
                expected="uint8 (height, width) or (height, width, 3)",
            )


@dataclass(frozen=True, slots=True)
class Trace:
    """A series as it is drawn: per point the first frame, and mean, low and high of its frames.

    ``step`` is the number of frames per point; at 1 the three values are the same.
    """

    step: int
    frames: NDArray[np.int64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RatePoint:
    """The curve at ``position`` over its bitrate: mean and 5th percentile of the metric."""

    position: int
    rate: float
    mean: float
    fifth: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that a picture shows.

    Raises :class:`OptionError` when there is no curve, a curve has no frames or lacks the
    metric, and :class:`EmptyInputError` for a curve of no frames.
    """

    curves: Sequence[Curve]
    title: str = "Quality over frames"
    metric: str = SCORE
    thumbnails: Sequence[Thumbnail] = ()

    def __post_init__(self) -> None:
        if not self.curves:
            raise OptionError("nothing to compare", given="no curve", expected="at least one")
        for curve in self.curves:
            curve.result.figures(self.metric)
            curve.result.series(self.metric)

    @property
    def traces(self) -> list[Trace]:
        """The curves' series, reduced to at most :data:`MAX_POINTS` points each."""
        return [_trace(curve.result, self.metric) for curve in self.curves]

    @property
    def metric_name(self) -> str:
        """The metric as a heading; a score with the model that predicts it."""
        if self.metric != SCORE:
            return self.metric
        models = {curve.result.info.model_id or "unknown model" for curve in self.curves}
        return f"VMAF ({models.pop() if len(models) == 1 else 'several models'})"

    @property
    def about(self) -> list[str]:
        """What all curves have in common: reference, size, model, engine."""
        infos = [curve.result.info for curve in self.curves]
        facts = (
            [f"reference {info.reference}" if info.reference else "" for info in infos],
            [f"{info.width}×{info.height}, {info.bit_depth} bit" for info in infos],
            [f"model {info.model_id}" if info.model_id else "no model" for info in infos],
            ["no enhancement gain (NEG)" if info.neg else "" for info in infos],
            [" ".join(filter(None, ("engine", info.engine, info.cpu_tier))) for info in infos],
        )
        return [texts[0] for texts in facts if texts[0] and len(set(texts)) == 1]

    @property
    def rate_groups(self) -> list[list[RatePoint]]:
        """The curves with a bitrate by group, each by rising bitrate; none if fewer than two."""
        groups: dict[str, list[RatePoint]] = {}
        for position, curve in enumerate(self.curves):
            if curve.bitrate is not None:
                mean = curve.result.figures(self.metric).mean
                fifth = curve.result.percentile(5, self.metric)
                point = RatePoint(position, curve.bitrate, mean, fifth)
                groups.setdefault(curve.group, []).append(point)
        if sum(map(len, groups.values())) < 2:
            return []
        return [sorted(group, key=lambda point: point.rate) for group in groups.values()]

    @property
    def frame_range(self) -> tuple[int, int]:
        """First and last frame number over all curves; the last is beyond the first."""
        first = min(int(curve.result.indices[0]) for curve in self.curves)
        last = max(int(curve.result.indices[-1]) for curve in self.curves)
        return first, max(last, first + 1)

    @property
    def value_range(self) -> tuple[float, float]:
        """Lowest and highest value over all curves, with air; a score stays within 0..100."""
        pooled = [curve.result.figures(self.metric) for curve in self.curves]
        low, high = min(p.min for p in pooled), max(p.max for p in pooled)
        air = max(0.06 * (high - low), 0.5 if self.metric == SCORE else 0.01)
        if self.metric == SCORE and low >= 0 and high <= 100:
            return max(low - air, 0.0), min(high + air, 100.0)
        return low - air, high + air


def _trace(result: ScoreResult, metric: str) -> Trace:
    values, frames = result.series(metric), result.indices
    step = -(-len(values) // MAX_POINTS)
    starts = np.arange(0, len(values), step)
    counts = np.diff(np.append(starts, len(values)))
    return Trace(
        step,
        frames[starts],
        np.add.reduceat(values, starts) / counts,
        np.minimum.reduceat(values, starts),
        np.maximum.reduceat(values, starts),
    )


def decimals(metric: str) -> int:
    """Decimals worth showing of a metric: scores reach 100, most features 1."""
    return 2 if metric == SCORE else 4


def figure_cells(result: ScoreResult, metric: str) -> dict[str, str]:
    """The figures of one metric as text by column title; percentiles if there are frames."""
    pooled = result.figures(metric)
    percentiles = PERCENTILES if result.has_frames else ()
    figures = {
        "mean": pooled.mean,
        "harmonic": pooled.harmonic_mean,
        "min": pooled.min,
        **{f"p{q:g}": result.percentile(q, metric) for q in percentiles},
        "max": pooled.max,
        "std dev": pooled.stddev,
    }
    digits = decimals(metric)
    return {
        title: "–" if figure is None else f"{figure:.{digits}f}"
        for title, figure in figures.items()
    }


def column_titles(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Every title of the rows once, in the order of appearance."""
    return list(dict.fromkeys(title for row in rows for title in row))


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
