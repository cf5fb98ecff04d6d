"""The table of several renditions: for people on a terminal, tab-separated elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .pool import pooled_score
from .tables import print_table
from .terminal import is_terminal

if TYPE_CHECKING:
    from pyvmaf_tiny.renditions import ScoreResults

#: The figures of the table where none is asked for, by the name that ``--pool`` has for them.
FIGURES = ("mean", "harmonic_mean", "p5", "min")


def print_ladder(results: ScoreResults, method: str | None) -> None:
    """Print a row per rendition: name, bitrate if any has one, and its figures.

    ``method`` is the one figure to show; None for all of :data:`FIGURES`. Figures of NEG follow
    those of the same name without it.
    """
    rows = [_row(results, position, method) for position in range(len(results))]
    if all(row["kbit/s"] is None for row in rows):
        for row in rows:
            del row["kbit/s"]
    titles = list(rows[0])
    if is_terminal(sys.stdout):
        cells = [["-" if cell is None else cell for cell in row.values()] for row in rows]
        print_table(titles, cells, right=titles[1:])
        return
    for line in (titles, *(row.values() for row in rows)):
        click.echo("\t".join("" if cell is None else _one_cell(cell) for cell in line))


def _row(results: ScoreResults, position: int, method: str | None) -> dict[str, str | None]:
    result = results[position]
    bitrate = result.info.bitrate
    row: dict[str, str | None] = {
        "rendition": results.names[position],
        "kbit/s": None if bitrate is None else f"{bitrate:.1f}",
        **{name: f"{pooled_score(result, name):.6f}" for name in _chosen(method)},
    }
    if result.neg is not None:
        for name in _chosen(method):
            row[f"{name}_neg"] = f"{pooled_score(result.neg, name):.6f}"
    return row


def _chosen(method: str | None) -> tuple[str, ...]:
    return FIGURES if method is None else (method,)


def _one_cell(text: str) -> str:
    """Names of files may hold what separates cells and lines."""
    for character, escape in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(character, escape)
    return text
