"""A specification becomes the binding's configuration; what libvmaf cannot do is refused here."""

from __future__ import annotations

import math
from typing import Any

from pyvmaf_tiny import _native
from pyvmaf_tiny.engine.base import FEATURE_GROUPS, EngineSpec, cpu_mask_of, usable_cpus
from pyvmaf_tiny.engine.devices import EngineDevice
from pyvmaf_tiny.errors import (
    BitDepthError,
    DeviceError,
    FrameSizeError,
    OptionError,
)
from pyvmaf_tiny.frames import BIT_DEPTHS, DEFAULT_GAIN_LIMIT, MAX_SIZE, MIN_SIZE, NEG_GAIN_LIMIT
from pyvmaf_tiny.options import whole_number

from .loading import Library

ffi: Any = _native.ffi
lib: Any = _native.lib

#: Frames that one libvmaf context sees. It keeps about half a kilobyte of scores per frame.
PERIOD = 2048

#: How long libvmaf's threads may give nothing before they count as dead.
STALL_SECONDS = 60.0

MOST_THREADS = 256

#: The binding counts some of them with an int.
MOST_FRAMES = 2**31 - 1

_DEVICES = {"cpu": lib.PVL_CPU, "cuda": lib.PVL_CUDA, "sycl": lib.PVL_SYCL}


def check_format(spec: EngineSpec) -> None:
    """Refuse frames that libvmaf would read out of bounds or misunderstand."""
    sides = [whole_number("width", spec.width), whole_number("height", spec.height)]
    if not all(MIN_SIZE <= side <= MAX_SIZE for side in sides):
        raise FrameSizeError(
            "the engine cannot take frames of this size",
            given=f"{spec.width}x{spec.height}",
            expected=f"{MIN_SIZE}x{MIN_SIZE} to {MAX_SIZE}x{MAX_SIZE}",
        )
    if whole_number("bit_depth", spec.bit_depth) not in BIT_DEPTHS:
        raise BitDepthError(
            "unsupported bit depth",
            given=spec.bit_depth,
            expected="one of " + ", ".join(map(str, BIT_DEPTHS)),
        )
    if tuple(spec.features) != FEATURE_GROUPS:
        raise OptionError(
            "the libvmaf engine computes all feature groups",
            given=", ".join(map(repr, spec.features)) or "none",
            expected=", ".join(FEATURE_GROUPS),
        )


def gain_limit_of(spec: EngineSpec) -> float:
    """The limit of the one lane, which libvmaf takes from 1 to 100."""
    (given,) = spec.gain_limits
    try:
        limit = float(given)
    except (TypeError, ValueError, OverflowError):
        raise OptionError("gain_limit is not a number", given=repr(given)) from None
    if not (math.isfinite(limit) and NEG_GAIN_LIMIT <= limit <= DEFAULT_GAIN_LIMIT):
        raise OptionError(
            "enhancement gain limit out of range",
            given=limit,
            expected="1.0 (NEG) to 100.0, which is the default",
        )
    return limit


def threads_of(spec: EngineSpec, device: EngineDevice) -> int:
    """Threads of the stream. libvmaf works on whole frames: more than are under way are idle."""
    if spec.threads is not None:
        threads = whole_number("threads", spec.threads)
        if not 1 <= threads <= MOST_THREADS:
            raise OptionError(
                "number of threads out of range",
                given=threads,
                expected=f"1 to {MOST_THREADS}, or None for as many as are useful",
            )
        return threads
    return 1 if device.kind != "cpu" else max(1, min(usable_cpus(), spec.lag + 1, MOST_THREADS))


def _subsample_of(spec: EngineSpec) -> int:
    subsample = whole_number("subsample", spec.subsample, least=1)
    if subsample > MOST_FRAMES:
        raise OptionError(
            "subsample out of range", given=subsample, expected=f"1 to {MOST_FRAMES} with libvmaf"
        )
    return subsample


def check_device(library: Library, device: EngineDevice) -> None:
    """Refuse a device that the library was not built for."""
    if device.kind == "auto":
        raise OptionError(
            "the libvmaf engine is told where it works, because its numbers depend on it",
            given='"auto"',
            expected='"cpu", "cuda" or "sycl"',
        )
    has = {"cpu": True, "cuda": library.cuda, "sycl": library.sycl}
    if not has[device.kind]:
        names = {"cuda": "CUDA (Netflix's, with -Denable_cuda=true)", "sycl": "SYCL (a fork)"}
        raise DeviceError(
            f"this libvmaf has no functions for {device.kind}",
            given=f"{library.path}, version {library.version}",
            expected=f"a libvmaf that was built with {names[device.kind]}",
            hint='name it: the engine "libvmaf:/path/to/library"',
        )


def configuration(spec: EngineSpec, device: EngineDevice, threads: int) -> Any:
    """The binding's ``pvl_config``, without what is only known of the library and the teacher."""
    return ffi.new(
        "pvl_config *",
        {
            "width": spec.width,
            "height": spec.height,
            "bit_depth": spec.bit_depth,
            "threads": 0 if threads == 1 else threads,
            "subsample": _subsample_of(spec),
            # How late a row may come: nobody can tell more from for ever.
            "lag": min(whole_number("lag", spec.lag, least=1), MOST_FRAMES),
            "period": PERIOD,
            "stall_ms": int(1000 * STALL_SECONDS),
            "gain_limit": gain_limit_of(spec),
            "cpu_mask": cpu_mask_of(spec.cpu_mask),
            "gpu_mask": whole_number("gpu_mask", spec.gpu_mask, least=0) & (2**64 - 1),
            "device": _DEVICES[device.kind],
            "device_index": -1 if device.index is None else device.index,
        },
    )
