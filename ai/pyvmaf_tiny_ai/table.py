"""Reading feature tables (``runs/full_features_*.parquet``)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pyvmaf_tiny.frames import FEATURES


def read_table(path: Path, *, reserved: bool = False) -> pd.DataFrame:
    """Read a table's rows, without those of reserved sources (column ``reserved``), or only those.

    No choice may be made on reserved sources: they are scored once, at the end.

    Raises FileNotFoundError; ValueError when columns or rows are missing, or values not finite.
    """
    table = pd.read_parquet(path)
    if "reserved" in table.columns:
        table = table[table["reserved"].to_numpy(bool) == reserved].reset_index(drop=True)
    elif reserved:
        raise ValueError(f"{path}: no column reserved, so no reserved sources")
    missing = [name for name in (*FEATURES, "vmaf") if name not in table.columns]
    if missing:
        raise ValueError(f"{path}: no column {', '.join(missing)}; it has {list(table.columns)}")
    if table.empty:
        raise ValueError(f"{path}: no rows")
    if not np.isfinite(table[[*FEATURES, "vmaf"]].to_numpy(np.float64)).all():
        raise ValueError(f"{path}: features or labels that are not finite")
    return table


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table whole or not at all, creating its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    table.to_parquet(part, index=False, compression="zstd")
    part.replace(path)


def features_of(table: pd.DataFrame, *, neg: bool = False) -> NDArray[np.float64]:
    """The feature rows, float64 (N, 6) in the order of ``FEATURES``; ``neg``: the NEG ones."""
    prefix = "neg_" if neg else ""
    return table[[prefix + name for name in FEATURES]].to_numpy(np.float64)


def labels_of(
    table: pd.DataFrame, *, neg: bool = False, clipped: bool = True
) -> NDArray[np.float64]:
    """The teacher's scores, float64 (N,), as libvmaf gives them or before the clip to 0..100."""
    column = ("neg_" if neg else "") + ("vmaf" if clipped else "vmaf_raw")
    return table[column].to_numpy(np.float64)


def spread(table: pd.DataFrame, rows: int) -> pd.DataFrame:
    """``rows`` rows spread evenly over the table (all of them when it has no more)."""
    if rows >= len(table):
        return table
    return table.iloc[np.linspace(0, len(table) - 1, rows).round().astype(int)]
