"""Distillation: made rows, labels, determinism, and what a student of few rows can do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from oracle.fetch_libvmaf import LIBRARY
from oracle.libvmaf_model import libvmaf_scores
from pyvmaf_tiny_ai import checkpoint, distill
from pyvmaf_tiny_ai.architectures import ARCHITECTURES
from pyvmaf_tiny_ai.augment import SHARES, Maker, augment, weights
from pyvmaf_tiny_ai.distill import D1, distill_many
from pyvmaf_tiny_ai.table import features_of, labels_of, read_table
from pyvmaf_tiny_ai.teacher import Teacher

from pyvmaf_tiny.model.svr import embedded_models

Floats = NDArray[np.float64]

ROWS = Path(__file__).resolve().parents[2] / "tests" / "data" / "corpus_rows.parquet"
QUICK = replace(
    D1,
    architecture=ARCHITECTURES["silu_129"],
    real_rows=600,
    made_rows=1400,
    stages=((2, 30), (1, 60)),
)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    path = tmp_path_factory.mktemp("teacher") / "vmaf_v0.6.1.json"
    path.write_bytes(embedded_models(LIBRARY)["vmaf_v0.6.1"])
    return Teacher.from_json(path)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return read_table(ROWS)


@pytest.mark.parametrize("maker", SHARES, ids=lambda maker: maker.__name__)
def test_makers_see_their_rows_alone(maker: Maker, table: pd.DataFrame) -> None:
    """A fold's made rows come from its training rows and the generator, and from nothing else."""
    rows = np.ascontiguousarray(features_of(table[table["source"] != "facade"]))
    made = maker(np.random.default_rng(0), rows, 500)
    assert made.shape == (500, 6)
    assert np.isfinite(made).all()
    np.testing.assert_array_equal(made, maker(np.random.default_rng(0), rows.copy(), 500))
    # Rows of one source that are all alike leave nothing else to mix in.
    alike = np.full((40, 6), 0.5)
    same = maker(np.random.default_rng(0), alike, 50)
    if maker.__name__ in ("mixes", "blends", "shifts"):
        np.testing.assert_allclose(same, 0.5, atol=1e-12)


def test_made_rows_cover_what_encodes_rarely_show(table: pd.DataFrame) -> None:
    rows = features_of(table)
    made = augment(np.random.default_rng(0), rows, 5000)
    assert made.shape == (5000, 6)
    assert made.min() >= 0.0
    assert (made[:, 5] == 0.0).mean() > (rows[:, 5] == 0.0).mean() / 2
    assert (made[:, 5] > 30).mean() > 3 * (rows[:, 5] > 30).mean()
    assert len(np.unique(made, axis=0)) > 4900


def test_flashes_count_little(table: pd.DataFrame) -> None:
    rows = features_of(table)
    made = augment(np.random.default_rng(0), rows, 5000)
    flashes = made[:, 5] > 55
    assert 0.02 < flashes.mean() < 0.15
    assert set(weights(made)[flashes]) == {0.03}
    assert set(weights(made)[~flashes]) == set(weights(rows)) == {1.0}


def test_labels_of_made_rows_are_libvmafs(teacher: Teacher, table: pd.DataFrame) -> None:
    made = augment(np.random.default_rng(0), features_of(table), 300)
    np.testing.assert_allclose(teacher.score(made), libvmaf_scores(made), rtol=0, atol=1e-10)
    raw = teacher.raw(made)
    assert (raw > 100).any()
    assert (raw < 0).any()


@pytest.mark.parametrize("neg", [False, True], ids=["default", "neg"])
def test_labels_of_real_rows_are_the_tables(teacher: Teacher, neg: bool) -> None:
    table = read_table(ROWS, neg=neg)
    np.testing.assert_allclose(
        teacher.raw(features_of(table)), table["vmaf_raw"], rtol=0, atol=1e-10
    )


def test_held_out_rows_change_nothing(teacher: Teacher, table: pd.DataFrame) -> None:
    """Other values in the rows that a fold leaves out give the very same student."""
    features, kept = features_of(table), np.flatnonzero(table["source"] != "bikes")
    spoilt = np.full_like(features, 7.0)
    spoilt[kept] = features[kept]
    recipe = replace(QUICK, real_rows=200, made_rows=300, stages=((1, 5),))
    students = [
        distill_many(given, [kept], [5], teacher, recipe)[0] for given in (features, spoilt)
    ]
    for one, other in zip(*(student.weights for student in students), strict=True):
        np.testing.assert_array_equal(one, other)


