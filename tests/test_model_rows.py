"""Feature rows that are no feature rows: one typed error from every model, never a score."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from pyvmaf_tiny.errors import OptionError
from pyvmaf_tiny.model import Model, Registry, load_model

ROW = [1.0, 1.0, 1.0, 1.0, 1.0, 4.0]


@pytest.fixture(scope="module", params=Registry.load().ids)
def model(request: pytest.FixtureRequest) -> Model:
    return load_model(request.param)


@pytest.mark.parametrize("column", range(6))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39, -1e38, 1e10])
def test_values_that_no_feature_has(model: Model, column: int, value: float) -> None:
    row = list(ROW)
    row[column] = value
    with pytest.raises(OptionError, match=r"in row 1, expected finite values"):
        model.predict(np.array([ROW, row]))
    spellings: tuple[Any, ...] = (row, tuple(row), np.array(row))
    for one in spellings:
        with pytest.raises(OptionError, match=r"in row 0, expected finite values"):
            model.predict_one(one)


def test_values_that_cancel_in_a_sum(model: Model) -> None:
    with pytest.raises(OptionError, match="adm2"):
        model.predict_one([1e39, -1e39, 1.0, 1.0, 1.0, 1.0])


def test_every_value_that_is_taken_has_a_score(model: Model) -> None:
    rng = np.random.default_rng(0)
    rows = rng.choice([-1e9, -1.0, 0.0, 1e-30, 1.0, 300.0, 1e9], (500, 6))
    scores = model.predict(rows)
    assert ((scores >= 0.0) & (scores <= 100.0)).all()
    # 1e9 six times over is more than 1e9 in the quick test of a single row, and still taken.
    assert all(0.0 <= model.predict_one(row) <= 100.0 for row in rows.tolist())


@pytest.mark.parametrize(
    "features",
    [
        pytest.param(["a"] * 6, id="text"),
        pytest.param(["1"] * 6, id="text of numbers"),
        pytest.param([None] * 6, id="None"),
        pytest.param([1.0, [2.0, 3.0], 1.0, 1.0, 1.0, 1.0], id="ragged"),
        pytest.param([1j] * 6, id="complex"),
        pytest.param(np.ones(6, complex), id="complex array"),
        pytest.param(np.array([*ROW[:5], None], object), id="objects"),
        pytest.param(np.ones(6, "M8[s]"), id="times"),
        pytest.param([np.ones(6)] * 6, id="rows in a row"),
        pytest.param(np.ones((6, 1)), id="column"),
        pytest.param([10**400] * 6, id="beyond a double"),
        pytest.param(7, id="a number"),
        pytest.param(None, id="nothing"),
    ],
)
def test_what_is_no_row_of_numbers(model: Model, features: Any) -> None:
    rows: Any = [features]
    beside: Any = [features, ROW]
    with pytest.raises(OptionError, match="feature rows"):
        model.predict_one(features)
    with pytest.raises(OptionError, match="feature rows"):
        model.predict(rows)
    with pytest.raises(OptionError, match="feature rows"):
        model.predict(beside)


def test_masked_values(model: Model) -> None:
    rows = np.ma.masked_array(np.array([ROW, ROW]), mask=False)
    assert model.predict(rows).tolist() == model.predict(rows.data).tolist()
    rows[1, 2] = np.ma.masked
    with pytest.raises(OptionError, match="masked values: given 1 of them"):
        model.predict(rows)
    with pytest.raises(OptionError, match="masked"):
        model.predict_one(rows[1])


def test_other_kinds_of_numbers(model: Model) -> None:
    expected = model.predict_one(ROW)
    kinds: tuple[Any, ...] = (np.float16, np.float64, np.longdouble, np.int8, np.uint64)
    for kind in kinds:
        assert model.predict_one(np.array(ROW, kind)) == expected
        assert model.predict(np.array([ROW], kind)).tolist() == [expected]
    assert model.predict_one([int(value) for value in ROW]) == expected
    assert model.predict_one([True] * 6) == model.predict_one([1] * 6)


def test_after_a_refusal_the_next_row_is_scored(model: Model) -> None:
    expected = model.predict_one(ROW)
    with pytest.raises(OptionError) as refusal:
        model.predict_one([np.nan] * 6)
    assert model.predict_one(ROW) == expected
    assert str(pickle.loads(pickle.dumps(refusal.value))) == str(refusal.value)


def test_row_by_row_and_all_at_once(model: Model) -> None:
    rows = np.random.default_rng(2).uniform(0.0, 1.1, (500, 6)) * [1, 1, 1, 1, 1, 20]
    one_by_one = [model.predict_one(row) for row in rows]
    # The int8 one alone differs, in the last digits of float32 (its card says so).
    largest = 1e-4 if model.id == "vmaf_tiny_v3.int8" else 0.0
    np.testing.assert_allclose(one_by_one, model.predict(rows), rtol=0, atol=largest)
