"""A look into an ONNX file before ONNX Runtime sees it.

A graph may keep weights in other files ("external data"). ONNX Runtime would open them relative
to the current directory, unhashed; such models are refused here. The protobuf wire format is
walked directly, so that running a model does not need the onnx package.
"""

from __future__ import annotations

from pyvmaf_tiny.errors import ModelFormatError

# Fields that lead from a message of onnx.proto to the tensors in it, by field number.
_CHILDREN: dict[str, dict[int, str]] = {
    "ModelProto": {7: "GraphProto", 20: "TrainingInfoProto", 25: "FunctionProto"},
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
_EXTERNAL_DATA = 13
_DATA_LOCATION = 14

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def check_self_contained(data: bytes, name: str) -> None:
    """Raise ModelFormatError unless ``data`` is an ONNX file that carries all its weights.

    ``name`` is for the message.
    """
    pending = [("ModelProto", 0, len(data))]
    graphs = 0
    while pending:
        message, position, end = pending.pop()
        graphs += message == "GraphProto"
        while position < end:
            tag, position = _varint(data, position, end, name)
            field, wire = tag >> 3, tag & 7
            start = position
            if wire == _VARINT:
                value, position = _varint(data, position, end, name)
            elif wire == _BYTES:
                value, start = _varint(data, position, end, name)
                position = start + value
            elif wire in (_FIXED32, _FIXED64):
                value, position = 0, position + (4 if wire == _FIXED32 else 8)
            else:
                raise _not_onnx(name)
            if position > end:
                raise _not_onnx(name)
            if message == "TensorProto":
                if field == _EXTERNAL_DATA or (field == _DATA_LOCATION and value):
                    raise ModelFormatError(
                        "the model keeps weights in another file",
                        given=name,
                        expected="an ONNX file that holds all its data",
                        hint='onnx.save(onnx.load("model.onnx"), "one.onnx") makes one',
                    )
            elif wire == _BYTES and field in _CHILDREN[message]:
                pending.append((_CHILDREN[message][field], start, position))
    if graphs == 0:
        raise _not_onnx(name)


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


def _not_onnx(name: str) -> ModelFormatError:
    return ModelFormatError("not an ONNX model", given=name, expected="a file written by ONNX")
