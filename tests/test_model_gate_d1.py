"""The shipped distilled models against libvmaf's own scores, on rows of real encodes and far off.

The committed rows are of the training sources: this checks that the files are the models that their
cards describe, not how well they generalise. Held-out figures are in the cards.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from feature_rows import likely_and_wild_rows
from numpy.typing import NDArray
from oracle.libvmaf_model import libvmaf_scores
from scipy.stats import pearsonr, spearmanr

import pyvmaf_tiny
from pyvmaf_tiny import FEATURES
from pyvmaf_tiny.model import Registry, load_model

ROWS = Path(__file__).parent / "data" / "corpus_rows.parquet"
MODELS = [("vmaf_tiny_d1", ""), ("vmaf_tiny_d1neg", "neg_")]


def rows_of(prefix: str) -> tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.float64]]:
    table = pd.read_parquet(ROWS)
    table = table[~table["reserved"]]
    features = table[[prefix + name for name in FEATURES]].to_numpy()
    return table, features, table[f"{prefix}vmaf"].to_numpy()


@pytest.mark.parametrize(("model_id", "prefix"), MODELS)
def test_agrees_with_the_teacher(model_id: str, prefix: str) -> None:
    table, features, labels = rows_of(prefix)
    scores = load_model(model_id).predict(features)
    errors = scores - labels
    assert len(labels) == 1512
    assert np.sqrt(np.mean(errors**2)) < 0.002
    assert np.abs(errors).max() < 0.03
    assert 1 - pearsonr(scores, labels).statistic < 1e-8
    assert 1 - spearmanr(scores, labels).statistic < 1e-6
    for source, of_it in table.assign(error=errors).groupby("source")["error"]:
        assert np.sqrt(np.mean(of_it**2)) < 0.01, source
        assert abs(of_it.mean()) < 0.005, source


@pytest.mark.parametrize(("model_id", "prefix"), MODELS)
def test_what_the_teacher_clips_is_clipped(model_id: str, prefix: str) -> None:
    _, features, labels = rows_of(prefix)
    scores = load_model(model_id).predict(features)
    assert (labels == 100).any()
    assert scores[labels == 100].min() > 99.97
    assert 0 <= scores.min() <= scores.max() <= 100


@pytest.mark.parametrize("model_id", [model_id for model_id, _ in MODELS])
def test_sidecar_figures_are_those_of_the_file(model_id: str) -> None:
    registry = Registry.load()
    entry = registry.entry(model_id)
    claimed = registry.sidecar(entry)["train_metrics"]
    _, features, labels = rows_of("neg_" if "neg" in model_id else "")
    errors = load_model(model_id).predict(features) - labels
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(claimed["rmse"], rel=0.5)
    assert np.abs(errors).max() <= claimed["max_error"] + 1e-4
    assert len(registry.read(entry)) <= 1500


@pytest.mark.parametrize("model_id", [model_id for model_id, _ in MODELS])
def test_rows_that_no_encode_gave(model_id: str) -> None:
    """It was fitted around its rows, too: the teacher is followed where no encode goes."""
    rows = likely_and_wild_rows()[:-22]
    rows[:, 5] = np.minimum(rows[:, 5], 30)
    errors = load_model(model_id).predict(rows) - libvmaf_scores(rows)
    assert np.abs(errors).max() < 1.0
    assert np.sqrt(np.mean(errors**2)) < 0.1


@pytest.mark.parametrize("neg", [False, True], ids=["default", "neg"])
def test_frames_far_from_any_encode(neg: bool) -> None:
    """Identical, black, noise: what a user may feed, and libvmaf's answer to it."""
    rng = np.random.default_rng(0)
    noise, other = rng.integers(0, 256, (2, 3, 96, 96)).astype(np.uint8)
    black, white = np.zeros_like(noise), np.full_like(noise, 255)
    for ref, dis in ((black, black), (white, white), (noise, noise), (noise, other),
                     (noise, black), (black, noise), (black, white), (noise, ~noise)):  # fmt: skip
        result = pyvmaf_tiny.score(ref, dis, neg=neg)
        expected = libvmaf_scores(result.features, "vmaf_v0.6.1neg" if neg else "vmaf_v0.6.1")
        np.testing.assert_allclose(result.scores, expected, rtol=0, atol=0.5)
