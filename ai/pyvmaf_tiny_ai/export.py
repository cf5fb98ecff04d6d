"""Students as ONNX graphs: raw features in, clipped scores out, the scaler inside."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.model.ort import GAIN_LIMIT

from .mlp import Mlp

OPSET = 17
#: The file format that came with opset 17, so that any runtime of that opset reads it.
IR_VERSION = 8
INPUT, OUTPUT = "features", "vmaf"


def to_onnx(mlp: Mlp, name: str, *, gain_limit: float | None = None) -> onnx.ModelProto:
    """Write the student as a graph: ``features`` float32 [N, 6] -> ``vmaf`` float32 [N].

    A scaler is baked in as Sub and Div with constants, the score is clipped to 0..100. Weights are
    stored (in, out), as Gemm reads them by default: its attribute costs more bytes than a bias.
    ``gain_limit`` goes to the metadata: the model is then refused for features with another
    enhancement gain limit.
    """
    graph = _Graph()
    value = INPUT
    if mlp.scaler is not None:
        value = graph.node("Sub", value, graph.constant("mean", mlp.scaler.mean))
        value = graph.node("Div", value, graph.constant("std", mlp.scaler.std))
    for layer, (weight, bias) in enumerate(zip(mlp.weights, mlp.biases, strict=True)):
        if layer:
            value = graph.activation(mlp.activation, value)
        constants = graph.constant(f"w{layer}", weight.T), graph.constant(f"b{layer}", bias)
        value = graph.node("Gemm", value, *constants)
    low, high = (graph.constant(f"c{n}", np.array(n, np.float32)) for n in (0, 100))
    value = graph.node("Clip", value, low, high)
    graph.node("Squeeze", value, graph.constant("axis", np.array([1], np.int64)), to=OUTPUT)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            name,
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", len(FEATURES)])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N"])],
            graph.constants,
        ),
        producer_name="pyvmaf-tiny",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    if gain_limit is not None:
        helper.set_model_props(model, {GAIN_LIMIT: f"{gain_limit:g}"})
    onnx.checker.check_model(model, full_check=True)
    return model


class _Graph:
    """Nodes and constants as they are added; values get short names, for small files."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, label: str, value: NDArray[np.generic]) -> str:
        """Add a constant; return its name."""
        self.constants.append(numpy_helper.from_array(value, label))
        return label

    def node(self, op: str, *inputs: str, to: str | None = None) -> str:
        """Add a node with one output; return the output's name."""
        output = to or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output]))
        return output

    def activation(self, kind: str, value: str) -> str:
        """Add what stands between two layers."""
        if kind == "silu":
            return self.node("Mul", value, self.node("Sigmoid", value))
        return self.node("Relu", value)
