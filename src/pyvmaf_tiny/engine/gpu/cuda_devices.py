"""The CUDA driver, its devices, and the kernels for one: what has to be right before any work."""

from __future__ import annotations

from typing import Any

from pyvmaf_tiny.errors import DeviceError

from .driver import answer, call, fail
from .nvrtc import INSTALL, kernels_for, module

#: The oldest driver for the packages of each major version of CUDA, as NVIDIA's table of minor
#: version compatibility has it.
_OLDEST_DRIVER = {12: 525, 13: 580}

#: What to do where the driver is there and does not start.
_START_HINTS = {
    "CUDA_ERROR_NO_DEVICE": "no GPU can be seen: does nvidia-smi list one, does "
    "CUDA_VISIBLE_DEVICES hide it, was the container given one?",
    "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH": "the driver's library and its kernel module are of "
    "different versions: restart the machine after an update, or mount the host's library",
    "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE": "a cuda-compat library is found before the "
    "driver's own, and this GPU does not take it: see LD_LIBRARY_PATH",
    "CUDA_ERROR_NOT_INITIALIZED": "a process that was forked from one that used the GPU cannot: "
    'start processes with "spawn"',
    "CUDA_ERROR_STUB_LIBRARY": "the toolkit's stub is found before the driver: see LD_LIBRARY_PATH",
}


#: What a driver says of kernels that it cannot use, and what to do.
_OLDER = "a newer driver takes what this NVRTC makes, or an older NVRTC makes what this one takes"
_REFUSALS = {
    "CUDA_ERROR_INVALID_IMAGE": _OLDER,
    "CUDA_ERROR_NO_BINARY_FOR_GPU": _OLDER,
    "CUDA_ERROR_INVALID_PTX": _OLDER,
    "CUDA_ERROR_UNSUPPORTED_PTX_VERSION": _OLDER,
    "CUDA_ERROR_JIT_COMPILER_NOT_FOUND": "this NVRTC does not know the GPU, so the driver has to "
    "compile, and its library for that is missing: libnvidia-ptxjitcompiler.so.1",
    "CUDA_ERROR_JIT_COMPILATION_DISABLED": "this NVRTC does not know the GPU, so the driver has "
    "to compile, which CUDA_DISABLE_PTX_JIT forbids",
}


def initialised() -> Any:
    """The bindings of the driver, started.

    Raises DeviceError: no package, no driver, one that does not start, or one that is too old
    for the packages.
    """
    cuda = module("driver")
    hint = f'is a driver installed, and given to the container? device="cpu" needs none; {INSTALL}'
    try:
        status, *_ = cuda.cuInit(0)
    except RuntimeError as error:  # the bindings look for the library when they are first used
        raise DeviceError(f"no CUDA driver ({error})", hint=hint) from error
    if status != cuda.CUresult.CUDA_SUCCESS:
        hint = _START_HINTS.get(status.name, "nvidia-smi may tell more")
        raise DeviceError("the CUDA driver does not start", given=status.name, hint=hint)
    _check_version(cuda)
    return cuda


def _check_version(cuda: Any) -> None:
    """A driver works with packages of its own major version, however new, and with older ones."""
    version, wanted = call(cuda, "cuDriverGetVersion"), cuda.CUDA_VERSION // 1000
    if version // 1000 >= wanted:
        return
    install = (
        f'pip install "pyvmaf-tiny[cuda{version // 1000}]" takes packages for this driver'
        if version // 1000 in _OLDEST_DRIVER
        else f"the oldest driver that can be used is {min(_OLDEST_DRIVER.values())}"
    )
    raise DeviceError(
        "the NVIDIA driver is older than the CUDA packages installed here",
        given=f"one for CUDA {_dotted(version)}",
        expected=f"CUDA {wanted}.0 or newer (driver {_OLDEST_DRIVER.get(wanted, 'newer')} and up)",
        hint=f"{install}; or update the driver",
    )


def choose(cuda: Any, index: int | None) -> Any:
    """The device of that number, or the first; DeviceError when there is none."""
    count = call(cuda, "cuDeviceGetCount")
    if (index or 0) >= count:
        raise DeviceError(
            "no such CUDA device",
            given=f"cuda:{index or 0}",
            expected=f"one of {count}"
            if count
            else "one of those that there are, but there is none",
            hint="they are counted from 0, without those that CUDA_VISIBLE_DEVICES hides; of the "
            "parts of a GPU (MIG) a process sees one",
        )
    return call(cuda, "cuDeviceGet", index or 0)


def device_name(cuda: Any, device: Any) -> str:
    """The marketing name."""
    return str(call(cuda, "cuDeviceGetName", 128, device).split(b"\0")[0].decode())


def pci_bus_id(cuda: Any, index: int) -> str:
    """Where a device is on the bus, which every tool understands alike."""
    device = choose(cuda, index)
    return str(call(cuda, "cuDeviceGetPCIBusId", 32, device).split(b"\0")[0].decode())


def versions(cuda: Any) -> dict[str, str]:
    """Of CUDA: the one that the driver is for, and the one of the packages."""
    return {
        "cuda_of_driver": _dotted(call(cuda, "cuDriverGetVersion")),
        "cuda_of_packages": _dotted(cuda.CUDA_VERSION),
    }


def load_kernels(cuda: Any, device: Any, sample_bytes: int, limits: int) -> Any:
    """The kernels as a module of the current context, compiled or from the cache.

    What the driver refuses is compiled once more: it may be a file that is not what it was.
    Raises DeviceError: too old a GPU, NVRTC missing, or a driver that takes no kernels of its.
    """
    capability = _capability(cuda, device)
    for fresh in (False, True):
        kernels = kernels_for(capability, sample_bytes, limits, fresh=fresh)
        status, loaded = answer(cuda, "cuModuleLoadData", kernels)
        if status == cuda.CUresult.CUDA_SUCCESS:
            return loaded
        if status.name not in _REFUSALS:
            fail(cuda, "cuModuleLoadData", status)
    raise DeviceError(
        "the CUDA driver does not take the compiled kernels",
        given=f"{status.name}, {device_name(cuda, device)} with a driver for CUDA "
        f"{_dotted(call(cuda, 'cuDriverGetVersion'))}, packages for {_dotted(cuda.CUDA_VERSION)}",
        hint=_REFUSALS[status.name],
    )


def _capability(cuda: Any, device: Any) -> int:
    kinds = cuda.CUdevice_attribute
    major = kinds.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
    minor = kinds.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR
    return int(
        10 * call(cuda, "cuDeviceGetAttribute", major, device)
        + call(cuda, "cuDeviceGetAttribute", minor, device)
    )


def _dotted(version: int) -> str:
    """CUDA's number of a version as it is written: 12040 is 12.4."""
    return f"{version // 1000}.{version % 1000 // 10}"
