"""Compiles the kernels for NVIDIA GPUs: NVRTC at run time, once per machine."""

from __future__ import annotations

import hashlib
import importlib
from typing import Any

from pyvmaf_tiny.errors import DeviceError, EngineError

from . import cache
from .source import kernel_source

INSTALL = 'pip install "pyvmaf-tiny[cuda]", or "pyvmaf-tiny[cuda12]" for drivers 525 to 575'

#: The oldest compute capability: Turing.
OLDEST = 75

#: Floating point exactly as written.
_OPTIONS = ("--std=c++17", "-fmad=false")


def module(name: str) -> Any:
    """A module of NVIDIA's ``cuda.bindings``; DeviceError says what to install."""
    try:
        return importlib.import_module(f"cuda.bindings.{name}")
    except ImportError as error:
        raise DeviceError(
            f"the device cuda needs NVIDIA's Python packages ({error})", hint=INSTALL
        ) from error


def kernels_for(
    capability: int, sample_bytes: int, limits: int = 1, *, fresh: bool = False
) -> bytes:
    """The kernels for a compute capability (90 for 9.0), ready to be loaded by the driver.

    From the cache on disk when they have been compiled before, unless ``fresh``. For a GPU that
    is newer than this NVRTC it is PTX, which the driver finishes. Raises DeviceError: too old a
    GPU, NVRTC not installed; EngineError: NVRTC does not compile them.
    """
    if capability < OLDEST:
        raise DeviceError(
            "the GPU's architecture is too old",
            given=f"compute capability {capability // 10}.{capability % 10}",
            expected=f"{OLDEST // 10}.{OLDEST % 10} or newer",
        )
    nvrtc = module("nvrtc")
    try:
        version = _check(nvrtc, nvrtc.nvrtcVersion())
        known = sorted(_check(nvrtc, nvrtc.nvrtcGetSupportedArchs())[0])
    except RuntimeError as error:  # the bindings look for the library when they are first used
        raise DeviceError(f"NVRTC cannot be loaded ({error})", hint=INSTALL) from error
    target = _target(capability, known)
    source = kernel_source(sample_bytes, limits)
    key = hashlib.sha256("\0".join([source, target, *_OPTIONS, repr(version)]).encode())
    name = f"kernels-{target}-{key.hexdigest()[:32]}.bin"
    kept = None if fresh else cache.read(name)
    if kept is not None:
        return kept
    compiled = compile_source(source, target)
    cache.keep(name, compiled)
    return compiled


def _target(capability: int, known: list[int]) -> str:
    if capability in known:
        return f"sm_{capability}"
    older = [each for each in known if OLDEST <= each < capability]
    if not older:
        raise DeviceError(
            "this NVRTC does not know the GPU",
            given=f"compute capability {capability / 10}",
            hint="a newer NVRTC may",
        )
    return f"compute_{older[-1]}"


def compile_source(source: str, target: str) -> bytes:
    """Compile to a cubin (``sm_90``) or to PTX (``compute_90``); EngineError has NVRTC's words."""
    nvrtc = module("nvrtc")
    (program,) = _check(nvrtc, nvrtc.nvrtcCreateProgram(source.encode(), b"gpu.cu", 0, [], []))
    try:
        options = [f"--gpu-architecture={target}".encode(), *(each.encode() for each in _OPTIONS)]
        (status,) = nvrtc.nvrtcCompileProgram(program, len(options), options)
        if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
            raise EngineError(
                f"NVRTC does not compile the kernels for {target}", given=_log(program)
            )
        if target.startswith("sm_"):
            (size,) = _check(nvrtc, nvrtc.nvrtcGetCUBINSize(program))
            compiled = bytes(size)
            _check(nvrtc, nvrtc.nvrtcGetCUBIN(program, compiled))
        else:
            (size,) = _check(nvrtc, nvrtc.nvrtcGetPTXSize(program))
            compiled = bytes(size)
            _check(nvrtc, nvrtc.nvrtcGetPTX(program, compiled))
    finally:
        nvrtc.nvrtcDestroyProgram(program)
    return compiled


def _log(program: Any) -> str:
    nvrtc = module("nvrtc")
    (size,) = _check(nvrtc, nvrtc.nvrtcGetProgramLogSize(program))
    log = bytes(size)
    _check(nvrtc, nvrtc.nvrtcGetProgramLog(program, log))
    return log.decode(errors="replace").strip("\0\n ")


def _check(nvrtc: Any, answer: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a call of NVRTC returned, less its status."""
    status, *values = answer
    if status != nvrtc.nvrtcResult.NVRTC_SUCCESS:
        raise EngineError("NVRTC failed", given=status.name)
    return tuple(values)
