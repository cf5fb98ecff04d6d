"""Scores that are made and stay in the device's memory: the kernel ``model``."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyvmaf_tiny.errors import ModelError
from pyvmaf_tiny.network import Network

from .backend import Backend, constant
from .source import VALUES, operations, pack


class NetworkKernel:
    """A network on the device."""

    def __init__(self, backend: Backend, network: Network) -> None:
        """Raises ModelError when it has too many values, and OutOfMemoryError."""
        starts = np.cumsum([0, *network.sizes]).tolist()
        if starts[-1] > VALUES:
            raise ModelError(
                "the model is too large for the engine's device",
                given=f"{network.id}, with {starts[-1]} values between its layers",
                expected=f"at most {VALUES}",
                hint="model=False gives the features on the device",
            )
        self._backend = backend
        layers, offset = [], 0
        for layer in network.layers:
            first, second = (*(starts[each] for each in layer.inputs), -1, -1)[:2]
            values = {
                "operation": operations()[layer.operation],
                "first": first,
                "second": second,
                "out": starts[layer.output],
                "inputs": network.sizes[layer.inputs[0]] if layer.inputs else 0,
                "outputs": layer.size,
                "weights": offset,
            }
            layers.append(pack("layer_params", values))
            offset += layer.weights.size
        score = {"layers": len(layers), "score": starts[network.score]}
        self._params = constant(backend, pack("model_params", score))
        self._layers = constant(backend, np.stack(layers))
        weights = [np.zeros(1, np.float32), *(layer.weights for layer in network.layers)]
        self._weights = constant(backend, np.concatenate(weights[1:] + weights[:1]))

    def run(self, rows: Any, count: int, scores: Any) -> None:
        """Launch it over so many rows of features (float64), for as many scores (float32)."""
        buffers = (self._params, self._layers, self._weights, rows, scores)
        self._backend.launch("model", (count, 1, 1), buffers)
