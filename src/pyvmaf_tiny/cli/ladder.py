"""The table of several renditions: for people on a terminal, tab-separated elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pyvmaf_tiny.pooling import SCORE, TEACHER

from .pool import pooled_score
from .tables import fits, print_table
from .terminal import is_terminal

if TYPE_CHECKING:
    from pyvmaf_tiny.renditions import ScoreResults
    from pyvmaf_tiny.results import ScoreResult

#: The figures of the table where none is asked for, by the name that ``--pool`` has for them.
FIGURES = ("mean", "harmonic_mean", "p5", "min")

#: Column -> cell; None for a figure that does not exist.
_Row = dict[str, str | None]


def print_ladder(results: ScoreResults, method: str | None) -> None:
    """Print a row per rendition: name, bitrate if any has one, and its figures.

    ``method`` is the one figure to show; None for all of :data:`FIGURES`. Figures of NEG, and then
    of the teacher, follow those of the same name.
    """
    methods = FIGURES if method is None else (method,)
    if is_terminal(sys.stdout):
        _print_for_people(results, methods)
        return
    rows = _rows(results, results.names, methods, decimals=6)
    for line in (rows[0], *(row.values() for row in rows)):
        click.echo("\t".join("" if cell is None else _one_cell(cell) for cell in line))


def _print_for_people(results: ScoreResults, methods: tuple[str, ...]) -> None:
    """As wide as the terminal: if need be in shorter names and figures, or in several tables."""
    from pyvmaf_tiny.rendition_names import unique_names

    names = unique_names([Path(name).name for name in results.names])
    for shown, decimals in ((results.names, 6), (names, 6), (names, 2)):
        rows = _rows(results, shown, methods, decimals=decimals)
        if fits(*_table(rows)):
            _print_rows(rows)
            return
    for kind, _, _ in _kinds(results[0]):
        _print_rows(_rows(results, names, methods, decimals=2, only=kind))


def _print_rows(rows: list[_Row]) -> None:
    """Print rows that are alike as a table; what follows the first column are numbers."""
    columns, cells = _table(rows)
    print_table(columns, cells, right=columns[1:])


def _table(rows: list[_Row]) -> tuple[list[str], list[list[str]]]:
    return list(rows[0]), [["-" if cell is None else cell for cell in row.values()] for row in rows]


def _rows(
    results: ScoreResults,
    names: tuple[str, ...],
    methods: tuple[str, ...],
    *,
    decimals: int,
    only: str | None = None,
) -> list[_Row]:
    """A row per rendition; ``only`` one kind of scores, by the end of its columns' names."""
    with_bitrate = any(result.info.bitrate is not None for result in results)
    rows = []
    for name, result in zip(names, results, strict=True):
        row: _Row = {"rendition": name}
        if with_bitrate:
            bitrate = result.info.bitrate
            row["kbit/s"] = None if bitrate is None else f"{bitrate:.1f}"
        for kind, scored, metric in _kinds(result):
            if only is None or kind == only:
                for method in methods:
                    row[method + kind] = f"{pooled_score(scored, method, metric):.{decimals}f}"
        rows.append(row)
    return rows


def _kinds(result: ScoreResult) -> Iterator[tuple[str, ScoreResult, str]]:
    """What was scored: the end of its columns' names, whose scores they are, and which metric."""
    yield "", result, SCORE
    if result.neg is not None:
        yield "_neg", result.neg, SCORE
    if TEACHER in result.metrics:
        yield "_teacher", result, TEACHER


def _one_cell(text: str) -> str:
    """Names of files may hold what separates cells and lines."""
    for character, escape in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(character, escape)
    return text
