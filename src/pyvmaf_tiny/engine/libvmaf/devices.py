"""A CUDA device other than the first."""

from __future__ import annotations

import ctypes
import os
import sys

from pyvmaf_tiny.errors import DeviceError

_CUDA_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


class CudaContext:
    """The primary CUDA context of a device, for libvmaf to work in.

    libvmaf itself only knows the first device; it takes a context for any other one.
    """

    def __init__(self, index: int) -> None:
        """Raises DeviceError when there is no driver or no such device."""
        try:
            self._driver = ctypes.CDLL(_CUDA_DRIVER)
        except OSError as error:
            raise DeviceError("CUDA's driver cannot be loaded", given=str(error)) from None
        self._device = ctypes.c_int()
        handle = ctypes.c_void_p()
        self._call("cuInit", 0)
        self._call("cuDeviceGet", ctypes.byref(self._device), index)
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(handle), self._device)
        self.handle: int = handle.value or 0
        self._owner = os.getpid()

    def _call(self, function: str, *arguments: object) -> None:
        answer = getattr(self._driver, function)(*arguments)
        if answer:
            raise DeviceError(
                "CUDA's driver refuses the device", given=f"{answer} from {function}()"
            )

    def release(self) -> None:
        """Give the context back, once the stream that worked in it is gone."""
        if self._owner == os.getpid():  # a fork's child has no business with the driver
            self._driver.cuDevicePrimaryCtxRelease(self._device)
