"""The ONNX graph of a support vector regression, in float64.

The kernel's exponent is a quadratic form of the features x, so that one product gives all of
them, for every vector s of every member with its own slopes a and intercepts b:

    -gamma |a x + b - s|^2 = sum_j (-gamma a_j^2) x_j^2 + (-2 gamma a_j d_j) x_j - gamma d_j^2

with d = b - s. A second product with the coefficients, one column per member, gives all scores:

    features -> [x, x^2] -> MatMul -> Exp -> MatMul -> transform -> clip -> vmaf

A bootstrap collection has a second output, ``bootstrap`` [N, 3]: standard deviation, and the ends
of the 95 % confidence interval of its members, as libvmaf computes them.
"""

from __future__ import annotations

import hashlib
import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.errors import ModelFormatError, OptionError
from pyvmaf_tiny.frames import DEFAULT_GAIN_LIMIT, FEATURES
from pyvmaf_tiny.model.ort import BOOTSTRAP, GAIN_LIMIT

from .document import ScoreTransform, SvrCollection, SvrModel

Floats = NDArray[np.float64]

_OPSET, _IR_VERSION = 17, 8

#: Percentiles at the ends of the confidence interval.
_INTERVAL = (2.5, 97.5)

#: libvmaf's step for the slope of the transform, by which it scales the standard deviation.
_STEP = 0.01


def svr_onnx(
    models: SvrCollection, name: str, *, source: bytes = b"", transform: bool = False
) -> bytes:
    """Write models as an ONNX graph: ``features`` float64 [N, 6] -> ``vmaf`` float64 [N].

    Args:
        models: what :func:`parse_models` gave.
        name: the graph's name.
        source: the JSON they came from; its sha256 goes into the metadata.
        transform: apply the model's score transform (the phone model of vmaf_v0.6.1).

    The metadata says which gain limit the features need, unless it is the default one. Raises
    OptionError when a transform is asked for and the model has none, ModelFormatError when the
    onnx package is missing.
    """
    first = models.first
    if transform and first.transform is None:
        raise OptionError("the model has no score transform", given=name, expected="one with it")
    graph = _Graph()
    exponents = _exponents(models.members)
    coefficients, offset = _scores(models.members)
    x = "features"
    rows = graph.add("Concat", x, graph.add("Mul", x, x), axis=1)
    exponent = graph.add("Add", graph.add("MatMul", rows, exponents[:-1]), exponents[-1:])
    kernel = graph.add("Exp", exponent)
    scores = graph.add("Add", graph.add("MatMul", kernel, coefficients), offset)
    finish = _Finish(graph, first, transform)
    if len(models.members) == 1:
        graph.name_output(finish(graph.squeeze(scores)), "vmaf")
    else:
        mean = graph.add("ReduceMean", scores, axes=[1], keepdims=1)
        graph.name_output(finish(graph.squeeze(mean)), "vmaf")
        spread = _bootstrap(graph, scores, mean, len(models.members), finish)
        graph.name_output(spread, BOOTSTRAP)
    metadata = {
        "feature_order": ",".join(FEATURES),
        "score_transform": "applied" if transform else "not applied",
        "source_sha256": hashlib.sha256(source).hexdigest(),
    }
    if first.gain_limit != DEFAULT_GAIN_LIMIT:
        metadata[GAIN_LIMIT] = repr(first.gain_limit)
    return graph.serialize(name, metadata, bootstrap=len(models.members) > 1)


def _exponents(members: tuple[SvrModel, ...]) -> Floats:
    """(13, V): factors of x, of x^2, and the constant, for every vector of every member."""
    blocks = []
    for member in members:
        d = member.intercepts - member.vectors
        linear = -2 * member.gamma * member.slopes * d
        square = np.broadcast_to(-member.gamma * member.slopes**2, d.shape)
        constant = -member.gamma * (d**2).sum(axis=1, keepdims=True)
        blocks.append(np.hstack([linear, square, constant]))
    return np.ascontiguousarray(np.vstack(blocks).T)


def _scores(members: tuple[SvrModel, ...]) -> tuple[Floats, Floats]:
    """(V, M) coefficients and (1, M) offsets, already divided by the score's slope."""
    total = sum(len(member.coefficients) for member in members)
    coefficients, offset = np.zeros((total, len(members))), np.empty((1, len(members)))
    start = 0
    for column, member in enumerate(members):
        end = start + len(member.coefficients)
        coefficients[start:end, column] = member.coefficients / member.score_slope
        offset[0, column] = -(member.rho + member.score_intercept) / member.score_slope
        start = end
    return coefficients, offset


