"""Splits by source. Frames and clips of one source never stand on both sides of one.

Neighbouring frames are nearly the same row: a split that mixes them measures memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class SplitError(ValueError):
    """The table cannot be split as asked, or the split would leak."""


@dataclass(frozen=True)
class Fold:
    """One split of a table: row numbers to train on and to measure on. ``name`` is for tables."""

    name: str
    train: NDArray[np.intp]
    test: NDArray[np.intp]


def hold_out(table: pd.DataFrame, sources: Iterable[str], name: str | None = None) -> Fold:
    """Hold out all rows of ``sources``; SplitError: no such source, or nothing left to train on."""
    known, wanted = _sources(table), list(sources)
    for source in wanted:
        if source not in known:
            raise SplitError(f"no source {source!r}, the table has {', '.join(known)}")
    out = table["source"].isin(wanted).to_numpy()
    fold = Fold(name or "+".join(wanted), np.flatnonzero(~out), np.flatnonzero(out))
    return check(table, fold)


def leave_one_source_out(table: pd.DataFrame) -> list[Fold]:
    """One fold per source, in the order of their names; SplitError below two sources."""
    return [hold_out(table, [source]) for source in _sources(table)]


def k_folds(table: pd.DataFrame, folds: int, seed: int = 0) -> list[Fold]:
    """Deal the sources out to ``folds`` groups, shuffled by ``seed``; each is held out once.

    SplitError when there are fewer sources than folds.
    """
    sources = _sources(table)
    if not 2 <= folds <= len(sources):
        raise SplitError(f"{folds} folds of {len(sources)} sources: expected 2 to {len(sources)}")
    shuffled = np.random.default_rng(seed).permutation(sources)
    return [
        hold_out(table, sorted(shuffled[part::folds].tolist()), f"fold {part + 1}")
        for part in range(folds)
    ]


def check(table: pd.DataFrame, fold: Fold) -> Fold:
    """Return the fold; SplitError when it leaks: a source on both sides, or an empty side.

    A split by frame or by clip ends here.
    """
    sources = table["source"].to_numpy()
    shared = sorted(set(sources[fold.train]) & set(sources[fold.test]))
    if shared:
        raise SplitError(
            f"{fold.name}: frames of {', '.join(shared)} are on both sides of the split; "
            "split by source, not by frame or clip"
        )
    if len(fold.train) == 0 or len(fold.test) == 0:
        raise SplitError(
            f"{fold.name}: {len(fold.train)} rows to train on, {len(fold.test)} to measure on"
        )
    return fold


def _sources(table: pd.DataFrame) -> list[str]:
    if "source" not in table.columns:
        raise SplitError(
            f"the table has no column source ({', '.join(table.columns)}): rows without one "
            "could only be split at random, frame by frame, and that measures memory"
        )
    return sorted(table["source"].unique().tolist())
