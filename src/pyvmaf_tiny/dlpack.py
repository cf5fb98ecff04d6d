"""DLPack: its structures, and capsules of memory that others are to use."""

from __future__ import annotations

import ctypes
import functools
import itertools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

#: DLPack's number of a CUDA device's memory.
CUDA = 2

#: DLPack's type codes.
KINDS = {0: "i", 1: "u", 2: "f", 6: "b"}
_CODES = {kind: code for code, kind in KINDS.items()}


class Tensor(ctypes.Structure):
    """``DLTensor``."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


class ManagedTensor(ctypes.Structure):
    """``DLManagedTensor``; the deleter is given the structure's address."""

    _fields_ = (
        ("tensor", Tensor),
        ("manager_ctx", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
    )


_NAME = b"dltensor"  # capsules keep its address; a name of this module stays

# Functions of our own: the ones that ctypes.pythonapi shares may be declared otherwise by others.
_api = ctypes.PyDLL(None)
_new = _api["PyCapsule_New"]
_new.restype = ctypes.py_object
_new.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
_pointer_of = _api["PyCapsule_GetPointer"]
_pointer_of.restype = ctypes.c_void_p
_pointer_of.argtypes = (ctypes.py_object, ctypes.c_char_p)
# For a capsule that is being freed: it must not be taken as an object again.
_is_valid = _api["PyCapsule_IsValid"]
_is_valid.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
_pointer_of_dying = _api["PyCapsule_GetPointer"]
_pointer_of_dying.restype = ctypes.c_void_p
_pointer_of_dying.argtypes = (ctypes.c_void_p, ctypes.c_char_p)

#: What is in the hands of others: the structure, its shape and strides, and what to do at the end.
_exported: dict[int, tuple[Any, Any, Callable[[], None]]] = {}


def tensor_of(capsule: Any) -> Tensor:
    """The tensor of a capsule that nobody has taken; it lives as long as the capsule."""
    return Tensor.from_address(_pointer_of(capsule, _NAME))


def capsule(
    address: int,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    device: tuple[int, int],
    done: Callable[[], None],
) -> Any:
    """A capsule "dltensor" of dense memory; ``done`` is called once when nobody uses it any more.

    ``device`` is DLPack's number of the kind and that of the device. ``done`` may be called by
    any thread, and keeps the memory alive until then.
    """
    strides = [1, *itertools.accumulate(reversed(shape[1:]), lambda a, b: a * b)][::-1]
    sizes = (ctypes.c_int64 * (2 * len(shape)))(*shape, *strides)
    managed = ManagedTensor()
    tensor, at = managed.tensor, ctypes.addressof(sizes)
    tensor.data, tensor.device_type, tensor.device_id = address, *device
    tensor.ndim, tensor.lanes = len(shape), 1
    tensor.code, tensor.bits = _CODES[dtype.kind], 8 * dtype.itemsize
    tensor.shape = ctypes.cast(at, ctypes.POINTER(ctypes.c_int64))
    tensor.strides = ctypes.cast(at + 8 * len(shape), ctypes.POINTER(ctypes.c_int64))
    deleter, destructor = _callbacks()
    managed.deleter = ctypes.cast(deleter, ctypes.c_void_p)
    _exported[ctypes.addressof(managed)] = (managed, sizes, done)
    return _new(ctypes.addressof(managed), _NAME, destructor)


# What they need they have as defaults: at the interpreter's end a module's names are gone first,
# and then nothing has to be given back any more.
def _delete(address: int, exported: Any = _exported, ending: Any = sys.is_finalizing) -> None:
    """The consumer is done."""
    _, _, done = exported.pop(address)
    if not ending():
        done()


def _destroy(
    dying: int, valid: Any = _is_valid, pointer: Any = _pointer_of_dying, delete: Any = _delete
) -> None:
    """The capsule is freed. Nobody took the tensor if it still has its name."""
    if valid(dying, b"dltensor"):
        delete(pointer(dying, b"dltensor"))


@functools.cache
def _callbacks() -> tuple[Any, Any]:
    """:func:`_delete` and :func:`_destroy` for C, which may call them until the very end."""
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    made = kind(_delete), kind(_destroy)
    for function in made:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(function))
    return made
