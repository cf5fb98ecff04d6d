"""What ``engine_device`` names, and a CUDA device other than the first."""

from __future__ import annotations

import ctypes
import re
import sys
from dataclasses import dataclass

from pyvmaf_tiny.errors import DeviceError, OptionError

KINDS = ("cpu", "cuda", "sycl")

_DEVICE = re.compile(r"(cpu|cuda|sycl)(?::(\d{1,4}))?")

_CUDA_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


@dataclass(frozen=True, slots=True)
class EngineDevice:
    """A kind of :data:`KINDS` and the number among several; None where libvmaf chooses."""

    kind: str
    index: int | None


def engine_device(name: object) -> EngineDevice:
    """Read "cpu", "cuda", "cuda:1", "sycl:0"; OptionError for anything else."""
    found = _DEVICE.fullmatch(name) if isinstance(name, str) else None
    if found is None or (found[1] == "cpu" and found[2]):
        raise OptionError(
            "unknown engine_device",
            given=repr(name),
            expected='"cpu", "cuda" or "sycl", with ":1" and so on for one of several GPUs',
        )
    return EngineDevice(found[1], None if found[2] is None else int(found[2]))


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

    def _call(self, function: str, *arguments: object) -> None:
        answer = getattr(self._driver, function)(*arguments)
        if answer:
            raise DeviceError(
                "CUDA's driver refuses the device", given=f"{answer} from {function}()"
            )

    def release(self) -> None:
        """Give the context back, after the last stream that used it is gone."""
        self._driver.cuDevicePrimaryCtxRelease(self._device)
