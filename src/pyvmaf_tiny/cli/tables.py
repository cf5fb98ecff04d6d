"""Tables for people and JSON for programs, on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from .terminal import is_terminal

_PIPE_WIDTH = 160


def print_json(value: Any) -> None:
    """Print a value as JSON, indented."""
    click.echo(json.dumps(value, indent=2, allow_nan=False))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()
) -> None:
    """Print a table; the columns named in ``right`` hold numbers."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    # A pipe has no width; rich would fold at 80 columns.
    Console(width=None if is_terminal(sys.stdout) else _PIPE_WIDTH).print(table)


def print_facts(facts: Mapping[str, Any], *, indent: int = 0) -> None:
    """Print nested mappings, one fact a line."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            click.echo(f"{' ' * indent}{key}:")
            print_facts(value, indent=indent + 2)
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            click.echo(f"{' ' * indent}{key}: {text}")
