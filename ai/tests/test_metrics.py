"""Agreement figures and feature tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyvmaf_tiny_ai.metrics import Agreement, agreement, summary
from pyvmaf_tiny_ai.provenance import write_json
from pyvmaf_tiny_ai.table import features_of, read_table, spread

from pyvmaf_tiny import FEATURES


def test_known_values() -> None:
    labels = np.array([10.0, 20.0, 30.0, 40.0])
    found = agreement(labels + np.array([1.0, -1.0, 1.0, -1.0]), labels)
    assert found.rows == 4
    assert found.rmse == 1.0
    assert found.max_error == 1.0
    assert found.srocc == found.krocc == 1.0
    assert found.plcc == pytest.approx(480 / np.sqrt(464 * 500), rel=1e-12)
    assert agreement(-labels, labels).plcc == pytest.approx(-1)


@pytest.mark.parametrize(
    ("scores", "labels"), [([1, 2], [1, 2]), ([1, 2, 3], [5, 5, 5]), ([5, 5, 5], [1, 2, 3])]
)
def test_no_correlation_is_not_a_pass(scores: list[float], labels: list[float]) -> None:
    with pytest.raises(ValueError, match="no correlation"):
        agreement(np.array(scores), np.array(labels))


def table(rows: int) -> pd.DataFrame:
    columns = {name: np.arange(rows) + at / 10 for at, name in enumerate(FEATURES)}
    return pd.DataFrame({"vmaf": np.arange(rows) * 1.0, **columns})


def test_columns_are_taken_by_name(tmp_path: Path) -> None:
    table(3)[["vmaf", *reversed(FEATURES)]].to_parquet(tmp_path / "rows.parquet")
    np.testing.assert_array_equal(
        features_of(read_table(tmp_path / "rows.parquet"))[1], [1.0, 1.1, 1.2, 1.3, 1.4, 1.5]
    )


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (table(3).drop(columns="motion2"), "no column motion2"),
        (table(3).drop(columns="vmaf"), "no column vmaf"),
        (table(0), "no rows"),
        (table(3).assign(adm2=np.nan), "not finite"),
    ],
    ids=["feature", "label", "rows", "nan"],
)
def test_broken_tables(tmp_path: Path, broken: pd.DataFrame, message: str) -> None:
    broken.to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path / "rows.parquet")


def test_spread_reaches_both_ends() -> None:
    assert spread(table(101), 5)["vmaf"].tolist() == [0, 25, 50, 75, 100]
    assert len(spread(table(4), 5)) == 4


def test_reserved_sources_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    rows = table(4).assign(reserved=[False, True, False, True])
    rows.to_parquet(tmp_path / "rows.parquet")
    assert read_table(tmp_path / "rows.parquet")["vmaf"].tolist() == [0, 2]
    assert read_table(tmp_path / "rows.parquet", reserved=True)["vmaf"].tolist() == [1, 3]
    table(4).to_parquet(tmp_path / "none.parquet")
    with pytest.raises(ValueError, match="no column reserved"):
        read_table(tmp_path / "none.parquet", reserved=True)


def test_summary_knows_which_way_is_worse() -> None:
    found = summary(
        [Agreement(3, 0.9, 0.8, 0.7, 1.0, 2.0, 3.0), Agreement(9, 0.7, 0.6, 0.9, 3.0, 1.0, 7.0)]
    )
    assert found["mean"]["plcc"] == pytest.approx(0.8)
    assert found["std"]["rmse"] == pytest.approx(1.0)
    assert found["worst"] == {
        "plcc": 0.7,
        "srocc": 0.6,
        "krocc": 0.7,
        "rmse": 3.0,
        "p999_error": 2.0,
        "max_error": 7.0,
    }


def test_folds_without_a_correlation_count_for_their_errors() -> None:
    constant = agreement(np.full(3, 5.0), np.array([4.0, 5.0, 6.0]), strict=False)
    assert np.isnan([constant.plcc, constant.srocc, constant.krocc]).all()
    assert constant.max_error == 1.0
    found = summary([constant, Agreement(3, 0.9, 0.8, 0.7, 2.0, 2.0, 3.0)])
    assert found["mean"]["plcc"] == found["worst"]["plcc"] == 0.9
    assert found["mean"]["rmse"] == pytest.approx((constant.rmse + 2.0) / 2)
    assert np.isnan(summary([constant])["mean"]["srocc"])


def test_a_figure_that_is_not_defined_is_null(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": [np.nan, 1.0], "b": {"c": float("nan")}})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": [None, 1.0], "b": {"c": None}}
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "b.json", {"a": float("inf")})
