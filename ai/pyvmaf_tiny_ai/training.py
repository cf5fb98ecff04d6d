"""Training by the published recipes: Adam on the mean squared error. The only file with PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .mlp import Mlp, Scaler
from .recipes import Recipe

_ACTIVATIONS = {"relu": torch.relu, "silu": torch.nn.functional.silu}

#: Networks that are trained side by side: enough to hide the cost of a step, few enough for the
#: caches. 19 together take a sixth of the time that they take one by one.
_GROUP = 20


def train(features: NDArray[np.float64], labels: NDArray[np.float64], recipe: Recipe) -> Mlp:
    """Fit a student to (N, 6) features and (N,) labels.

    One thread and seeded shuffles: the same rows give the same weights.
    """
    return train_many(features, labels, [np.arange(len(labels))], [recipe.seed], recipe)[0]


def train_many(
    features: NDArray[np.float64],
    labels: NDArray[np.float64],
    subsets: Sequence[NDArray[np.intp]],
    seeds: Sequence[int],
    recipe: Recipe,
) -> list[Mlp]:
    """Fit one student to each subset of rows, from the seed beside it; ``recipe.seed`` is not used.

    Each is what training on its subset alone gives, up to the order of float32 sums: the networks
    share nothing but the cost of a step. Scalers are fitted to the subset, too.
    """
    torch.set_num_threads(1)
    fitted: list[Mlp] = []
    for start in range(0, len(subsets), _GROUP):
        group = slice(start, start + _GROUP)
        fitted += _train_group(features, labels, subsets[group], seeds[group], recipe)
    return fitted


def _train_group(
    features: NDArray[np.float64],
    labels: NDArray[np.float64],
    subsets: Sequence[NDArray[np.intp]],
    seeds: Sequence[int],
    recipe: Recipe,
) -> list[Mlp]:
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    networks = _Networks(recipe, generators)
    scalers = [Scaler.fit(features[rows]) if recipe.standardise else None for rows in subsets]
    # Rounded to float32 before the scaler sees them, as they are when the ONNX graph runs.
    x = torch.tensor(features, dtype=torch.float32)
    y = torch.tensor(labels, dtype=torch.float32)
    mean, std = _stacked(scalers)
    streams = [
        _batches(torch.as_tensor(rows), recipe, generator)
        for rows, generator in zip(subsets, generators, strict=True)
    ]
    totals = [recipe.epochs * -(-len(rows) // recipe.batch_size) for rows in subsets]
    # A step is all overhead at this size: the fused optimiser halves it.
    optimiser = torch.optim.Adam(networks.parameters, lr=recipe.learning_rate, fused=True)
    fitted: dict[int, Mlp] = {
        k: networks.mlp(k, scalers[k]) for k, total in enumerate(totals) if total == 0
    }
    for step in range(1, max(totals) + 1):
        rows, weights = (torch.stack(part) for part in zip(*map(next, streams), strict=True))
        optimiser.zero_grad()
        # index_select copies whole rows, many times quicker than x[rows].
        inputs, targets = (values.index_select(0, rows.view(-1)) for values in (x, y))
        errors = networks((inputs.view(*rows.shape, -1) - mean) / std) - targets.view(rows.shape)
        torch.autograd.backward((weights * errors**2).sum())
        optimiser.step()
        for k, total in enumerate(totals):
            if step == total:
                fitted[k] = networks.mlp(k, scalers[k])
    return [fitted[k] for k in range(len(subsets))]


class _Networks:
    """K networks of one architecture; weights are (K, in, out), biases (K, 1, out)."""

    def __init__(self, recipe: Recipe, generators: Sequence[torch.Generator]) -> None:
        """Draw each from its generator, distributed as torch.nn.Linear does it."""
        self.activation = recipe.architecture.activation
        self.weights: list[torch.Tensor] = []
        self.biases: list[torch.Tensor] = []
        for deep, wide in pairwise(recipe.architecture.layers):
            for into, shape in ((self.weights, (deep, wide)), (self.biases, (1, wide))):
                drawn = [
                    torch.empty(shape).uniform_(-(deep**-0.5), deep**-0.5, generator=generator)
                    for generator in generators
                ]
                into.append(torch.stack(drawn).requires_grad_())

    @property
    def parameters(self) -> list[torch.Tensor]:
        """All that is trained."""
        return [*self.weights, *self.biases]

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Scores (K, B) of rows (K, B, 6)."""
        activate = _ACTIVATIONS[self.activation]
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = activate(torch.baddbmm(bias, x, weight))
        return torch.baddbmm(self.biases[-1], x, self.weights[-1])[..., 0]

    def mlp(self, k: int, scaler: Scaler | None) -> Mlp:
        """Copy network ``k``."""
        return Mlp(
            weights=tuple(weight[k].detach().numpy().T.copy() for weight in self.weights),
            biases=tuple(bias[k, 0].detach().numpy().copy() for bias in self.biases),
            activation=self.activation,
            scaler=scaler,
        )


def _stacked(scalers: Sequence[Scaler | None]) -> tuple[torch.Tensor, torch.Tensor]:
    """Means and deviations, (K, 1, 6); 0 and 1 where there is no scaler."""
    none = Scaler(np.zeros(6, np.float32), np.ones(6, np.float32))
    known = [scaler or none for scaler in scalers]
    mean = torch.from_numpy(np.stack([scaler.mean for scaler in known]))
    std = torch.from_numpy(np.stack([scaler.std for scaler in known]))
    return mean[:, None], std[:, None]


def _batches(
    rows: torch.Tensor, recipe: Recipe, generator: torch.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield row numbers and their weights in the mean, each (batch_size,), one per step.

    A short last batch is filled up with rows of weight 0, and after the last epoch all weights are
    0: the other networks of the group may still be at work.
    """
    size = recipe.batch_size
    whole = torch.full((size,), 1.0 / size)
    for _ in range(recipe.epochs):
        order = rows[torch.randperm(len(rows), generator=generator)]
        for batch in torch.split(order, size):
            fill = size - len(batch)
            if not fill:
                yield batch, whole
                continue
            weights = torch.full((size,), 1.0 / len(batch))
            weights[-fill:] = 0.0
            yield torch.cat([batch, batch[:1].expand(fill)]), weights
    yield from repeat((rows[:1].expand(size), torch.zeros(size)))


def save_checkpoint(path: Path, mlp: Mlp, recipe: Recipe, stats: dict[str, Any]) -> None:
    """Write a checkpoint: tensors, recipe and the training statistics (plain JSON values)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(
        {
            "scaler": None
            if mlp.scaler is None
            else [torch.from_numpy(mlp.scaler.mean), torch.from_numpy(mlp.scaler.std)],
            "weights": [torch.from_numpy(array) for array in mlp.weights],
            "biases": [torch.from_numpy(array) for array in mlp.biases],
            "recipe": recipe.to_dict(),
            "stats": stats,
        },
        path,
    )


def load_checkpoint(path: Path) -> tuple[Mlp, Recipe, dict[str, Any]]:
    """Read what :func:`save_checkpoint` wrote: the student, its recipe, its statistics."""
    saved = torch.load(path, weights_only=True)
    recipe = Recipe.from_dict(saved["recipe"])
    scaler = saved["scaler"]
    mlp = Mlp(
        weights=tuple(tensor.numpy() for tensor in saved["weights"]),
        biases=tuple(tensor.numpy() for tensor in saved["biases"]),
        activation=recipe.architecture.activation,
        scaler=None if scaler is None else Scaler(*(tensor.numpy() for tensor in scaler)),
    )
    return mlp, recipe, saved["stats"]
