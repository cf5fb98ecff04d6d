"""A model as layers: what ``model.layers`` reads, and engines run on their devices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Layer:
    """One operation on values of a row; values are numbered, the features are value 0.

    What ``operation`` does with ``inputs`` (one or two of equal size, none of "constant") to make
    ``output``, which is ``size`` numbers::

        constant            the weights
        linear              weights: a matrix (inputs, size), then ``size`` biases
        add, sub, mul, div  number by number
        relu, sigmoid, tanh
        leaky_relu          weight: the slope below zero
        clip                weights: the least and the largest
        quantize            weights: scale, zero point, the least and the largest integer
        dequantize          weights: scale, zero point
    """

    operation: str
    inputs: tuple[int, ...]
    output: int
    size: int
    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Network:
    """A model as layers in the order in which they are to be computed.

    ``sizes`` has the size of every value; ``score`` is the number of the value that is the score.
    ``gain_limit`` is that which its features must have, None for any.
    """

    id: str
    gain_limit: float | None
    layers: tuple[Layer, ...]
    sizes: tuple[int, ...]
    score: int
