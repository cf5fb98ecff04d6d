"""What a library does, found out by trying it: versions say too little (3.2.1 reports 3.2.0)."""

from __future__ import annotations

import ctypes
import functools
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny import _native
from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.engine.devices import engine_device
from pyvmaf_tiny.errors import EngineUnavailableError

from .failures import answer_of
from .loading import Library
from .settings import configuration

ffi: Any = _native.ffi
lib: Any = _native.lib

_FRAMES = 4

#: Large enough for every extractor of libvmaf (cambi's smallest frame is 320 wide).
_TEACHER_SIZE = (320, 240)

#: libvmaf's names of tiers, the best first, and the bits that they need. Its extractors of our
#: features choose AVX-512 code by bit 16; 32 alone brings nothing.
_TIERS = {"x86": (("avx512icl", 48), ("avx512", 16), ("avx2", 8)), "arm": (("neon", 1),)}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What was found out.

    ``gives_motion`` is whether libvmaf publishes every frame's motion at once, and motion2 is the
    smaller one of two of them. ``cpu_flags`` are the bits of what libvmaf found in the CPU, None
    when it does not say.
    """

    gives_motion: bool
    cpu_flags: int | None

    def flags(self) -> tuple[str, ...]:
        """The names of what it found in the CPU, the simplest first."""
        found = self.cpu_flags or 0
        return tuple(name for name, bit in reversed(_TIERS[_family()]) if found & bit == bit)

    def tier(self, cpu_mask: int) -> str:
        """What libvmaf's extractors use under the mask; "unknown" when it does not say."""
        if self.cpu_flags is None:
            return "unknown"
        usable = self.cpu_flags & ~cpu_mask
        return next((name for name, bit in _TIERS[_family()] if usable & bit == bit), "scalar")


@functools.cache
def behaviour(library: Library) -> Behaviour:
    """Try the library on a few small frames.

    Raises EngineUnavailableError when it cannot be used at all.
    """
    own, at_once = _rows(library, (64, 48), {"own_motion": True})
    theirs, _ = _rows(library, (64, 48), {"own_motion": False})
    return Behaviour(
        gives_motion=at_once == _FRAMES - 1 and np.array_equal(own, theirs),
        cpu_flags=_cpu_flags(library),
    )


def is_late_teacher(library: Library, name: str, is_path: bool, cpu_mask: int) -> bool:
    """Whether libvmaf knows some feature of the model only at the end of a stream.

    The mask is the stream's, because libvmaf has one for the process.
    """
    changed = os.stat(name).st_mtime_ns if is_path else 0
    try:
        return _taught_at_once(library, (name, is_path), cpu_mask, changed) == 0
    except EngineUnavailableError:
        return False  # opening the stream says what is wrong with it


@functools.cache
def _taught_at_once(
    library: Library, teacher: tuple[str, bool], cpu_mask: int, changed: int
) -> int:
    """Rows before the flush; ``changed`` is when the file was, for a new try afterwards."""
    config = {"own_motion": True, "cpu_mask": cpu_mask}
    return _rows(library, _TEACHER_SIZE, config, teacher=teacher)[1]


def _rows(
    library: Library,
    size: tuple[int, int],
    options: dict[str, int],
    *,
    teacher: tuple[str, bool] | None = None,
) -> tuple[NDArray[np.float64], int]:
    """Rows of a few frames of noise, and how many of them came before the flush."""
    width, height = size
    spec = EngineSpec(width=width, height=height, threads=1)
    config = configuration(spec, engine_device("cpu"), threads=1)
    for option, value in options.items():
        setattr(config, option, value)
    config.late_teacher = teacher is not None
    if teacher is not None:
        teacher_bytes = ffi.new("char[]", teacher[0].encode())
        config.teacher, config.teacher_is_path = teacher_bytes, teacher[1]
    created, failure = ffi.new("pvl_stream **"), ffi.new("pvl_failure *")
    _must(library, lib.pvl_create(library.handle, config, created, failure), failure)
    stream = ffi.gc(created[0], lib.pvl_destroy)
    rows = ffi.new("pvl_row[]", _FRAMES)
    count = ffi.new("int *")
    noise = np.random.default_rng(1).integers(0, 256, (2, _FRAMES, height, width), dtype=np.uint8)
    got, at_once = [], 0
    for ref, dis in zip(*noise, strict=True):
        pointers = ffi.from_buffer(ref), width, ffi.from_buffer(dis), width
        _must(library, lib.pvl_push(stream, *pointers), stream)
        lib.pvl_take(stream, rows, _FRAMES, count)
        at_once += count[0]
        got += [ffi.unpack(rows[index].features, 6) for index in range(count[0])]
    _must(library, lib.pvl_flush(stream), stream)
    lib.pvl_take(stream, rows, _FRAMES, count)
    got += [ffi.unpack(rows[index].features, 6) for index in range(count[0])]
    return np.array(got), at_once


def _must(library: Library, status: int, failed: Any) -> None:
    if status:
        failure = failed
        if ffi.typeof(failed) is ffi.typeof("pvl_stream *"):
            failure = ffi.new("pvl_failure *", lib.pvl_stream_failure(failed))
        raise EngineUnavailableError(
            f"libvmaf {library.version} fails on a test clip: "
            + ffi.string(lib.pvl_status_text(status)).decode(),
            given=f"{answer_of(failure)}, {library.path}",
        )


def _cpu_flags(library: Library) -> int | None:
    """Libvmaf's own detection. Not part of its interface, but most builds export it."""
    try:
        function = library.functions.vmaf_get_cpu_flags
    except AttributeError:
        return None
    function.restype = ctypes.c_uint
    return int(function())


def _family() -> str:
    import platform

    return "arm" if platform.machine().lower() in ("aarch64", "arm64") else "x86"
