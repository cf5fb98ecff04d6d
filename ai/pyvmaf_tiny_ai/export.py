"""Students as ONNX graphs: raw features in, clipped scores out, the scaler inside."""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pyvmaf_tiny.frames import FEATURES

from .mlp import Mlp

OPSET = 17
#: The file format that came with opset 17, so that any runtime of that opset reads it.
IR_VERSION = 8
INPUT, OUTPUT = "features", "vmaf"


def to_onnx(mlp: Mlp, name: str) -> onnx.ModelProto:
    """Write the student as a graph: ``features`` float32 [N, 6] -> ``vmaf`` float32 [N].

    The scaler is baked in as Sub and Div with constants, the score is clipped to 0..100. Weights
    are stored (out, in) and read transposed by Gemm, as the trainer keeps them.
    """
    constants: list[TensorProto] = []

    def constant(label: str, value: NDArray[np.generic]) -> str:
        constants.append(numpy_helper.from_array(value, label))
        return label

    nodes = [
        helper.make_node("Sub", [INPUT, constant("mean", mlp.mean)], ["centred"]),
        helper.make_node("Div", ["centred", constant("std", mlp.std)], ["scaled"]),
    ]
    value = "scaled"
    for layer, (weight, bias) in enumerate(zip(mlp.weights, mlp.biases, strict=True)):
        inputs = [value, constant(f"weight{layer}", weight), constant(f"bias{layer}", bias)]
        value = f"linear{layer}"
        nodes.append(helper.make_node("Gemm", inputs, [value], transB=1))
        if layer < len(mlp.weights) - 1:
            nodes.append(helper.make_node("Relu", [value], [f"relu{layer}"]))
            value = f"relu{layer}"
    low, high = (constant(f"clip_{n}", np.array(n, np.float32)) for n in (0, 100))
    axis = constant("last_axis", np.array([1], np.int64))
    nodes += [
        helper.make_node("Clip", [value, low, high], ["clipped"]),
        helper.make_node("Squeeze", ["clipped", axis], [OUTPUT]),
    ]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", len(FEATURES)])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N"])],
        constants,
    )
    model = helper.make_model(
        graph,
        producer_name="pyvmaf-tiny",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(model, full_check=True)
    return model
