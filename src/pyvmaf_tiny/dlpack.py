"""DLPack: its structures, and capsules of memory that others are to use."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _native

_ffi: Any = _native.ffi

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
_add_reference = _api["Py_IncRef"]
_add_reference.restype = None
_add_reference.argtypes = (ctypes.py_object,)


def _address(function: str) -> int:
    return int(_ffi.cast("uintptr_t", _ffi.addressof(_native.lib, function)))


_DELETER, _DESTRUCTOR = _address("pvt_dlpack_delete"), _address("pvt_dlpack_destroy")


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
    any thread, also while an exception is on its way, and keeps the memory alive until then. It
    is not called at the interpreter's end.
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
    managed.deleter = _DELETER

    def finish(_kept: object = (managed, sizes)) -> None:
        done()

    managed.manager_ctx = id(finish)
    _add_reference(finish)  # the deleter gives it back
    return _new(ctypes.addressof(managed), _NAME, _DESTRUCTOR)