def test_seeds_decide(teacher: Teacher, table: pd.DataFrame) -> None:
    recipe = replace(QUICK, real_rows=200, made_rows=300, stages=((1, 5),))
    features, every = features_of(table), np.arange(len(table))
    first, again, other = distill_many(features, [every] * 3, [1, 1, 2], teacher, recipe)
    (column_by_column,) = distill_many(np.asfortranarray(features), [every], [1], teacher, recipe)
    assert all((a == b).all() for a, b in zip(first.weights, column_by_column.weights, strict=True))
    assert all((a == b).all() for a, b in zip(first.weights, again.weights, strict=True))
    assert not all((a == b).all() for a, b in zip(first.weights, other.weights, strict=True))


def test_a_small_student_of_few_rows_on_sources_it_has_not_seen(
    teacher: Teacher, table: pd.DataFrame
) -> None:
    """Two orders better than Adam's recipes, in a second."""
    held_out = table["source"].isin(sorted(table["source"].unique())[::5]).to_numpy()
    features, labels = features_of(table), labels_of(table)
    found = distill.distill(features[~held_out], teacher, QUICK)
    assert found.student.scaler is None
    assert found.student.parameters == 129
    first, last = found.stage_rmse
    assert len(first) == 2
    assert last == (found.train_rmse,)
    assert last[0] < first[0] < first[1]
    errors = found.student.predict(features[held_out]) - labels[held_out]
    assert np.sqrt(np.mean(errors**2)) < 0.03
    assert np.abs(errors).max() < 0.3


def test_folding_the_scaler_costs_nothing(teacher: Teacher, table: pd.DataFrame) -> None:
    """The student on features as they are is the network on standardised ones, in float32."""
    features = features_of(table)
    recipe = replace(QUICK, made_rows=0, real_rows=len(features), stages=((1, 30),))
    found = distill.distill(features, teacher, replace(recipe, pull=1.0))
    raw = teacher.raw(features)
    inside = (raw >= 0) & (raw <= 100)  # with a pull of 1 nothing else differs from the difference
    errors = found.student.raw(features) - raw
    assert np.sqrt(np.mean(errors[inside] ** 2)) == pytest.approx(found.train_rmse, rel=0.2)


def test_another_activation_is_refused() -> None:
    with pytest.raises(ValueError, match="silu"):
        replace(D1, architecture=ARCHITECTURES["mlp_small"])
    with pytest.raises(ValueError, match="0 real"):
        replace(D1, real_rows=0)


@pytest.mark.parametrize("stages", [(), ((2, 5),), ((1, 5), (2, 5), (1, 5))], ids=str)
def test_stages_end_with_one(stages: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match="down to 1"):
        replace(D1, stages=stages)


def test_checkpoints_keep_every_bit(teacher: Teacher, table: pd.DataFrame, tmp_path: Path) -> None:
    recipe = replace(QUICK, real_rows=50, made_rows=50, stages=((1, 2),))
    student = distill.distill(features_of(table), teacher, recipe).student
    checkpoint.save(tmp_path / "c", student, recipe, {"neg": False})
    loaded, again, stats = checkpoint.load(tmp_path / "c")
    assert (again, stats) == (recipe, {"neg": False})
    for one, other in zip(
        (*student.weights, *student.biases), (*loaded.weights, *loaded.biases), strict=True
    ):
        assert other.dtype == np.float32
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x80", '{"weights": 1}'])
def test_what_is_no_checkpoint_says_so(text: str, tmp_path: Path) -> None:
    (tmp_path / "c").write_text(text)
    with pytest.raises(ValueError, match="not a checkpoint"):
        checkpoint.load(tmp_path / "c")


def test_a_checkpoint_of_another_network_is_refused(
    teacher: Teacher, table: pd.DataFrame, tmp_path: Path
) -> None:
    recipe = replace(QUICK, real_rows=50, made_rows=50, stages=((1, 2),))
    student = distill.distill(features_of(table), teacher, recipe).student
    checkpoint.save(tmp_path / "c", student, recipe, {})
    changed = json.loads((tmp_path / "c").read_text())
    changed["recipe"]["architecture"]["layers"] = [6, 8, 1]
    (tmp_path / "c").write_text(json.dumps(changed))
    with pytest.raises(ValueError, match="the recipe says"):
        checkpoint.load(tmp_path / "c")
