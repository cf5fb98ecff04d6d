"""Training by the published recipe of vmaf_tiny_v2: Adam on the mean squared error."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .mlp import MLP_SMALL, Mlp


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters; the defaults are those of the published vmaf_tiny_v2."""

    layers: tuple[int, ...] = MLP_SMALL
    epochs: int = 90
    learning_rate: float = 1e-3
    batch_size: int = 256
    seed: int = 0


def train(
    features: NDArray[np.float64], labels: NDArray[np.float64], recipe: Recipe
) -> tuple[Mlp, float]:
    """Fit a student to (N, 6) features and (N,) labels; return it and the last epoch's mean loss.

    One thread and a seeded shuffle: the same rows give the same weights.
    """
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    mean = features.mean(axis=0)
    std = features.std(axis=0)
    std[std == 0] = 1.0  # a feature that never varies carries no scale
    x = torch.tensor((features - mean) / std, dtype=torch.float32)
    y = torch.tensor(labels, dtype=torch.float32)

    linears = [torch.nn.Linear(a, b) for a, b in pairwise(recipe.layers)]
    stack: list[torch.nn.Module] = []
    for linear in linears:
        stack += [linear, torch.nn.ReLU()]
    network = torch.nn.Sequential(*stack[:-1])
    # A step is all overhead at this size: the fused optimiser halves it.
    optimiser = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate, fused=True)
    size = recipe.batch_size
    loss_sum = 0.0
    for _ in range(recipe.epochs):
        loss_sum = 0.0
        order = torch.randperm(len(x))
        batches = zip(torch.split(x[order], size), torch.split(y[order], size), strict=True)
        for rows, targets in batches:
            optimiser.zero_grad()
            loss = torch.nn.functional.mse_loss(network(rows)[:, 0], targets)
            torch.autograd.backward(loss)
            optimiser.step()
            loss_sum += loss.item() * len(rows)
    mlp = Mlp(
        mean=mean.astype(np.float32),
        std=std.astype(np.float32),
        weights=tuple(linear.weight.detach().numpy().copy() for linear in linears),
        biases=tuple(linear.bias.detach().numpy().copy() for linear in linears),
    )
    return mlp, loss_sum / len(x)


def save_checkpoint(path: Path, mlp: Mlp, recipe: Recipe, stats: dict[str, Any]) -> None:
    """Write a checkpoint: tensors, recipe and the training statistics (plain JSON values)."""
    torch.save(
        {
            "mean": torch.from_numpy(mlp.mean),
            "std": torch.from_numpy(mlp.std),
            "weights": [torch.from_numpy(array) for array in mlp.weights],
            "biases": [torch.from_numpy(array) for array in mlp.biases],
            "recipe": asdict(recipe),
            "stats": stats,
        },
        path,
    )


def load_checkpoint(path: Path) -> tuple[Mlp, dict[str, Any]]:
    """Read what :func:`save_checkpoint` wrote: the student and its training statistics."""
    saved = torch.load(path, weights_only=True)
    mlp = Mlp(
        mean=saved["mean"].numpy(),
        std=saved["std"].numpy(),
        weights=tuple(tensor.numpy() for tensor in saved["weights"]),
        biases=tuple(tensor.numpy() for tensor in saved["biases"]),
    )
    return mlp, saved["stats"]
