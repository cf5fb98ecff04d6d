"""The results of several renditions of one reference, side by side."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from .errors import OptionError
from .pooling import SCORE, TEACHER
from .rendition_names import unique_names
from .results import ScoreResult

if TYPE_CHECKING:
    import pandas as pd


class ScoreResults(Sequence[ScoreResult]):
    """A :class:`ScoreResult` per rendition, by position or by name.

    ``names`` are unique (see :func:`.rendition_names.unique_names`) and in the order of the
    renditions. Raises :class:`OptionError` when there are not as many of them as results.
    """

    def __init__(self, results: Sequence[ScoreResult], names: Sequence[str]) -> None:
        self._results = tuple(results)
        self.names = unique_names(names)
        if len(self.names) != len(self._results):
            raise OptionError(
                "another number of names than of results",
                given=len(self.names),
                expected=len(self._results),
            )

    def __len__(self) -> int:
        return len(self._results)

    @overload
    def __getitem__(self, at: int | str) -> ScoreResult: ...
    @overload
    def __getitem__(self, at: slice) -> ScoreResults: ...
    def __getitem__(self, at: int | str | slice) -> ScoreResult | ScoreResults:
        if isinstance(at, slice):
            return ScoreResults(self._results[at], self.names[at])
        if isinstance(at, str):
            if at not in self.names:
                raise KeyError(f"{at!r} is none of the renditions {', '.join(self.names)}")
            at = self.names.index(at)
        try:
            return self._results[at]
        except IndexError:
            raise IndexError(
                f"rendition {at} is none of 0 to {len(self) - 1}: {', '.join(self.names)}"
                if self._results
                else f"rendition {at} of none"
            ) from None

    def __contains__(self, value: object) -> bool:
        """Whether there is a rendition of that name, or that very result."""
        return value in (self.names if isinstance(value, str) else self._results)

    @property
    def neg(self) -> ScoreResults | None:
        """The results of the same pass under NEG; None unless both were asked for."""
        neg = [result.neg for result in self._results if result.neg is not None]
        return ScoreResults(neg, self.names) if neg else None

    def summary(self, metric: str = SCORE) -> list[dict[str, Any]]:
        """The pooled figures of one metric, a dictionary per rendition, ready for a table.

        Keys: ``rendition`` (its name), ``bitrate`` (kbit/s or None), ``frames``, ``mean``,
        ``harmonic_mean``, ``p5`` (5th percentile), ``min``, ``max`` and ``stddev``; a figure
        that does not exist is None, as the percentile is where frames were not kept. Results with
        NEG have ``neg_mean`` and so on besides, the scores those of a teacher as ``teacher_mean``
        and so on. Raises as :meth:`ScoreResult.figures` does.
        """

        def taught(result: ScoreResult) -> bool:
            return metric == SCORE and TEACHER in result.metrics

        return [
            {
                "rendition": name,
                "bitrate": result.info.bitrate,
                "frames": len(result),
                **_figures(result, metric),
                **({} if result.neg is None else _figures(result.neg, metric, "neg_")),
                **(_figures(result, TEACHER, "teacher_") if taught(result) else {}),
            }
            for name, result in zip(self.names, self._results, strict=True)
        ]

    def to_dict(self) -> dict[str, Any]:
        """``renditions``: every result in libvmaf's JSON log layout, its name in front."""
        from .report.renditions import to_dict

        return to_dict(self)

    def to_pandas(self) -> pd.DataFrame:
        """All frames as one data frame: index ``rendition`` and ``frame``, a column per metric.

        ``DataFrame.attrs["pyvmaf_tiny"]`` holds the metadata by rendition. Raises
        :class:`OptionError` without pandas or when the frames were not kept.
        """
        from .report.renditions import to_pandas

        return to_pandas(self)

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Write all results to one file: ``.json``, ``.csv`` or ``.parquet``.

        ``format`` ("json", ...) overrides the suffix. The file appears complete or not at all.
        Raises :class:`OptionError` for an unknown format or a place that cannot be written.
        """
        from .report import save_renditions

        save_renditions(self, path, format)

    def __repr__(self) -> str:
        lines = [f"<ScoreResults: {len(self)} renditions"]
        for name, result in zip(self.names, self._results, strict=True):
            figure = f", mean {result.mean:.4f}" if result.has_score and len(result) else ""
            lines.append(f" {name}: {len(result)} frames{figure}")
        return "\n".join(lines) + ">"


def _figures(result: ScoreResult, metric: str, prefix: str = "") -> dict[str, float | None]:
    figures = result.figures(metric)
    return {
        f"{prefix}mean": figures.mean,
        f"{prefix}harmonic_mean": figures.harmonic_mean,
        f"{prefix}p5": result.percentile(5, metric) if result.has_frames else None,
        f"{prefix}min": figures.min,
        f"{prefix}max": figures.max,
        f"{prefix}stddev": figures.stddev,
    }
