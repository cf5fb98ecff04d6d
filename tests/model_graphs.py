"""Small ONNX graphs, right and wrong ones, for the tests of the model layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MODELS = Path(__file__).resolve().parents[1] / "model" / "tiny"

Shape = list[int | str]

FLOAT, DOUBLE, INT64 = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64


def row_sums(
    *,
    type_: int = FLOAT,
    width: int | str = 6,
    batch: int | str = "rows",
    column: bool = False,
) -> onnx.ModelProto:
    """A model whose score is the sum of the features; ``column`` gives ``[N, 1]``."""
    dtype = helper.tensor_dtype_to_np_dtype(type_)
    axis = numpy_helper.from_array(np.array([1], np.int64), "axis")
    one = numpy_helper.from_array(np.ones((), dtype), "one")
    nodes = [
        helper.make_node("Mul", ["anything", "one"], ["same"]),
        helper.make_node("ReduceSum", ["same", "axis"], ["sum"], keepdims=int(column)),
    ]
    shape: Shape = [batch, 1] if column else [batch]
    return _model(
        nodes, [("anything", type_, [batch, width])], [("sum", type_, shape)], [axis, one]
    )


def whole_mean() -> onnx.ModelProto:
    """A model that declares one score per row but gives one for all rows."""
    flat = numpy_helper.from_array(np.array([-1], np.int64), "flat")
    nodes = [
        helper.make_node("ReduceMean", ["features"], ["mean"], keepdims=0),
        helper.make_node("Reshape", ["mean", "flat"], ["score"]),
    ]
    return _model(nodes, [("features", FLOAT, ["N", 6])], [("score", FLOAT, ["N"])], [flat])


def two_inputs() -> onnx.ModelProto:
    """A model that wants a second input."""
    nodes = [helper.make_node("Add", ["a", "b"], ["sum"])]
    rows: Shape = ["N", 6]
    return _model(nodes, [("a", FLOAT, rows), ("b", FLOAT, rows)], [("sum", FLOAT, rows)], [])


def two_outputs() -> onnx.ModelProto:
    """A model that gives two results."""
    nodes = [helper.make_node(kind, ["x"], [kind]) for kind in ("Neg", "Abs")]
    rows: Shape = ["N", 6]
    return _model(nodes, [("x", FLOAT, rows)], [("Neg", FLOAT, rows), ("Abs", FLOAT, rows)], [])


def save(model: onnx.ModelProto, path: Path) -> Path:
    """Write the model to ``path``."""
    path.write_bytes(model.SerializeToString())
    return path


def _model(
    nodes: list[onnx.NodeProto],
    inputs: Sequence[tuple[str, int, Shape]],
    outputs: Sequence[tuple[str, int, Shape]],
    constants: list[TensorProto],
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
