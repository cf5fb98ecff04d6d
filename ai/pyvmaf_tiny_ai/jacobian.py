"""A SiLU network in float64 with its analytic Jacobian, for Levenberg-Marquardt.

All trained parameters are one vector. Rows stand in columns, ``(features, N)``: every parameter's
derivatives are then one contiguous row of the Jacobian, and what is multiplied is long.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Network:
    """The function of one shape of network; it holds no weights."""

    def __init__(self, layers: tuple[int, ...]) -> None:
        """``layers`` are the widths from the inputs to the one output."""
        self.layers = layers
        self._slices: list[slice] = []
        start = 0
        for deep, wide in pairwise(layers):
            stop = start + wide * (deep + 1)
            self._slices.append(slice(start, stop))
            start = stop
        #: Length of the parameter vector.
        self.parameters = start

    def split(self, theta: Floats) -> list[Floats]:
        """Each layer's matrix, (out, in + 1) with the bias last, as a view into ``theta``."""
        shapes = ((wide, deep + 1) for deep, wide in pairwise(self.layers))
        return [
            theta[part].reshape(shape) for part, shape in zip(self._slices, shapes, strict=True)
        ]

    def draw(self, rng: np.random.Generator) -> Floats:
        """A vector to start from: uniform, within one over the root of a layer's inputs."""
        return np.concatenate(
            [
                rng.uniform(-(deep**-0.5), deep**-0.5, wide * (deep + 1))
                for deep, wide in pairwise(self.layers)
            ]
        )

    def values(self, theta: Floats, columns: Floats) -> Floats:
        """Outputs, (inputs, N) -> (N,)."""
        *hidden, last = self.split(theta)
        for matrix in hidden:
            sums = matrix[:, :-1] @ columns + matrix[:, -1:]
            columns = sums * _logistic(sums)
        values: Floats = (last[:, :-1] @ columns + last[:, -1:])[0]
        return values

    def jacobian(self, theta: Floats, columns: Floats, out: Floats) -> Floats:
        """Outputs (N,) of (inputs, N); ``out`` (parameters, N) takes their derivatives."""
        *hidden, last = self.split(theta)
        inputs = [_with_ones(columns)]
        slopes = []
        for matrix in hidden:
            sums = matrix @ inputs[-1]
            gate = _logistic(sums)
            active = sums * gate
            inputs.append(_with_ones(active))
            slopes.append(gate + active * (1.0 - gate))
        values: Floats = (last @ inputs[-1])[0]
        back = np.ones((1, columns.shape[1]))
        for layer in range(len(self._slices) - 1, -1, -1):
            block = out[self._slices[layer]].reshape(len(back), len(inputs[layer]), -1)
            np.multiply(back[:, None, :], inputs[layer][None, :, :], out=block)
            if layer:
                weights = self.split(theta)[layer][:, :-1]
                back = (weights.T @ back) * slopes[layer - 1]
        return values


def _logistic(x: Floats) -> Floats:
    # exp(-x) overflows for x below -709: to infinity, whose reciprocal is the right 0.
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-x))


def _with_ones(columns: Floats) -> Floats:
    return np.vstack([columns, np.ones((1, columns.shape[1]))])
