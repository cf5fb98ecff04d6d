"""Mean opinion scores of clips, from a CSV or from a data set file of libvmaf."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

#: Column names that hold the score, in a CSV.
_SCORES = ("mos", "dmos")


def read_mos(path: Path, low: float = 0.0, high: float = 100.0) -> dict[str, float]:
    """Read scores by the distorted file's stem, scaled from ``low``..``high`` to 0..100.

    A ``.csv`` has a header, the clip in its first column and a column mos or dmos. A ``.py`` is a
    data set file of libvmaf (such as NFLX_dataset_public.py); it is parsed, never run.

    ValueError when there is no score, one twice, or one outside the range.
    """
    rows = _python_rows(path) if path.suffix == ".py" else _csv_rows(path)
    scores: dict[str, float] = {}
    for name, score in rows:
        stem = Path(name).stem
        if stem in scores:
            raise ValueError(f"{path}: two scores of {stem}")
        if not low <= score <= high:
            raise ValueError(f"{path}: {stem} has {score}, expected {low} to {high}")
        scores[stem] = 100.0 * (score - low) / (high - low)
    if not scores:
        raise ValueError(f"{path}: no scores in it")
    return scores


def _csv_rows(path: Path) -> list[tuple[str, float]]:
    with path.open(newline="") as file:
        table = csv.DictReader(file)
        names = table.fieldnames or []
        column = next((name for name in names if name.lower() in _SCORES), None)
        if column is None:
            raise ValueError(f"{path}: columns {list(names)}, expected one of {_SCORES}")
        return [(row[names[0]], float(row[column])) for row in table]


def _python_rows(path: Path) -> list[tuple[str, float]]:
    """Find the dictionaries with "dmos" and "path"; a path is an expression that ends in a text."""
    rows = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Dict):
            entry = {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            if {"dmos", "path"} <= entry.keys():
                where = entry["path"]
                where = where.right if isinstance(where, ast.BinOp) else where
                rows.append((str(ast.literal_eval(where)), float(ast.literal_eval(entry["dmos"]))))
    return rows
