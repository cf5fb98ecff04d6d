"""Our own engine: the C library in ``native/``, bit-identical to libvmaf's scalar path."""

from __future__ import annotations

from typing import Any, NoReturn

from pyvmaf_tiny import _native
from pyvmaf_tiny.errors import (
    BitDepthError,
    EngineError,
    EngineStateError,
    FrameSizeError,
    OptionError,
    OutOfMemoryError,
)
from pyvmaf_tiny.frames import BIT_DEPTHS, MAX_SIZE, MIN_SIZE, FeatureVector, Plane
from pyvmaf_tiny.options import whole_number

from .base import (
    FEATURE_GROUPS,
    EngineInfo,
    EngineSpec,
    Rows,
    cpu_mask_of,
    refuse_libvmafs_options,
    usable_cpus,
)
from .samples import sample_range_error

ffi: Any = _native.ffi
lib: Any = _native.lib

#: Rows of luma that are worth a thread of their own.
_ROWS_PER_THREAD = 64

_GROUP_BITS = {
    "adm": lib.PVT_FEATURE_ADM,
    "vif": lib.PVT_FEATURE_VIF,
    "motion": lib.PVT_FEATURE_MOTION,
}

_CPU_FLAGS = {
    "x86": {
        "avx2": lib.PVT_CPU_AVX2,
        "avx512": lib.PVT_CPU_AVX512,
        "avx512icl": lib.PVT_CPU_AVX512ICL,
    },
    "arm": {"neon": lib.PVT_CPU_NEON},
}


class NativeEngine:
    """One native context: one stream, one thread at a time (see :class:`Engine`)."""

    name = "native"
    version: str = ffi.string(lib.pvt_version()).decode()

    def __init__(self, spec: EngineSpec) -> None:
        """Allocate everything the stream needs.

        Raises FrameSizeError, BitDepthError, OptionError (gain limit, threads, mask, features),
        OutOfMemoryError, EngineError (worker threads could not be started).
        """
        self.threads = _threads(spec)
        config = ffi.new(
            "pvt_config *",
            {
                "width": _integer("width", spec.width),
                "height": _integer("height", spec.height),
                "bit_depth": _integer("bit_depth", spec.bit_depth),
                "threads": self.threads,
                "renditions": 1,
                "gain_limits": 1,
                "gain_limit": [_real("gain_limit", spec.gain_limit)],
                "features": _groups(spec.features),
                "cpu_mask": cpu_mask_of(spec.cpu_mask),
            },
        )
        created = ffi.new("pvt_context **")
        status = lib.pvt_create(config, created)
        if status != lib.PVT_OK:
            _raise_create_error(status, spec, self.threads)
        size = lib.pvt_context_bytes(created[0])
        self.memory_bytes: int = size
        # The garbage collector learns what the context weighs.
        self._context: Any = ffi.gc(created[0], lib.pvt_destroy, size)
        self.tier: str = ffi.string(lib.pvt_context_tier(self._context)).decode()
        self._bit_depth = spec.bit_depth
        self._frames = 0
        self._dis = ffi.new("void *[1]")
        self._dis_strides = ffi.new("ptrdiff_t[1]")
        self._row = ffi.new("pvt_features *")
        self._values = ffi.cast("double *", self._row)
        self._ready = ffi.new("int *")

    def push(self, ref: Plane, dis: Plane) -> Rows:
        """Take one pair; the row of the pair before, if there was one."""
        context = self._open()  # a local reference: close() in another thread cannot free it
        self._dis[0] = ffi.cast("void *", dis.__array_interface__["data"][0])
        self._dis_strides[0] = dis.strides[0]
        status = lib.pvt_push(
            context,
            ffi.cast("void *", ref.__array_interface__["data"][0]),
            ref.strides[0],
            self._dis,
            self._dis_strides,
            self._row,
            self._ready,
        )
        if status:
            self._raise_stream_error(status, reference=ref, distorted=dis)
        self._frames += 1
        return self._take_rows()

    def skip(self, ref: Plane) -> Rows:
        """Take a reference frame that counts for the motion of its neighbours only."""
        context = self._open()
        address = ffi.cast("void *", ref.__array_interface__["data"][0])
        status = lib.pvt_skip(context, address, ref.strides[0], self._row, self._ready)
        if status:
            self._raise_stream_error(status, reference=ref)
        self._frames += 1
        return self._take_rows()

    def flush(self) -> Rows:
        """End the stream; the row of the last pair, if it is still due."""
        status = lib.pvt_flush(self._open(), self._row, self._ready)
        if status:
            self._raise_stream_error(status)
        return self._take_rows()

    def reset(self) -> None:
        """Forget the stream; the next frame is frame 0."""
        status = lib.pvt_reset(self._open())
        if status:
            self._raise_stream_error(status)
        self._frames = 0

    def close(self) -> None:
        """Free the engine's memory; may be called twice."""
        self._context = None

    def _open(self) -> Any:
        if self._context is None:
            raise EngineStateError("the engine is closed", hint="make a new one")
        return self._context

    def _take_rows(self) -> Rows:
        return (FeatureVector._make(ffi.unpack(self._values, 6)),) if self._ready[0] else ()

    def _raise_stream_error(self, status: int, **planes: Plane) -> NoReturn:
        if status == lib.PVT_ERROR_SAMPLE_RANGE:
            raise sample_range_error(planes, self._bit_depth, self._frames)
        hints = {
            lib.PVT_ERROR_FLUSHED: "reset() starts a new stream",
            lib.PVT_ERROR_BUSY: "give every thread a scorer of its own",
            lib.PVT_ERROR_FORKED: "make scorers after fork(), in the child",
        }
        raise EngineStateError(_text(status), hint=hints.get(status))


