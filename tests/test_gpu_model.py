"""Networks on the device: the scores of ONNX Runtime, but for what single precision leaves open."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from gpu_device import entered
from model_graphs import row_sums, save
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pyvmaf_tiny import ModelError, load_model, models
from pyvmaf_tiny.engine.gpu.backend import Backend, constant
from pyvmaf_tiny.engine.gpu.network import NetworkKernel
from pyvmaf_tiny.model.layers import load_network
from pyvmaf_tiny.network import Network

#: Largest deviation from ONNX Runtime, of scores up to 100. Measured: 0.000069.
TOLERANCE = 1e-4

ROWS = 200_000


def feature_rows() -> NDArray[np.float64]:
    rng = np.random.default_rng(7)
    rows = rng.random((ROWS, 6))
    rows[: ROWS // 2, :5] = 1.0 - rows[: ROWS // 2, :5] ** 3
    rows[:, 5] *= 30.0
    return rows


def on_device(
    network: Network, rows: NDArray[np.float64], backend: Backend | None = None
) -> NDArray[np.float32]:
    if backend is None:
        with entered() as opened:
            return on_device(network, rows, opened)
    kernel, scores = NetworkKernel(backend, network), backend.allocate(4 * len(rows))
    kernel.run(constant(backend, rows), len(rows), scores)
    host = np.empty(4 * len(rows), np.uint8)
    backend.download(host, scores)
    backend.finish()
    return host.view(np.float32)


@pytest.mark.parametrize("model", [each.id for each in models()])
def test_shipped_models(model: str) -> None:
    rows = feature_rows()
    expected = load_model(model).predict(rows)
    away = np.abs(on_device(load_network(model), rows) - expected)
    print(f"{model}: at most {away.max():.6f} from ONNX Runtime, {(away > TOLERANCE).sum()} rows")
    if model.endswith(".int8"):
        # A value halfway between two integers may go the other way: seldom, and then by one step.
        assert (away > TOLERANCE).sum() <= ROWS // 20_000
        assert away.max() < 0.5
    else:
        assert away.max() <= TOLERANCE


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e10])
@pytest.mark.parametrize("column", range(6))
def test_rows_that_no_frame_has(column: int, value: float) -> None:
    """The model would give a plausible score to some of them; ``Model.predict`` refuses them."""
    rows = feature_rows()[:3]
    rows[1, column] = value
    scores = on_device(load_network(), rows)
    assert np.isnan(scores).tolist() == [False, True, False]


# ---- operators ----------------------------------------------------------------------------------


def graph_of(
    nodes: list[onnx.NodeProto], constants: dict[str, NDArray[Any]], *, type_: int = 1
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", type_, ["N", 6])],
        [helper.make_tensor_value_info("score", type_, None)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def every_operator() -> onnx.ModelProto:
    rng = np.random.default_rng(2)

    def numbers(*shape: int) -> NDArray[np.float32]:
        return rng.normal(size=shape).astype(np.float32)

    make = helper.make_node
    nodes = [
        make("Constant", [], ["wide"], value=numpy_helper.from_array(numbers(1, 6))),
        make("Add", ["x", "wide"], ["a"]),
        make("Div", ["two", "a"], ["b"]),
        make("Tanh", ["b"], ["c"]),
        make("Gemm", ["c", "w0", "row"], ["d"], transB=1, alpha=0.5, beta=2.0),
        make("LeakyRelu", ["d"], ["e"], alpha=0.2),
        make("Sigmoid", ["d"], ["f"]),
        make("Mul", ["e", "f"], ["g"]),
        make("Sub", ["g", "d"], ["h"]),
        make("Identity", ["h"], ["i"]),
        make("Clip", ["i", "", "two"], ["j"]),
        make("QuantizeLinear", ["j", "scale", "zero"], ["k"]),
        make("DequantizeLinear", ["k", "scale", "zero"], ["l"]),
        make("Relu", ["l"], ["m"]),
        make("Transpose", ["w1"], ["w1t"], perm=[1, 0]),
        make("MatMul", ["m", "w1t"], ["n"]),
        make("Sub", ["two", "n"], ["o"]),
        make("Flatten", ["o"], ["p"]),
        make("Reshape", ["p", "flat"], ["score"]),
    ]
    constants = {
        "two": np.float32(2.0) * np.ones((), np.float32),
        "w0": numbers(200, 6),
        "row": numbers(1, 200),
        "scale": np.array(0.0625, np.float32),
        "zero": np.array(100, np.uint8),
        "w1": numbers(1, 200),
        "flat": np.array([-1], np.int64),
    }
    return graph_of(nodes, constants)


def test_every_operator(tmp_path: Path) -> None:
    """More outputs than a work group has items, too."""
    path, rows = save(every_operator(), tmp_path / "own.onnx"), feature_rows()[:2000]
    away = np.abs(on_device(load_network(path), rows) - load_model(path).predict(rows))
    assert np.quantile(away, 0.9) < TOLERANCE
    assert away.max() < 0.3  # steps of 1/16, from values halfway between them


def mean_of_some() -> onnx.ModelProto:
    make = helper.make_node
    nodes = [make("Relu", ["x"], ["y"]), make("Mul", ["x", "y"], ["z"])]
    nodes += [make("ReduceMean", ["z"], ["score"], axes=[1], keepdims=0)]
    return graph_of(nodes, {})


def wide() -> onnx.ModelProto:
    make = helper.make_node
    nodes = [make("MatMul", ["x", "a"], ["y"]), make("MatMul", ["y", "b"], ["score"])]
    return graph_of(nodes, {"a": np.ones((6, 3000), np.float32), "b": np.ones((3000, 1), "f4")})


def doubles() -> onnx.ModelProto:
    return graph_of(
        [helper.make_node("MatMul", ["x", "a"], ["score"])],
        {"a": np.ones((6, 1))},
        type_=TensorProto.DOUBLE,
    )


def several_scales() -> onnx.ModelProto:
    make = helper.make_node
    nodes = [
        make("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
        make("DequantizeLinear", ["q", "scale", "zero"], ["y"]),
        make("MatMul", ["y", "a"], ["score"]),
    ]
    constants: dict[str, NDArray[Any]] = {
        "scale": np.ones(6, np.float32),
        "zero": np.zeros(6, np.int8),
        "a": np.ones((6, 1), np.float32),
    }
    return graph_of(nodes, constants)


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (row_sums(), "own.onnx, with the operator ReduceSum"),
        (mean_of_some(), "the operator ReduceMean"),
        (several_scales(), r"the operator QuantizeLinear used otherwise \("),
        (doubles(), "an input that is not float32"),
        (wide(), "own.onnx, with 3007 values between its layers, expected at most 2048"),
    ],
)
def test_other_graphs_are_refused(graph: onnx.ModelProto, said: str, tmp_path: Path) -> None:
    path = save(graph, tmp_path / "own.onnx")
    assert load_model(path).predict(feature_rows()[:2]).shape == (2,)
    with pytest.raises(ModelError, match=rf"{said}.*model=False gives the features"):
        on_device(load_network(path), feature_rows())


def test_without_the_onnx_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModelError, match=r"need the onnx package.*pip install onnx"):
        load_network()
