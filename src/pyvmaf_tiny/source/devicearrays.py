"""Frames that are in a GPU's memory already: CuPy, PyTorch, decoders, dpctl.

Three protocols say where such memory is: ``__cuda_array_interface__``, ``__dlpack__`` and
``__sycl_usm_array_interface__``. Nothing is copied here; the engine copies on the device.

What may still be writing to CUDA memory: version 3 of the interface names a stream, or says that
nobody is. PyTorch has version 2, without streams, so it is asked for its current stream. Any other
array of an older version is made to wait by DLPack, and if it has none, it is taken to use CUDA's
default stream, which was the convention.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from pyvmaf_tiny import dlpack
from pyvmaf_tiny.errors import FrameTypeError
from pyvmaf_tiny.frames import DevicePlane

#: DLPack's numbers of memory that CUDA kernels can read: of a device, and managed.
_DLPACK_CUDA = (2, 13)

#: CUDA's number of the stream that is meant where none is named.
_DEFAULT_STREAM = 1

#: The first version of ``__cuda_array_interface__`` that has streams.
_WITH_STREAMS = 3


#: What the protocols' properties and methods raise that are not to be had, in one library or
#: another: PyTorch says so of types that have no name there and of tensors with a gradient.
_REFUSALS = (
    *(AttributeError, LookupError, TypeError, ValueError, ArithmeticError),
    *(RuntimeError, BufferError),
)


def is_on_device(value: object) -> bool:
    """Whether ``value`` is an array in a GPU's memory, be it one that does not say where."""
    try:
        if hasattr(value, "__cuda_array_interface__"):
            return True
        if hasattr(value, "__sycl_usm_array_interface__"):
            return True
    except _REFUSALS:  # it has the property: device_plane says what is wrong with it
        return True
    try:
        return _has_dlpack(value)
    except _REFUSALS:
        return False


def device_plane(value: Any, where: str) -> DevicePlane:
    """The memory of an array for which :func:`is_on_device`; its type and size are not checked.

    Raises FrameTypeError when its protocol says nothing that is understood, or that it has a mask.
    """
    try:
        interface = getattr(value, "__cuda_array_interface__", None)
        if interface is not None:
            if interface.get("mask") is not None:
                raise FrameTypeError(f"{where}: a masked array", hint="fill it first")
            return _of_cuda(value, interface)
        if hasattr(value, "__sycl_usm_array_interface__"):
            interface = value.__sycl_usm_array_interface__
            return _of_interface("sycl", value, interface, np.dtype(interface["typestr"]).itemsize)
        return _of_dlpack(value)
    except FrameTypeError:
        raise
    except _REFUSALS as error:
        raise FrameTypeError(
            f"{where}: its memory on the GPU cannot be told",
            given=f"{type(value).__name__} ({error})",
            expected="__cuda_array_interface__, __dlpack__ or __sycl_usm_array_interface__",
        ) from error


def _of_cuda(value: Any, interface: Any) -> DevicePlane:
    if interface.get("version", 0) >= _WITH_STREAMS:
        stream = interface.get("stream")
        if stream == 0:
            raise ValueError("stream 0, which the interface forbids")
        return _of_interface("cuda", value, interface, 1, stream, stream is not None)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        # DLPack would do as well for what is under way, but only with the stream can PyTorch's
        # later work be made to wait; and it refuses tensors of another GPU than the current one.
        current = torch.cuda.current_stream(value.device).cuda_stream
        return _of_interface("cuda", value, interface, 1, current or _DEFAULT_STREAM, True)
    if _has_dlpack(value):
        return _of_dlpack(value)
    return _of_interface("cuda", value, interface, 1, _DEFAULT_STREAM)


def _has_dlpack(value: Any) -> bool:
    """Whether it is in memory of a CUDA device and says so by DLPack."""
    return hasattr(value, "__dlpack_device__") and value.__dlpack_device__()[0] in _DLPACK_CUDA


def _of_interface(
    kind: str,
    owner: Any,
    interface: Any,
    stride_unit: int,
    stream: int | None = None,
    ordered: bool = False,
) -> DevicePlane:
    dtype, shape = np.dtype(interface["typestr"]), tuple(interface["shape"])
    strides = interface.get("strides")
    if strides is None:
        strides = _dense(shape, dtype.itemsize)
    else:
        strides = tuple(stride_unit * step for step in strides)
    address = interface["data"][0] + interface.get("offset", 0) * stride_unit
    return DevicePlane(kind, address, shape, dtype, strides, owner, stream, ordered)


def _dense(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    strides: list[int] = []
    for n in reversed(shape):
        strides.insert(0, itemsize)
        itemsize *= n
    return tuple(strides)


# ---- DLPack -------------------------------------------------------------------------------------


def _of_dlpack(value: Any) -> DevicePlane:
    """The capsule is never consumed, so it frees the tensor when it is itself freed.

    The producer makes the default stream wait for its own; which that is, it does not say.
    """
    capsule = value.__dlpack__(stream=_DEFAULT_STREAM)
    tensor = dlpack.tensor_of(capsule)
    if tensor.code not in dlpack.KINDS or tensor.lanes != 1:
        raise ValueError(f"DLPack type {tensor.code} of {tensor.bits} bits")
    dtype = np.dtype(f"{dlpack.KINDS[tensor.code]}{tensor.bits // 8}")
    shape = tuple(tensor.shape[: tensor.ndim])
    if tensor.strides:
        strides = tuple(dtype.itemsize * step for step in tensor.strides[: tensor.ndim])
    else:
        strides = _dense(shape, dtype.itemsize)
    address = (tensor.data or 0) + tensor.byte_offset
    return DevicePlane("cuda", address, shape, dtype, strides, capsule, _DEFAULT_STREAM)
