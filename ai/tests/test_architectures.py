"""Architectures and the networks made of them, against figures of the published systems."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pyvmaf_tiny_ai.architectures import ARCHITECTURES, Architecture, architecture
from pyvmaf_tiny_ai.export import to_onnx
from pyvmaf_tiny_ai.mlp import Mlp, Scaler
from pyvmaf_tiny_ai.recipes import SYSTEMS, Recipe

from pyvmaf_tiny.model import load_model


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("linear", 7),
        ("mlp_small", 257),
        ("mlp_medium_v1", 2561),
        ("mlp_medium_v3", 769),
        ("mlp_large", 3073),
    ],
)
def test_published_sizes(name: str, parameters: int) -> None:
    assert architecture(name).parameters == parameters


def test_an_unknown_architecture_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="mlp_medium_v1"):
        architecture("transformer")


@pytest.mark.parametrize(
    ("layers", "activation"),
    [((6, 8, 1), "gelu"), ((5, 8, 1), "relu"), ((6, 8), "relu"), ((6,), "relu")],
)
def test_what_cannot_be_built(layers: tuple[int, ...], activation: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Architecture("odd", layers, activation)


@pytest.mark.parametrize(
    ("model_id", "name", "epochs", "standardise"),
    [
        ("vmaf_tiny_v1", "mlp_small", 30, False),
        ("vmaf_tiny_v1_medium", "mlp_medium_v1", 30, False),
        ("vmaf_tiny_v2", "mlp_small", 90, True),
        ("vmaf_tiny_v3", "mlp_medium_v3", 90, True),
        ("vmaf_tiny_v4", "mlp_large", 90, True),
    ],
)
def test_published_recipes(model_id: str, name: str, epochs: int, standardise: bool) -> None:
    recipe = SYSTEMS[model_id].recipe
    assert recipe == Recipe(ARCHITECTURES[name], standardise, epochs, 1e-3, 256, 0)
    assert Recipe.from_dict(recipe.to_dict()) == recipe


def random_network(activation: str, scaler: Scaler | None) -> Mlp:
    """A network whose raw scores of ``ROWS`` spread to both sides of 0..100."""
    draw = np.random.default_rng(0)
    weights = [
        draw.normal(0, deep**-0.5, (wide, deep)).astype(np.float32)
        for deep, wide in pairwise((6, 16, 8, 1))
    ]
    biases = [draw.normal(0, 1, wide).astype(np.float32) for wide in (16, 8, 1)]
    raw = Mlp(tuple(weights), tuple(biases), activation, scaler).raw(ROWS)
    weights[-1] *= np.float32(60 / raw.std())
    biases[-1] = np.float32(50) + (biases[-1] - np.float32(raw.mean())) * np.float32(60 / raw.std())
    return Mlp(tuple(weights), tuple(biases), activation, scaler)


ROWS = np.random.default_rng(1).uniform(0, 2, (200, 6))
SCALER = Scaler(np.full(6, 0.5, np.float32), np.array([1, 2, 0.1, 1, 1, 20], np.float32))


@pytest.mark.parametrize("scaler", [None, SCALER], ids=["raw", "scaled"])
@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_graph_computes_the_network(activation: str, scaler: Scaler | None, tmp_path: Path) -> None:
    network = random_network(activation, scaler)
    (tmp_path / "n.onnx").write_bytes(to_onnx(network, "n").SerializeToString())
    model = load_model(tmp_path / "n.onnx")
    scores = network.predict(ROWS)
    assert {0.0, 100.0} < set(scores.tolist())  # both clips take part, and values between
    np.testing.assert_allclose(model.predict(ROWS), scores, atol=2e-3)
    for count in (1, 2, 200):
        assert len(model.predict(ROWS[:count])) == count


def test_silu_far_out() -> None:
    network = random_network("silu", None)
    assert np.isfinite(network.raw(np.full((1, 6), -1e6))).all()
