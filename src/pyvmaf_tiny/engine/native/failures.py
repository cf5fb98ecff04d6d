"""The C library's status codes as exceptions that say what to do."""

from __future__ import annotations

from typing import Any, NoReturn

from pyvmaf_tiny import _native
from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.errors import (
    BitDepthError,
    EngineError,
    EngineStateError,
    FrameSizeError,
    OptionError,
    OutOfMemoryError,
)
from pyvmaf_tiny.frames import BIT_DEPTHS, MAX_SIZE, MIN_SIZE

ffi: Any = _native.ffi
lib: Any = _native.lib

_STATE_HINTS = {
    lib.PVT_ERROR_FLUSHED: "reset() starts a new stream",
    lib.PVT_ERROR_BUSY: "give every thread a scorer of its own",
    lib.PVT_ERROR_FORKED: "make scorers after fork(), in the child",
}


def raise_state_error(status: int) -> NoReturn:
    """The error for a call that does not fit the stream's state."""
    raise EngineStateError(_text(status), hint=_STATE_HINTS.get(status))


def raise_create_error(status: int, spec: EngineSpec, threads: int) -> NoReturn:
    """The error for a specification that the C library refused."""
    size = f"{spec.width}x{spec.height}"
    if status == lib.PVT_ERROR_SIZE:
        raise FrameSizeError(
            "the engine cannot take frames of this size",
            given=size,
            expected=f"{MIN_SIZE}x{MIN_SIZE} to {MAX_SIZE}x{MAX_SIZE}",
        )
    if status == lib.PVT_ERROR_BIT_DEPTH:
        raise BitDepthError(
            "unsupported bit depth",
            given=spec.bit_depth,
            expected="one of " + ", ".join(map(str, BIT_DEPTHS)),
        )
    if status == lib.PVT_ERROR_GAIN_LIMIT:
        raise OptionError(
            "enhancement gain limit out of range",
            given=", ".join(map(str, spec.gain_limits)) or "none",
            expected="a finite number from 1.0 (NEG) up, 100.0 by default",
        )
    if status == lib.PVT_ERROR_THREADS:
        raise OptionError(
            "number of threads out of range",
            given=threads if spec.threads is None else spec.threads,
            expected=f"1 to {lib.PVT_MAX_THREADS}, or None for as many as are useful",
        )
    if status == lib.PVT_ERROR_RENDITIONS:
        raise OptionError(
            "number of renditions out of range",
            given=len(spec.renditions),
            expected=f"1 to {lib.PVT_MAX_RENDITIONS}",
            hint="score the others in a second pass",
        )
    if status == lib.PVT_ERROR_MEMORY:
        raise OutOfMemoryError(f"not enough memory for frames of {size}")
    raise EngineError(_text(status), given=f"{threads} threads")


def _text(status: int) -> str:
    text: str = ffi.string(lib.pvt_status_text(status)).decode()
    return text