class _Finish:
    """From raw scores to what libvmaf reports: transform, then clip."""

    def __init__(self, graph: _Graph, model: SvrModel, transform: bool) -> None:
        self._graph = graph
        self._clip = model.clip
        self._transform = model.transform if transform else None

    def __call__(self, raw: str) -> str:
        graph, score = self._graph, raw
        if self._transform is not None:
            score = _transformed(graph, raw, self._transform)
        return (
            score if self._clip is None else graph.add("Clip", score, *map(np.float64, self._clip))
        )


def _transformed(graph: _Graph, raw: str, transform: ScoreTransform) -> str:
    score = raw
    if transform.polynomial is not None:
        p0, p1, p2 = map(np.float64, transform.polynomial)
        linear = graph.add("Add", graph.add("Mul", raw, p1), p0)
        score = graph.add("Add", linear, graph.add("Mul", graph.add("Mul", raw, p2), raw))
    if transform.knots:
        score = _piecewise(graph, score, transform.knots)
    if transform.at_most_input:
        score = graph.add("Min", score, raw)
    if transform.at_least_input:
        score = graph.add("Max", score, raw)
    return score


def _piecewise(graph: _Graph, x: str, knots: tuple[tuple[float, float], ...]) -> str:
    """A chain of segments; the first and the last one go on beyond their knots."""
    total = None
    last = len(knots) - 2
    for index, ((x0, y0), (x1, y1)) in enumerate(pairwise(knots)):
        low = -math.inf if index == 0 else 0.0
        high = math.inf if index == last else x1 - x0
        distance = graph.add("Sub", x, np.float64(x0))
        inside = graph.add("Clip", distance, np.float64(low), np.float64(high))
        part = graph.add("Mul", inside, np.float64((y1 - y0) / (x1 - x0)))
        total = graph.add("Add", part, np.float64(y0) if total is None else total)
    assert total is not None
    return total


def _bootstrap(graph: _Graph, scores: str, mean: str, count: int, finish: _Finish) -> str:
    """Standard deviation and confidence interval: [N, 3]."""
    deviation = graph.add("Sub", scores, mean)
    variance = graph.add("ReduceMean", graph.add("Mul", deviation, deviation), axes=[1], keepdims=1)
    above = finish(graph.add("Add", mean, np.float64(_STEP)))
    below = finish(graph.add("Sub", mean, np.float64(_STEP)))
    slope = graph.add("Mul", graph.add("Sub", above, below), np.float64(1 / (2 * _STEP)))
    columns = [graph.add("Mul", graph.add("Sqrt", variance), slope)]
    ascending = graph.add("TopK", scores, np.array([count]), axis=1, largest=0, outputs=2)
    for percent in _INTERVAL:
        weights = np.zeros((count, 1))
        place = percent * (count - 1) / 100
        left = math.floor(place)
        weights[left] = 1 - (place - left)
        weights[math.ceil(place)] += place - left
        columns.append(finish(graph.add("MatMul", ascending, weights)))
    return graph.add("Concat", *columns, axis=1)


class _Graph:
    """Collects nodes and constants; every value gets a name of its own."""

    def __init__(self) -> None:
        try:
            import onnx
        except ImportError as error:
            raise ModelFormatError(
                "importing a libvmaf model needs the onnx package",
                hint='pip install "pyvmaf-tiny[import]"',
            ) from error
        self._onnx: Any = onnx
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._count = 0

    def add(
        self,
        operator: str,
        *inputs: str | Floats | np.float64 | NDArray[np.int64],
        outputs: int = 1,
        **attributes: object,
    ) -> str:
        """Append a node and return the name of its first output."""
        names = [value if isinstance(value, str) else self._constant(value) for value in inputs]
        results = [self._name(operator.lower()) for _ in range(outputs)]
        self._nodes.append(self._onnx.helper.make_node(operator, names, results, **attributes))
        return results[0]

    def squeeze(self, column: str) -> str:
        """[N, 1] -> [N]."""
        return self.add("Squeeze", column, np.array([1]))

    def name_output(self, value: str, name: str) -> None:
        self._nodes.append(self._onnx.helper.make_node("Identity", [value], [name]))

    def serialize(self, name: str, metadata: dict[str, str], *, bootstrap: bool) -> bytes:
        helper, double = self._onnx.helper, self._onnx.TensorProto.DOUBLE
        outputs = [helper.make_tensor_value_info("vmaf", double, ["N"])]
        if bootstrap:
            outputs.append(helper.make_tensor_value_info(BOOTSTRAP, double, ["N", 3]))
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info("features", double, ["N", len(FEATURES)])],
            outputs,
            self._constants,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="pyvmaf-tiny",
        )
        helper.set_model_props(model, metadata)
        self._onnx.checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString()
        return data

    def _constant(self, value: Floats | np.float64 | NDArray[np.int64]) -> str:
        name = self._name("constant")
        self._constants.append(self._onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"
