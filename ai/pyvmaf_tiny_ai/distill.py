"""Distillation: a SiLU network fitted to the exact teacher by Levenberg-Marquardt.

Deterministic: a seed, a table and a CPU family give the same weights. Single-threaded throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from .architectures import ARCHITECTURES, Architecture
from .augment import augment, weights
from .cliploss import costs, residuals
from .jacobian import Network
from .levenberg import Minimum, minimise
from .mlp import Mlp
from .teacher import Teacher

Floats = NDArray[np.float64]

#: Points per block: a block's Jacobian stays in the second-level cache.
_BLOCK = 512


@dataclass(frozen=True)
class Distillation:
    """The recipe: the network, the points it is fitted to, and how long.

    ``stages`` are pairs of descents and steps. The descents of the first stage start from drawn
    weights; of each stage those with the lowest training loss go on in the next one.
    ``pull``: see :mod:`pyvmaf_tiny_ai.cliploss`.
    """

    architecture: Architecture
    real_rows: int = 3000
    made_rows: int = 5000
    stages: tuple[tuple[int, int], ...] = ((4, 30), (2, 100), (1, 500))
    pull: float = 0.03
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be fitted."""
        if self.architecture.activation != "silu":
            raise ValueError(
                f"{self.architecture.id}: activation {self.architecture.activation}, the Jacobian "
                "is that of silu"
            )
        if self.real_rows < 1 or self.made_rows < 0:
            raise ValueError(f"{self.real_rows} real and {self.made_rows} made rows to fit")
        descents = [count for count, _ in self.stages]
        if not descents or descents != sorted(descents, reverse=True) or descents[-1] != 1:
            raise ValueError(f"stages of {descents} descents, expected fewer and fewer down to 1")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for checkpoints and reports."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Distillation:
        """Read what :meth:`to_dict` gave."""
        described = values["architecture"]
        network = Architecture(**{**described, "layers": tuple(described["layers"])})
        stages = tuple((count, steps) for count, steps in values["stages"])
        return cls(**{**values, "architecture": network, "stages": stages})


#: The recipe of vmaf_tiny_d1 and vmaf_tiny_d1neg.
D1 = Distillation(ARCHITECTURES["silu_257"])


@dataclass(frozen=True)
class Distilled:
    """A fitted student, and how the fit went.

    ``stage_rmse`` has, for every stage, the error of each descent over all training points, in
    VMAF points, the best first.
    """

    student: Mlp
    stage_rmse: tuple[tuple[float, ...], ...]

    @property
    def train_rmse(self) -> float:
        """The student's own."""
        return self.stage_rmse[-1][0]


def distill(features: Floats, teacher: Teacher, recipe: Distillation) -> Distilled:
    """Fit a student to the teacher around ``features``, real rows (N, 6).

    Nothing but these rows and the teacher's formula goes into it: rows that are held out stay out.
    The student takes features as they are; its scaler is folded into the first layer.
    """
    # Sums over rows come out in another order where rows lie otherwise in memory.
    features = np.ascontiguousarray(features)
    rng = np.random.default_rng(recipe.seed)
    some = rng.permutation(len(features))[: recipe.real_rows]
    points = np.concatenate([features[some], augment(rng, features, recipe.made_rows)])
    with threadpool_limits(1, "blas"):
        fit = _Fit(recipe, features, points, teacher.raw(points))
        starts = [fit.network.draw(rng) for _ in range(recipe.stages[0][0])]
        stages: list[tuple[float, ...]] = []
        for count, steps in recipe.stages:
            ends = [minimise(fit, theta, steps) for theta in starts[:count]]
            ends.sort(key=lambda end: end.loss)
            starts = [end.theta for end in ends]
            stages.append(tuple(fit.rmse(end) for end in ends))
    return Distilled(fit.student(starts[0]), tuple(stages))


def distill_many(
    features: Floats,
    subsets: Sequence[NDArray[np.intp]],
    seeds: Sequence[int],
    teacher: Teacher,
    recipe: Distillation,
) -> list[Mlp]:
    """Distil one student from each subset of rows; ``recipe.seed`` is not used."""
    return [
        distill(features[rows], teacher, replace(recipe, seed=seed)).student
        for rows, seed in zip(subsets, seeds, strict=True)
    ]


class _Fit:
    """The least-squares problem: standardised points, the teacher's scores of them."""

    def __init__(self, recipe: Distillation, features: Floats, points: Floats, raw: Floats) -> None:
        """Take inputs and outputs to zero mean and unit deviation, as the real rows have them."""
        self.network = Network(recipe.architecture.layers)
        self._mean, self._std = features.mean(axis=0), features.std(axis=0)
        self._std[self._std == 0] = 1.0
        self._columns = np.ascontiguousarray(((points - self._mean) / self._std).T)
        self._raw, self._pull, self._weights = raw, recipe.pull, weights(points)
        self._center, self._scale = raw.mean(), raw.std() or 1.0
        self._jacobian = np.empty((self.network.parameters, _BLOCK))

    def loss(self, theta: Floats) -> float:
        values = self.network.values(theta, self._columns) * self._scale + self._center
        return float(self._weights**2 @ costs(values, self._raw, self._pull))

    def normal_equations(self, theta: Floats) -> tuple[float, Floats, Floats]:
        size = self.network.parameters
        loss, gradient, normal = 0.0, np.zeros(size), np.zeros((size, size))
        for start in range(0, len(self._raw), _BLOCK):
            columns = self._columns[:, start : start + _BLOCK]
            rows = columns.shape[1]
            # The last block is a shorter one, and matrices have to be contiguous.
            jacobian = self._jacobian if rows == _BLOCK else np.empty((size, rows))
            values = self.network.jacobian(theta, columns, jacobian) * self._scale + self._center
            block = slice(start, start + _BLOCK)
            raw, weight = self._raw[block], self._weights[block]
            errors, slopes = residuals(values, raw, self._pull)
            errors *= weight
            jacobian *= slopes * weight * self._scale
            loss += float(weight**2 @ costs(values, raw, self._pull))
            gradient += jacobian @ errors
            normal += jacobian @ jacobian.T
        return loss, gradient, normal

    def rmse(self, found: Minimum) -> float:
        """Root of the weighted mean squared residual."""
        return float(np.sqrt(found.loss / (self._weights**2).sum()))

    def student(self, theta: Floats) -> Mlp:
        """The network over features as they are, in float32: every scale goes into a layer."""
        layers = [
            (matrix[:, :-1].copy(), matrix[:, -1].copy()) for matrix in self.network.split(theta)
        ]
        weight, bias = layers[0]
        layers[0] = weight / self._std, bias - weight @ (self._mean / self._std)
        weight, bias = layers[-1]
        layers[-1] = weight * self._scale, bias * self._scale + self._center
        return Mlp(
            weights=tuple(weight.astype(np.float32) for weight, _ in layers),
            biases=tuple(bias.astype(np.float32) for _, bias in layers),
            activation="silu",
        )
