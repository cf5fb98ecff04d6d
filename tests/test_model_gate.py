"""The shipped vmaf_tiny_v2 against the exact teacher, on committed rows of real encodes.

The rows (features by the native engine, labels by vmaf_v0.6.1 in float64) are spread over the
training corpus: this checks that the file is the model that its card describes, not how well it
generalises. Held-out figures are in docs/models/vmaf_tiny_v2.md.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracle.libvmaf_model import libvmaf_scores
from scipy.stats import pearsonr, spearmanr

import pyvmaf_tiny
from pyvmaf_tiny import FEATURES
from pyvmaf_tiny.model import Model, Registry, load_model

ROWS = Path(__file__).parent / "data" / "v2_gate_rows.parquet"


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("vmaf_tiny_v2")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_parquet(ROWS)


def test_labels_are_what_libvmaf_itself_gives(table: pd.DataFrame) -> None:
    scores = libvmaf_scores(table[list(FEATURES)].to_numpy())
    np.testing.assert_allclose(table["vmaf"].to_numpy(), scores, rtol=0, atol=1e-10)


def test_agrees_with_the_teacher(model: Model, table: pd.DataFrame) -> None:
    labels = table["vmaf"].to_numpy()
    scores = model.predict(table[list(FEATURES)].to_numpy())
    assert len(labels) == 400
    assert pearsonr(scores, labels).statistic > 0.9999
    assert spearmanr(scores, labels).statistic > 0.999
    assert np.sqrt(np.mean((scores - labels) ** 2)) < 0.4
    assert np.abs(scores - labels).max() < 4.0


def test_sidecar_figures_are_those_of_the_file(model: Model, table: pd.DataFrame) -> None:
    registry = Registry.load()
    claimed = registry.sidecar(registry.entry("vmaf_tiny_v2"))["train_metrics"]
    labels = table["vmaf"].to_numpy()
    errors = model.predict(table[list(FEATURES)].to_numpy()) - labels
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(claimed["rmse"], rel=0.5)
    assert np.abs(errors).max() <= claimed["max_error"] + 1e-3


def test_every_source_agrees(model: Model, table: pd.DataFrame) -> None:
    for source, rows in table.groupby("source"):
        errors = model.predict(rows[list(FEATURES)].to_numpy()) - rows["vmaf"].to_numpy()
        assert np.sqrt(np.mean(errors**2)) < 1.0, source


@pytest.mark.parametrize("level", [0, 16, 128, 255])
def test_identical_flat_frames(level: int) -> None:
    planes = np.full((3, 64, 64), level, np.uint8)
    # The teacher itself gives 97.43 to identical frames without motion.
    assert pyvmaf_tiny.score(planes, planes).scores == pytest.approx([97.43] * 3, abs=0.5)


def test_far_from_any_encode() -> None:
    """Noise, and nothing at all: the student stays near the teacher where it was never trained."""
    rng = np.random.default_rng(0)
    noise, other = rng.integers(0, 256, (2, 3, 96, 96)).astype(np.uint8)
    black = np.zeros_like(noise)
    assert pyvmaf_tiny.score(noise, noise).min > 95
    for reference, distorted in ((noise, other), (noise, black), (black, noise)):
        features = pyvmaf_tiny.features(reference, distorted)
        scores = pyvmaf_tiny.score(reference, distorted).scores
        if reference is black:
            # vif_scale0 is 0.667 and everything else 1: to the teacher that is nearly identical.
            assert scores == pytest.approx([97.3] * 3, abs=0.5)
        else:
            assert features[:, 1].max() < 0.01
            assert max(scores) < 25
        assert all(0 <= score <= 100 for score in scores)
