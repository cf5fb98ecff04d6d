"""The student: a small multi-layer perceptron with its scaler, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.frames import FEATURES

#: mlp_small of the published vmaf_tiny_v2: 6 -> 16 -> 8 -> 1, 257 parameters.
MLP_SMALL = (len(FEATURES), 16, 8, 1)


@dataclass(frozen=True)
class Mlp:
    """Weights of a ReLU network over standardised features.

    ``mean`` and ``std`` are (6,); ``weights[k]`` is (out, in) and ``biases[k]`` (out,), float32.
    """

    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    weights: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float32], ...]

    @property
    def parameters(self) -> int:
        """Number of trained parameters; the scaler is not counted."""
        return sum(array.size for array in (*self.weights, *self.biases))

    def predict(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score rows, clipped to 0..100: float64 (N, 6) -> (N,). What the ONNX graph computes."""
        x = (features - self.mean) / self.std
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = np.maximum(x @ weight.T + bias, 0.0)
        return np.clip(x @ self.weights[-1].T + self.biases[-1], 0.0, 100.0)[:, 0]
