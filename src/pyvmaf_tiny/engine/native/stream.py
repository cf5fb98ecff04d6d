"""One stream of frames through the C library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from pyvmaf_tiny import _native
from pyvmaf_tiny.engine.base import EngineSpec, Rows, check_renditions
from pyvmaf_tiny.engine.samples import sample_range_error
from pyvmaf_tiny.errors import EngineStateError
from pyvmaf_tiny.frames import FEATURES, FeatureVector, Plane

from .failures import raise_create_error, raise_state_error
from .settings import configuration

ffi: Any = _native.ffi
lib: Any = _native.lib

_FEATURES = len(FEATURES)


class NativeEngine:
    """One native context: one stream, one thread at a time (see :class:`Engine`)."""

    name = "native"
    device = "cpu"
    device_memory: str | None = None
    version: str = ffi.string(lib.pvt_version()).decode()

    def __init__(self, spec: EngineSpec) -> None:
        """Allocate everything the stream needs.

        Raises FrameSizeError, BitDepthError, OptionError (gain limits, renditions, threads, mask,
        features), OutOfMemoryError, EngineError (worker threads could not be started).
        """
        config = configuration(spec)
        self.threads: int = config.threads
        created = ffi.new("pvt_context **")
        status = lib.pvt_create(config, created)
        if status != lib.PVT_OK:
            raise_create_error(status, spec, self.threads)
        size = lib.pvt_context_bytes(created[0])
        self.memory_bytes: int = size
        # The garbage collector learns what the context weighs.
        self._context: Any = ffi.gc(created[0], lib.pvt_destroy, size)
        self.tier: str = ffi.string(lib.pvt_context_tier(self._context)).decode()
        self._spec = spec
        self._frames = 0
        self._renditions = len(spec.renditions)
        self._dis = ffi.new("void *[]", self._renditions)
        self._dis_strides = ffi.new("ptrdiff_t[]", self._renditions)
        self._rows = ffi.new("pvt_features[]", spec.lanes)
        self._values = ffi.cast("double *", self._rows)
        self._starts = range(0, _FEATURES * spec.lanes, _FEATURES)
        self._ready = ffi.new("int *")

    def push(self, ref: Plane, dis: Sequence[Plane]) -> Rows:
        """Take a frame; the row of the frame before, if there was one."""
        context = self._open()  # a local reference: close() in another thread cannot free it
        if len(dis) != self._renditions:
            check_renditions(self._spec, dis)
        # The first row is contiguous, whatever the stride; cffi takes its address in a tenth of
        # the time that __array_interface__ needs.
        for number, plane in enumerate(dis):
            self._dis[number] = ffi.from_buffer(plane[0])
            self._dis_strides[number] = plane.strides[0]
        status = lib.pvt_push(
            context,
            ffi.from_buffer(ref[0]),
            ref.strides[0],
            self._dis,
            self._dis_strides,
            self._rows,
            self._ready,
        )
        if status:
            self._raise_stream_error(status, ref, dis)
        self._frames += 1
        return self._take_rows()

    def skip(self, ref: Plane) -> Rows:
        """Take a reference frame that counts for the motion of its neighbours only."""
        context = self._open()
        first = ffi.from_buffer(ref[0])
        status = lib.pvt_skip(context, first, ref.strides[0], self._rows, self._ready)
        if status:
            self._raise_stream_error(status, ref)
        self._frames += 1
        return self._take_rows()

    def flush(self) -> Rows:
        """End the stream; the row of the last frame, if it is still due."""
        status = lib.pvt_flush(self._open(), self._rows, self._ready)
        if status:
            raise_state_error(status)
        return self._take_rows()

    def reset(self) -> None:
        """Forget the stream; the next frame is frame 0."""
        status = lib.pvt_reset(self._open())
        if status:
            raise_state_error(status)
        self._frames = 0

    def close(self) -> None:
        """Free the engine's memory; may be called twice."""
        self._context = None

    def _open(self) -> Any:
        if self._context is None:
            raise EngineStateError("the engine is closed", hint="make a new one")
        return self._context

    def _take_rows(self) -> Rows:
        if not self._ready[0]:
            return ()
        values = ffi.unpack(self._values, _FEATURES * len(self._starts))
        make = FeatureVector._make
        return (tuple([make(values[start : start + _FEATURES]) for start in self._starts]),)

    def _raise_stream_error(self, status: int, ref: Plane, dis: Sequence[Plane] = ()) -> NoReturn:
        if status == lib.PVT_ERROR_SAMPLE_RANGE:
            error = sample_range_error(self._spec, self._frames, ref, dis)
            assert error is not None, "the engine and NumPy disagree on the samples"
            raise error
        raise_state_error(status)
