"""The student: a small multi-layer perceptron, with or without a scaler, as plain arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scaler:
    """Standardisation: ``mean`` and ``std`` are float32 (6,)."""

    mean: NDArray[np.float32]
    std: NDArray[np.float32]

    @classmethod
    def fit(cls, features: Floats) -> Scaler:
        """Mean and standard deviation of (N, 6); a feature that never varies keeps its size."""
        std = features.std(axis=0)
        std[std == 0] = 1.0
        return cls(features.mean(axis=0).astype(np.float32), std.astype(np.float32))


def _silu(x: Floats) -> Floats:
    # exp(-x) overflows for x below -709: to infinity, and x / infinity is the right 0.
    with np.errstate(over="ignore"):
        return x / (1.0 + np.exp(-x))


_ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {
    "relu": lambda x: np.maximum(x, 0.0),
    "silu": _silu,
}


@dataclass(frozen=True)
class Mlp:
    """Weights of a network over feature rows.

    ``weights[k]`` is (out, in) and ``biases[k]`` (out,), float32. ``activation`` stands between
    the layers. Without a ``scaler`` the first layer takes the features as they are.
    """

    weights: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float32], ...]
    activation: str = "relu"
    scaler: Scaler | None = None

    @property
    def parameters(self) -> int:
        """Number of trained parameters; the scaler is not counted."""
        return sum(array.size for array in (*self.weights, *self.biases))

    @property
    def layers(self) -> tuple[int, ...]:
        """Widths from the features to the score."""
        return (self.weights[0].shape[1], *(weight.shape[0] for weight in self.weights))

    def raw(self, features: Floats) -> Floats:
        """Scores before the clip: float64 (N, 6) -> (N,)."""
        activate = _ACTIVATIONS[self.activation]
        x = features if self.scaler is None else (features - self.scaler.mean) / self.scaler.std
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = activate(x @ weight.T + bias)
        return (x @ self.weights[-1].T + self.biases[-1])[:, 0]

    def predict(self, features: Floats) -> Floats:
        """Score rows, clipped to 0..100: float64 (N, 6) -> (N,). What the ONNX graph computes."""
        return np.clip(self.raw(features), 0.0, 100.0)
