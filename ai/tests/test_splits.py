"""Splits by source: nothing leaks, and what would leak is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pyvmaf_tiny_ai.evaluation import cross_validate
from pyvmaf_tiny_ai.splits import Fold, SplitError, check, hold_out, k_folds, leave_one_source_out

from pyvmaf_tiny import FEATURES


def table(sources: str) -> pd.DataFrame:
    """Ten frames of two clips for each letter."""
    rows = [(source, f"{source}{frame // 5}", frame) for source in sources for frame in range(10)]
    made = pd.DataFrame(rows, columns=["source", "clip", "frame"])
    draw = np.random.default_rng(0)
    for name in FEATURES:
        made[name] = draw.uniform(0, 1, len(made))
    return made.assign(vmaf=draw.uniform(0, 100, len(made)))


def test_each_source_is_held_out_once() -> None:
    rows = table("cab")
    folds = leave_one_source_out(rows)
    assert [fold.name for fold in folds] == ["a", "b", "c"]
    for fold in folds:
        assert set(rows["source"].iloc[fold.test]) == {fold.name}
        assert fold.name not in set(rows["source"].iloc[fold.train])
        assert len(fold.train) + len(fold.test) == len(rows)


@pytest.mark.parametrize("folds", [2, 3, 7])
def test_k_folds_deal_out_every_source(folds: int) -> None:
    rows = table("abcdefg")
    held_out = [set(rows["source"].iloc[fold.test]) for fold in k_folds(rows, folds)]
    assert sorted(source for sources in held_out for source in sources) == list("abcdefg")
    assert max(map(len, held_out)) - min(map(len, held_out)) <= 1
    assert k_folds(rows, folds)[0].test.tolist() == k_folds(rows, folds)[0].test.tolist()


@pytest.mark.parametrize("folds", [0, 1, 8])
def test_impossible_numbers_of_folds(folds: int) -> None:
    with pytest.raises(SplitError, match="7 sources"):
        k_folds(table("abcdefg"), folds)


def test_a_split_by_frame_is_refused() -> None:
    rows = table("ab")
    mixed = np.random.default_rng(0).permutation(len(rows))
    with pytest.raises(SplitError, match="both sides"):
        check(rows, Fold("random", mixed[:15], mixed[15:]))


def test_a_split_by_clip_is_refused() -> None:
    rows = table("ab")
    out = (rows["clip"] == "a1").to_numpy()
    leaky = Fold("a1", np.flatnonzero(~out), np.flatnonzero(out))
    with pytest.raises(SplitError, match="frames of a are on both sides"):
        check(rows, leaky)
    with pytest.raises(SplitError, match="both sides"):
        cross_validate(rows, [leaky], [0], lambda *_: pytest.fail("it was trained"))


def test_rows_without_a_source_cannot_be_split() -> None:
    with pytest.raises(SplitError, match="no column source"):
        leave_one_source_out(table("ab").drop(columns="source"))


@pytest.mark.parametrize(("sources", "held"), [("ab", "c"), ("a", "a")])
def test_nothing_to_hold_out_or_to_train_on(sources: str, held: str) -> None:
    with pytest.raises(SplitError):
        hold_out(table(sources), [held])
