"""Reading feature tables (``runs/full_features_*.parquet``)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pyvmaf_tiny.frames import FEATURES

from .teacher import TEACHER

#: Prefix of the columns with libvmaf's NEG gain limits, and of the scores for them.
NEG = "neg_"

#: Multiples of the golden ratio are spread evenly over 0..1, however many there are.
_GOLDEN = (np.sqrt(5) - 1) / 2


def read_table(path: Path, *, reserved: bool = False, neg: bool = False) -> pd.DataFrame:
    """Read a table's rows, without those of reserved sources (column ``reserved``), or only those.

    No choice may be made on reserved sources: they are scored once, at the end. With ``neg`` the
    NEG features and scores stand in the columns of the default ones.

    Raises FileNotFoundError; ValueError when columns or rows are missing, or values not finite.
    """
    table = pd.read_parquet(path)
    if "reserved" in table.columns:
        table = table[table["reserved"].to_numpy(bool) == reserved].reset_index(drop=True)
    elif reserved:
        raise ValueError(f"{path}: no column reserved, so no reserved sources")
    if neg:
        table = _neg(path, table)
    missing = [name for name in (*FEATURES, "vmaf") if name not in table.columns]
    if missing:
        raise ValueError(f"{path}: no column {', '.join(missing)}; it has {list(table.columns)}")
    if table.empty:
        raise ValueError(f"{path}: no rows")
    if not np.isfinite(table[[*FEATURES, "vmaf"]].to_numpy(np.float64)).all():
        raise ValueError(f"{path}: features or labels that are not finite")
    return table


def _neg(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    names = {name: name.removeprefix(NEG) for name in table.columns if name.startswith(NEG)}
    if not names:
        raise ValueError(f"{path}: no columns {NEG}..., so no NEG features")
    return table.drop(columns=list(names.values()), errors="ignore").rename(columns=names)


def features_of(table: pd.DataFrame) -> NDArray[np.float64]:
    """The feature rows, float64 (N, 6) in the order of ``FEATURES``."""
    return table[list(FEATURES)].to_numpy(np.float64)


def labels_of(table: pd.DataFrame) -> NDArray[np.float64]:
    """The teacher's scores, float64 (N,)."""
    return table["vmaf"].to_numpy(np.float64)


def labelled_by(table: pd.DataFrame) -> str:
    """The teacher that a table names (column ``teacher``); ValueError when there are several."""
    if "teacher" not in table.columns:
        return TEACHER
    names = sorted(str(name) for name in table["teacher"].unique())
    if len(names) > 1:
        raise ValueError(f"labels of several teachers in one table: {', '.join(names)}")
    return names[0]


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table whole or not at all, creating its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    table.to_parquet(part, index=False, compression="zstd")
    part.replace(path)


def spread(table: pd.DataFrame, rows: int) -> pd.DataFrame:
    """``rows`` rows spread evenly over the table (all of them when it has no more)."""
    if rows >= len(table):
        return table
    return table.iloc[np.linspace(0, len(table) - 1, rows).round().astype(int)]


def of_every_clip(table: pd.DataFrame, rows: int) -> pd.DataFrame:
    """``rows`` rows of every distorted clip, in the table's order.

    They are spread over the clip, from another first frame for every one, so that the sample as a
    whole sees all frames.
    """
    kept = []
    for at, (_, clip) in enumerate(table.groupby(["clip", "distortion"], sort=False)):
        frames = (at * _GOLDEN + np.arange(rows) / rows) % 1 * len(clip)
        kept.append(clip.iloc[np.unique(frames.astype(int))])
    return pd.concat(kept).sort_index()
