"""Tables for people and JSON for programs, on stdout."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .terminal import is_terminal

if TYPE_CHECKING:
    from rich.table import Table

_PIPE_WIDTH = 160

#: Columns that a text keeps however narrow the terminal is.
_LEAST_TEXT = 10


def print_json(value: Any) -> None:
    """Print a value as JSON, indented."""
    click.echo(json.dumps(value, indent=2, allow_nan=False))


def fits(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table has room on the terminal, every cell and every title on one line."""
    return _natural_width(_build(columns, rows)) <= _width()


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()
) -> None:
    """Print a table; the columns named in ``right`` hold numbers.

    Where it is too wide, titles of numbers and then text go on in a further line, numbers never.
    """
    from rich.console import Console

    cells = list(rows)
    narrow = not fits(columns, cells)
    table = _build(columns, cells, right=right, narrow=narrow)
    width = _width()
    if narrow:
        texts = [at for at, column in enumerate(columns) if column not in right]
        longest = (max(len(row[at]) for row in (columns, *cells)) for at in texts)
        spare = sum(max(0, length - _LEAST_TEXT) for length in longest)
        width = max(width, _natural_width(table) - spare)
    Console(width=width).print(table)


def _build(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Sequence[str] = (),
    narrow: bool = False,
) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        number = column in right
        title = re.sub(r" |(?<=_)", "\n", column) if number and narrow else column
        table.add_column(
            title, justify="right" if number else "left", overflow="fold", no_wrap=number
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _natural_width(table: Table) -> int:
    from rich.console import Console

    return Console(width=100_000).measure(table).maximum


def _width() -> int:
    """Columns for a table; a pipe has no width, and rich would fold at 80."""
    from rich.console import Console

    return Console().width if is_terminal(sys.stdout) else _PIPE_WIDTH


def print_facts(facts: Mapping[str, Any], *, indent: int = 0) -> None:
    """Print nested mappings, one fact a line."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            click.echo(f"{' ' * indent}{key}:")
            print_facts(value, indent=indent + 2)
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            click.echo(f"{' ' * indent}{key}: {text}")
