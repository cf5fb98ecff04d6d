"""The binding's status codes as exceptions that say what to do."""

from __future__ import annotations

import errno
import os
from typing import Any, NoReturn

from pyvmaf_tiny import _native
from pyvmaf_tiny.errors import (
    DeviceError,
    EngineError,
    EngineStateError,
    ModelFormatError,
    ModelNotFoundError,
    OutOfMemoryError,
)

ffi: Any = _native.ffi
lib: Any = _native.lib

_STATE_HINTS = {
    lib.PVL_ERROR_SUBSAMPLE: "push every n-th frame from 0 on, skip the others",
    lib.PVL_ERROR_FLUSHED: "reset() starts a new stream",
    lib.PVL_ERROR_BROKEN: "reset() starts a new stream",
    lib.PVL_ERROR_BUSY: "give every thread a scorer of its own",
    lib.PVL_ERROR_FORKED: "make scorers after fork(), in the child",
}


def answer_of(failure: Any) -> str | None:
    """What libvmaf answered, in words: function, error, feature."""
    if failure.function == ffi.NULL:
        return None
    function = ffi.string(failure.function).decode()
    about = "" if failure.feature == ffi.NULL else f" for {ffi.string(failure.feature).decode()}"
    if failure.code == 0:
        return f"nothing from {function}(){about}"
    error = f" ({os.strerror(-failure.code)})" if failure.code < 0 else ""
    return f"{failure.code}{error} from {function}(){about}"


def raise_failure(status: int, failure: Any, messages: list[str] | None = None) -> NoReturn:
    """Raise what the status means; ``messages`` are libvmaf's own, when it was heard."""
    text = ffi.string(lib.pvl_status_text(status)).decode()
    said = f"libvmaf says: {'; '.join(messages)}" if messages else None
    if status in _STATE_HINTS:
        raise EngineStateError(text, hint=_STATE_HINTS[status])
    if status == lib.PVL_ERROR_CPU_MASK:
        raise EngineStateError(
            text,
            hint="it has one for the whole process: use one cpu_mask, or threads=1, or close the "
            "other scorer first",
        )
    if status == lib.PVL_ERROR_THREADS:
        raise EngineError(text, hint="ask for fewer threads; the system has no room for so many")
    if status == lib.PVL_ERROR_MEMORY:
        raise OutOfMemoryError(text)
    kind = OutOfMemoryError if failure.code == -errno.ENOMEM else EngineError
    raise kind(text, given=answer_of(failure), hint=said)


def raise_device_failure(device: str, failure: Any, messages: list[str]) -> NoReturn:
    """The library has the device's functions, but the machine has no such device."""
    said = f"libvmaf says: {'; '.join(messages)}; " if messages else ""
    raise DeviceError(
        f"libvmaf cannot open the device {device!r}",
        given=answer_of(failure),
        hint=f'{said}is there such a device, and its driver? The device "cpu" needs none',
    )


def raise_teacher_failure(
    teacher: str, is_path: bool, failure: Any, messages: list[str]
) -> NoReturn:
    """Libvmaf cannot load the model, or lacks the extractors that it needs."""
    said = f"libvmaf says: {'; '.join(messages)}" if messages else None
    function = ffi.string(failure.function).decode()
    if function == "vmaf_model_load":
        raise ModelNotFoundError(
            "this libvmaf has no such model built in",
            given=repr(teacher),
            expected='"vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1" or the path of a .json',
            hint=said,
        )
    raise ModelFormatError(
        "libvmaf cannot read the model"
        if is_path and "load" in function
        else "this libvmaf cannot compute the model's features",
        given=f"{teacher}: {answer_of(failure)}",
        hint=said,
    )
