"""Checkpoints of distilled students: a JSON file with every float32 weight to the bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .distill import Distillation
from .mlp import Mlp
from .provenance import write_json


def save(path: Path, mlp: Mlp, recipe: Distillation, stats: dict[str, Any]) -> None:
    """Write weights, recipe and training statistics (plain JSON values)."""
    document = {
        "weights": [weight.tolist() for weight in mlp.weights],
        "biases": [bias.tolist() for bias in mlp.biases],
        "recipe": recipe.to_dict(),
        "stats": stats,
    }
    write_json(path, document)


def load(path: Path) -> tuple[Mlp, Distillation, dict[str, Any]]:
    """Read what :func:`save` wrote; ValueError when it is something else."""
    try:
        saved = json.loads(path.read_bytes())
        recipe = Distillation.from_dict(saved["recipe"])
        mlp = Mlp(
            weights=tuple(np.array(weight, np.float32) for weight in saved["weights"]),
            biases=tuple(np.array(bias, np.float32) for bias in saved["biases"]),
            activation=recipe.architecture.activation,
        )
        stats: dict[str, Any] = saved["stats"]
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not a checkpoint of a distilled student ({error!r})") from error
    if mlp.layers != recipe.architecture.layers:
        raise ValueError(
            f"{path}: weights of {mlp.layers}, the recipe says {recipe.architecture.layers}"
        )
    return mlp, recipe, stats