def create(spec: EngineSpec) -> NativeEngine:
    """Make a native engine; see :class:`NativeEngine` for what it raises."""
    refuse_libvmafs_options(NativeEngine.name, spec)
    return NativeEngine(spec)


def info() -> EngineInfo:
    """What the native engine is on this machine."""
    flags = lib.pvt_cpu_flags()
    tier = ffi.string(lib.pvt_tier(cpu_mask_of(0))).decode()
    family = "arm" if _is_arm() else "x86"
    return EngineInfo(
        name=NativeEngine.name,
        available=True,
        version=NativeEngine.version,
        tier=tier,
        cpu_flags=tuple(name for name, bit in _CPU_FLAGS[family].items() if flags & bit),
    )


def _is_arm() -> bool:
    import platform

    return platform.machine().lower() in ("aarch64", "arm64")


def _text(status: int) -> str:
    text: str = ffi.string(lib.pvt_status_text(status)).decode()
    return text


# ---- options ------------------------------------------------------------------------------------


def _integer(name: str, value: object) -> int:
    """For a C int: what lies beyond its range is out of the engine's range, too."""
    return max(-(1 << 31), min(whole_number(name, value), (1 << 31) - 1))


def _real(name: str, value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise OptionError(f"{name} is not a number", given=repr(value)) from None


def _threads(spec: EngineSpec) -> int:
    if spec.threads is not None:
        return _integer("threads", spec.threads)
    worth = -(-_integer("height", spec.height) // _ROWS_PER_THREAD)
    most: int = lib.PVT_MAX_THREADS
    return max(1, min(usable_cpus(), worth, most))


def _groups(features: tuple[str, ...]) -> int:
    unknown = [name for name in features if name not in _GROUP_BITS]
    if unknown or not features:
        raise OptionError(
            "unknown feature group" if unknown else "no feature group",
            given=", ".join(map(repr, unknown)) or "none",
            expected="some of " + ", ".join(FEATURE_GROUPS),
        )
    bits = 0
    for name in features:
        bits |= _GROUP_BITS[name]
    return bits


# ---- errors -------------------------------------------------------------------------------------


def _raise_create_error(status: int, spec: EngineSpec, threads: int) -> NoReturn:
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
            given=spec.gain_limit,
            expected="a finite number from 1.0 (NEG) up, 100.0 by default",
        )
    if status == lib.PVT_ERROR_THREADS:
        raise OptionError(
            "number of threads out of range",
            given=threads,
            expected=f"1 to {lib.PVT_MAX_THREADS}, or None for as many as are useful",
        )
    if status == lib.PVT_ERROR_MEMORY:
        raise OutOfMemoryError(f"not enough memory for frames of {size}")
    raise EngineError(_text(status), given=f"{threads} threads")
