"""From an ONNX graph to layers: networks of the usual kind, one row in, one number out."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import ModelError
from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.network import Layer, Network

from .session import Model, read_model

_HINT = "model=False gives the features on the device, for a model of your own to go on with"

#: Operators that make a constant of constants.
_FOLDED = frozenset(
    (
        *("Constant", "DequantizeLinear", "Cast", "Identity"),
        *("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten"),
    )
)

#: A value of the row by its number, a constant, or an input that is left out.
_Value = int | NDArray[Any] | None
_Inputs = list[Any]
_Attributes = dict[str, Any]


def load_network(spec: str | os.PathLike[str] | None = None, *, neg: bool = False) -> Network:
    """Load a model as layers; the arguments are those of :func:`.load_model`.

    Raises what that raises, and ModelError for a graph that does what no layer does, or when the
    onnx package, which reads it, is not installed.
    """
    file = read_model(spec, neg=neg)
    model = Model(file.data, file.id, trusted=file.trusted, device="cpu")
    onnx = _import("onnx", file.id)
    proto = onnx.load_from_string(file.data)
    reader = _Reader(file.id, {each.domain: each.version for each in proto.opset_import})
    reader.read(proto.graph, onnx)
    sizes, layers = tuple(reader.sizes), tuple(reader.layers)
    return Network(file.id, model.gain_limit, layers, sizes, reader.score)


def _import(module: str, name: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ModelError(
            "scores on the device need the onnx package, which reads the model",
            given=name,
            hint=f"pip install onnx; or {_HINT}",
        ) from error


class _Reader:
    """Takes the nodes of a graph that ONNX Runtime has run as a model already."""

    def __init__(self, name: str, opsets: dict[str, int]) -> None:
        self._name, self._opsets = name, opsets
        self._values: dict[str, _Value] = {"": None}
        self.layers: list[Layer] = []
        self.sizes = [len(FEATURES)]
        self.score = 0

    def read(self, graph: Any, onnx: Any) -> None:
        for tensor in graph.initializer:
            self._values[tensor.name] = onnx.numpy_helper.to_array(tensor)
        (entry,) = (each for each in graph.input if each.name not in self._values)
        if entry.type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
            raise self._refused("an input that is not float32")
        self._values[entry.name] = 0
        for node in graph.node:
            pairs = ((each.name, onnx.helper.get_attribute_value(each)) for each in node.attribute)
            self._values[node.output[0]] = self._node(node, dict(pairs))
        score = self._values[graph.output[0].name]
        if not isinstance(score, int) or self.sizes[score] != 1:
            raise self._refused("a result that is not one number per row")
        self.score = score

    def _node(self, node: Any, attributes: _Attributes) -> _Value:
        kind = f"{node.domain}:{node.op_type}" if node.domain else node.op_type
        inputs = [self._values[name] for name in node.input]
        has_row = any(isinstance(each, int) for each in inputs)
        if kind in _FOLDED and not has_row:
            evaluator = _import("onnx.reference", self._name).ReferenceEvaluator
            given = dict(zip(node.input, inputs, strict=True))
            folded: NDArray[Any] = evaluator(node, opsets=self._opsets).run(None, given)[0]
            return folded
        if kind not in _NODES or not has_row:
            raise self._refused(f"the operator {kind}")
        operation, take = _NODES[kind]
        try:
            return take(self, operation, inputs, attributes)
        except (IndexError, TypeError, ValueError, AttributeError) as error:
            raise self._refused(f"the operator {kind} used otherwise ({error})") from error

    def _refused(self, what: str) -> ModelError:
        return ModelError(
            "the model cannot be run on the engine's device",
            given=f"{self._name}, with {what}",
            expected="dense layers, activations, arithmetic with constants, quantisation",
            hint=_HINT,
        )

    # ---- what nodes become ----------------------------------------------------------------------

    def _add(self, operation: str, inputs: tuple[int, ...], size: int, *weights: Any) -> int:
        flat = [np.ravel(np.asarray(each, np.float32)) for each in weights]
        joined = np.concatenate([np.empty(0, np.float32), *flat])
        self.layers.append(Layer(operation, inputs, len(self.sizes), size, joined))
        self.sizes.append(size)
        return len(self.sizes) - 1

    def dense(self, operation: str, inputs: _Inputs, attributes: _Attributes) -> int:
        """Gemm and MatMul."""
        x, matrix, bias = (*inputs, None)[:3]
        if attributes.get("transA") or matrix.ndim != 2:
            raise ValueError("not rows times a matrix")
        matrix = (matrix.T if attributes.get("transB") else matrix) * np.float32(
            attributes.get("alpha", 1.0)
        )
        if matrix.shape[0] != self.sizes[x]:
            raise ValueError(f"a matrix {matrix.shape} for {self.sizes[x]} numbers")
        size = matrix.shape[1]
        scaled = (0.0 if bias is None else bias) * np.float32(attributes.get("beta", 1.0))
        return self._add(operation, (x,), size, matrix, _spread(scaled, size))

    def arithmetic(self, operation: str, inputs: _Inputs, attributes: _Attributes) -> int:
        """Add, Sub, Mul and Div, of values and constants."""
        size = max(self.sizes[each] for each in inputs if isinstance(each, int))
        numbers = []
        for each in inputs:
            if not isinstance(each, int):
                numbers.append(self._add("constant", (), size, _spread(each, size)))
            elif self.sizes[each] == size:
                numbers.append(each)
            else:
                raise ValueError(f"{self.sizes[each]} and {size} numbers")
        return self._add(operation, tuple(numbers), size)

    def activation(self, operation: str, inputs: _Inputs, attributes: _Attributes) -> int:
        """What works number by number and has at most an attribute."""
        (x,) = inputs
        weights = [attributes.get("alpha", 0.01)] if operation == "leaky_relu" else []
        return self._add(operation, (x,), self.sizes[x], *weights)

    def clip(self, operation: str, inputs: _Inputs, attributes: _Attributes) -> int:
        """Clip; the limits were attributes once."""
        x, least, most = (*inputs, None, None)[:3]
        least = attributes.get("min", -np.inf) if least is None else least.item()
        most = attributes.get("max", np.inf) if most is None else most.item()
        return self._add(operation, (x,), self.sizes[x], least, most)

    def quantisation(self, operation: str, inputs: _Inputs, attributes: _Attributes) -> int:
        """QuantizeLinear and DequantizeLinear, with one scale."""
        x, scale, zero = (*inputs, None)[:3]
        zero = np.zeros((), np.uint8) if zero is None else zero
        limits = np.iinfo(zero.dtype)
        if limits.bits != 8:
            raise ValueError(f"integers of {limits.bits} bits")
        weights = [scale.item(), zero.item()]
        weights += [limits.min, limits.max] if operation == "quantize" else []
        return self._add(operation, (x,), self.sizes[x], *weights)

    def shape(self, operation: str, inputs: _Inputs, attributes: _Attributes) -> int:
        """What changes no number: all that is left to do when there is one per row."""
        x: int = inputs[0]
        if operation != "same" and self.sizes[x] != 1:
            raise ValueError(f"of {self.sizes[x]} numbers per row")
        return x


def _spread(constant: Any, size: int) -> NDArray[np.float32]:
    """A constant as one row of numbers."""
    row = np.asarray(constant, np.float32)
    return np.broadcast_to(row, (1, size)).reshape(size)


#: ONNX operator -> layer, and what reads it.
_NODES: dict[str, tuple[str, Callable[[_Reader, str, _Inputs, _Attributes], int]]] = {
    **dict.fromkeys(("Gemm", "MatMul"), ("linear", _Reader.dense)),
    **{name: (name.lower(), _Reader.arithmetic) for name in ("Add", "Sub", "Mul", "Div")},
    **{name: (name.lower(), _Reader.activation) for name in ("Relu", "Sigmoid", "Tanh")},
    "LeakyRelu": ("leaky_relu", _Reader.activation),
    "Clip": ("clip", _Reader.clip),
    "QuantizeLinear": ("quantize", _Reader.quantisation),
    "DequantizeLinear": ("dequantize", _Reader.quantisation),
    **dict.fromkeys(("Squeeze", "Flatten", "Reshape"), ("one", _Reader.shape)),
    "Identity": ("same", _Reader.shape),
}
