"""Pooled figures as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pyvmaf_tiny.pooling import SCORE

from .chart import clipped
from .comparison import Curve, column_titles, figure_cells

if TYPE_CHECKING:
    from rich.table import Table

    from pyvmaf_tiny.results import ScoreResult

#: The figures of a curve that fit a terminal of 80 columns beside its facts.
_SHOWN = ("mean", "harmonic", "min", "p1", "p5", "p50", "max")

#: Characters of a label.
_LABEL = 24


def metrics_table(result: ScoreResult, *, title: str | None = None) -> Table:
    """One row per metric of a result, the score first.

    Raises :class:`EmptyInputError` when the result has no frames.
    """
    metrics = sorted(result.metrics, key=lambda metric: metric != SCORE)
    rows = [(metric, figure_cells(result, metric)) for metric in metrics]
    return _table(title, "metric", rows)


def curves_table(
    curves: Sequence[Curve], *, metric: str = SCORE, title: str | None = None
) -> Table:
    """One row per curve: what is known of it, the figures of one metric, and the speed.

    A dash stands for percentiles of frames that were not kept. Raises as
    :meth:`ScoreResult.figures` does.
    """
    rows = []
    facts = dict.fromkeys(column_titles([curve.columns for curve in curves]), "")
    for curve in curves:
        figures = figure_cells(curve.result, metric)
        fps = curve.result.info.fps
        counts = {"frames": f"{len(curve.result):,}", "fps": "–" if fps is None else f"{fps:.1f}"}
        shown = {name: figures.get(name, "–") for name in _SHOWN}
        rows.append((curve.label, facts | curve.columns | shown | counts))
    return _table(title, metric, rows)


def _table(title: str | None, first: str, rows: Sequence[tuple[str, Mapping[str, str]]]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    titles = column_titles([cells for _, cells in rows])
    # Text, not str: a label in square brackets is not markup.
    heading = None if title is None else Text(title)
    table = Table(title=heading, box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column(Text(first), style="bold", no_wrap=True)
    for name in titles:
        strong = "bold" if name == "mean" else None
        table.add_column(Text(name), justify="right", no_wrap=True, style=strong)
    for name, cells in rows:
        table.add_row(
            Text(clipped(name, _LABEL)), *(Text(cells.get(title, "")) for title in titles)
        )
    return table
