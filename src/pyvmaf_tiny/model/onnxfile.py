"""A look into an ONNX file before ONNX Runtime sees it: is it whole, and what would it run?

A graph may keep weights in other files ("external data"). ONNX Runtime would open them relative
to the current directory, unhashed; such models are refused here. The protobuf wire format is
walked directly, so that running a model does not need the onnx package.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pyvmaf_tiny.errors import ModelFormatError

# Fields that lead from a message of onnx.proto to its nodes and tensors, by field number.
_CHILDREN: dict[str, dict[int, str]] = {
    "ModelProto": {
        7: "GraphProto",
        8: "OperatorSetIdProto",
        20: "TrainingInfoProto",
        25: "FunctionProto",
    },
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "GraphProto": {1: "NodeProto", 5: "TensorProto", 15: "SparseTensorProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: "TensorProto",
        6: "GraphProto",
        10: "TensorProto",
        11: "GraphProto",
        22: "SparseTensorProto",
        23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto"},
}
# TensorProto
_EXTERNAL_DATA = 13
_DATA_LOCATION = 14
# Texts: what a node runs, and whose operators have which version
_TEXTS = {"NodeProto": {4: "name", 7: "domain"}, "OperatorSetIdProto": {1: "domain"}}
_OPSET_VERSION = 2
#: The long way to write the empty domain.
_DEFAULT_DOMAIN = "ai.onnx"

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass
class GraphFacts:
    """What a file would run: operators ("Gemm"; of other domains "com.example:Gemm"), opsets.

    ``opsets`` maps a domain ("" is ONNX's own) to the version that the file was written for.
    """

    operators: set[str] = field(default_factory=set)
    opsets: dict[str, int] = field(default_factory=dict)


def read_graph(data: bytes, name: str) -> GraphFacts:
    """Walk an ONNX file, subgraphs and functions included. ``name`` is for messages.

    Raises ModelFormatError: not an ONNX file, or it does not carry all its weights.
    """
    facts = GraphFacts()
    pending = [("ModelProto", 0, len(data))]
    graphs = 0
    while pending:
        message, position, end = pending.pop()
        graphs += message == "GraphProto"
        children, texts = _CHILDREN.get(message, {}), _TEXTS.get(message, {})
        text = dict.fromkeys(texts.values(), "")
        version = 0
        for number, value, start, stop in _fields(data, position, end, name):
            if message == "TensorProto":
                if number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value):
                    raise _elsewhere(name)
            elif stop and number in children:
                pending.append((children[number], start, stop))
            elif stop and number in texts:
                text[texts[number]] = data[start:stop].decode("utf-8", "replace")
            elif message == "OperatorSetIdProto" and number == _OPSET_VERSION:
                version = value
        if message in _TEXTS:
            domain = "" if text["domain"] == _DEFAULT_DOMAIN else text["domain"]
            if message == "NodeProto":
                facts.operators.add(f"{domain}:{text['name']}" if domain else text["name"])
            else:
                facts.opsets[domain] = version
    if graphs == 0:
        raise _not_onnx(name)
    return facts


def _fields(data: bytes, position: int, end: int, name: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield number and value of a message's fields, and where one with bytes starts and stops.

    A field without bytes stops at 0. The value of one with bytes is their number.
    """
    while position < end:
        tag, position = _varint(data, position, end, name)
        number, wire = tag >> 3, tag & 7
        start = stop = 0
        if wire == _VARINT:
            value, position = _varint(data, position, end, name)
        elif wire == _BYTES:
            value, start = _varint(data, position, end, name)
            position = stop = start + value
        elif wire in (_FIXED32, _FIXED64):
            value, position = 0, position + (4 if wire == _FIXED32 else 8)
        else:
            raise _not_onnx(name)
        if position > end:
            raise _not_onnx(name)
        yield number, value, start, stop


def _varint(data: bytes, position: int, end: int, name: str) -> tuple[int, int]:
    value = shift = 0
    while position < end and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise _not_onnx(name)


def _elsewhere(name: str) -> ModelFormatError:
    return ModelFormatError(
        "the model keeps weights in another file",
        given=name,
        expected="an ONNX file that holds all its data",
        hint='onnx.save(onnx.load("model.onnx"), "one.onnx") makes one',
    )


def _not_onnx(name: str) -> ModelFormatError:
    return ModelFormatError("not an ONNX model", given=name, expected="a file written by ONNX")
