"""Results as arrays in the device's memory, for others to go on with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny import dlpack
from pyvmaf_tiny.errors import FrameTypeError

from .results import DEFAULT_STREAM, Result

#: The first number that is a stream's own handle; below are CUDA's names for default streams.
_FIRST_HANDLE = 3


class DeviceArray:
    """A dense array in a GPU's memory, whose values are there as soon as the GPU has made them.

    Nothing that this class offers waits for them, except :meth:`to_host`. The memory is used
    again when neither the array nor anything that was made of it exists any more.

    Attributes:
        shape: as NumPy's.
        dtype: as NumPy's: float64 for features, float32 for scores.
        device: where it is: "cuda:0", "sycl:0".
    """

    def __init__(
        self, result: Result, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        """The part of ``result`` from ``offset`` bytes on."""
        self.shape, self.dtype = shape, dtype
        self.device = result.memory.device
        self._result, self._offset = result, offset

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, _: object) -> NoReturn:
        """Also what iterating asks for."""
        self._refuse("is not indexed or iterated")

    def __array__(self, *_: object, **__: object) -> NoReturn:
        """Without it NumPy would make an array of one object."""
        self._refuse("is not copied to the host unasked")

    def _refuse(self, what: str) -> NoReturn:
        raise FrameTypeError(
            f"an array on the device {what}",
            given=repr(self),
            hint="to_host() makes a NumPy array of it",
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.shape} {self.dtype} on {self.device}>"

    @property
    def nbytes(self) -> int:
        """Bytes of its values."""
        return math.prod(self.shape) * self.dtype.itemsize

    def to_host(self) -> NDArray[Any]:
        """Wait for the values and copy them into a NumPy array.

        Raises EngineError when the device failed.
        """
        host = np.empty(self.nbytes, np.uint8)
        self._result.read(host, self._offset)
        return host.view(self.dtype).reshape(self.shape)

    def _interface(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self._result.address + self._offset, False),
            "strides": None,
        }


class CudaArray(DeviceArray):
    """In a CUDA device's memory: for CuPy, PyTorch, JAX, Numba."""

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """Version 3; CUDA's default stream waits for the values, and is the one that is named."""
        self._result.use_until_given_back(DEFAULT_STREAM)
        return self._interface() | {"version": 3, "stream": DEFAULT_STREAM}

    def __dlpack_device__(self) -> tuple[int, int]:
        """DLPack's number of CUDA, and that of the device."""
        return dlpack.CUDA, int(self.device.partition(":")[2])

    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A capsule. ``stream``, None for CUDA's default one, waits for the values; -1: none does.

        The consumer's later work on the memory is to be on that stream as well.
        """
        if copy or dl_device not in (None, self.__dlpack_device__()):
            raise BufferError("DeviceArray gives its own memory only")
        if stream == 0 or (stream is not None and stream < -1):
            raise ValueError(f"stream {stream}: CUDA's default streams are 1 and 2")
        result, user = self._result, DEFAULT_STREAM if stream is None else stream
        result.lend(None if user == -1 else user)
        # Which thread will give a thread's own stream back nobody knows; the default one waits
        # for those.
        last = user if user >= _FIRST_HANDLE else DEFAULT_STREAM
        address = result.address + self._offset
        device = self.__dlpack_device__()
        return dlpack.capsule(
            address, self.shape, self.dtype, device, lambda: result.take_back(last)
        )


class SyclArray(DeviceArray):
    """In a SYCL device's memory: for dpctl and dpnp. Work on it belongs into its own queue."""

    @property
    def __sycl_usm_array_interface__(self) -> dict[str, Any]:
        """The queue that it names is in order and makes the values."""
        queue = self._result.memory.queue
        return self._interface() | {"version": 1, "offset": 0, "syclobj": queue}


@dataclass(frozen=True, slots=True)
class DeviceFrames:
    """Consecutive frames whose features and scores are in the GPU's memory.

    ``first`` is the index of the first one, ``len()`` their number n. ``features`` is float64
    (n, 6) in the order of ``FEATURES``. ``scores`` is float32 (n,), None without a model; NaN
    where the features are not finite or the model gives no finite number. Of a scorer of several
    renditions they are (n, renditions, 6) and (n, renditions).
    """

    first: int
    features: DeviceArray
    scores: DeviceArray | None

    def __len__(self) -> int:
        return self.features.shape[0]
