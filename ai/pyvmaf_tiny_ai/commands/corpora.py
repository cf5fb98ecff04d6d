"""Tables of the corpora that their owners hand out, and their union."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pyvmaf_tiny_ai.datasets import LOADERS
from pyvmaf_tiny_ai.extraction import union

from .common import load_corpus, parser, run


def extract(documentation: str | None) -> int:
    """Write one corpus's table."""
    return run(lambda: _extract(documentation))


def merge(documentation: str | None) -> int:
    """Write the union of tables."""
    return run(lambda: _merge(documentation))


def _extract(documentation: str | None) -> int:
    options = parser(documentation)
    options.add_argument("--corpus", choices=LOADERS, required=True)
    options.add_argument("--data-root", type=Path, required=True, help="the corpus's folder")
    options.add_argument("--teacher", type=Path, help="vmaf_v0.6.1.json (default: fetched)")
    options.add_argument("--out", type=Path, required=True, help="table to write, .parquet")
    arguments = options.parse_args()
    _write(load_corpus(arguments.corpus, arguments.data_root, arguments.teacher), arguments.out)
    return 0


def _merge(documentation: str | None) -> int:
    options = parser(documentation)
    options.add_argument("tables", type=Path, nargs="+", help="tables to join, .parquet")
    options.add_argument("--out", type=Path, required=True, help="table to write, .parquet")
    arguments = options.parse_args()
    _write(union([pd.read_parquet(path) for path in arguments.tables]), arguments.out)
    return 0


def _write(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(path, index=False)
    print(f"{path}: {len(table)} rows, {table['source'].nunique()} sources")
