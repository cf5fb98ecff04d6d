"""libvmaf as an engine: one stream of frames through a library that was loaded at run time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from pyvmaf_tiny import _native
from pyvmaf_tiny.engine.base import EngineSpec, Rows, TaughtVector, check_renditions
from pyvmaf_tiny.engine.devices import engine_device
from pyvmaf_tiny.engine.samples import sample_range_error
from pyvmaf_tiny.errors import EngineStateError
from pyvmaf_tiny.frames import FeatureVector, Plane

from . import probing, settings
from .devices import CudaContext
from .failures import raise_device_failure, raise_failure, raise_teacher_failure
from .loading import Library, load
from .messages import collected, log_level
from .teachers import teacher_of

ffi: Any = _native.ffi
lib: Any = _native.lib

#: Rows that are fetched in one call.
_BATCH = 16


class LibvmafEngine:
    """One stream through libvmaf (see :class:`pyvmaf_tiny.engine.base.Engine`).

    After a failure of libvmaf itself the stream only gives, with :meth:`flush`, the rows of the
    frames before; :meth:`reset` starts a new one.
    """

    name = "libvmaf"
    device_memory: str | None = None

    def __init__(self, spec: EngineSpec, library: Library | None = None) -> None:
        """Open libvmaf's context with its extractors, and the teacher.

        Raises EngineUnavailableError (no library), FrameSizeError, BitDepthError, OptionError,
        DeviceError, ModelNotFoundError and ModelFormatError (the teacher), EngineStateError (its
        CPU mask is in use), EngineError.
        """
        settings.check_format(spec)
        device = engine_device(spec.device)
        self.device = spec.device
        self.library = load(spec.library) if library is None else library
        settings.check_device(self.library, device)
        behaviour = probing.behaviour(self.library)
        teacher = teacher_of(spec)
        self.threads = settings.threads_of(spec, device)
        config = settings.configuration(spec, device, self.threads)
        config.own_motion = behaviour.gives_motion and device.kind == "cpu"
        if teacher is not None:
            # The bytes live as long as this name does: the binding makes a copy.
            teacher_bytes = ffi.new("char[]", teacher[0].encode())
            config.teacher, config.teacher_is_path = teacher_bytes, teacher[1]
            config.late_teacher = probing.is_late_teacher(self.library, *teacher, config.cpu_mask)
        cuda = CudaContext(device.index) if device.kind == "cuda" and device.index else None
        if cuda is not None:
            config.cuda_context = ffi.cast("void *", cuda.handle)
        self.version = self.library.version
        self.tier = device.kind if device.kind != "cpu" else behaviour.tier(config.cpu_mask)
        self._taught = teacher is not None
        self._spec = spec
        self._frames = 0
        self._rows = ffi.new("pvl_row[]", _BATCH)
        self._count = ffi.new("int *")
        try:
            stream = self._open_stream(config, teacher, spec.device)
        except BaseException:
            if cuda is not None:
                cuda.release()
            raise
        self._stream = ffi.gc(stream, lib.pvl_destroy if cuda is None else _destroy_with(cuda))

    def _open_stream(self, config: Any, teacher: tuple[str, bool] | None, device: str) -> Any:
        created = ffi.new("pvl_stream **")
        failure = ffi.new("pvl_failure *")
        config.log_level = log_level()
        with collected() as messages:
            status = lib.pvl_create(self.library.handle, config, created, failure)
        if status == lib.PVL_ERROR_DEVICE:
            raise_device_failure(device, failure, messages)
        if status == lib.PVL_ERROR_TEACHER:
            assert teacher is not None
            raise_teacher_failure(*teacher, failure, messages)
        if status:
            raise_failure(status, failure, messages)
        return created[0]

    def push(self, ref: Plane, dis: Sequence[Plane]) -> Rows:
        """Take one pair."""
        stream = self._open()  # a local reference: close() in another thread cannot free it
        check_renditions(self._spec, dis)
        (plane,) = dis
        status = lib.pvl_push(
            stream,
            ffi.cast("void *", ref.__array_interface__["data"][0]),
            ref.strides[0],
            ffi.cast("void *", plane.__array_interface__["data"][0]),
            plane.strides[0],
        )
        if status:
            self._raise_stream_error(stream, status, (ref, dis))
        self._frames += 1
        return self._take(stream)

    def skip(self, ref: Plane) -> Rows:
        """Take a reference frame that counts for the motion of its neighbours only."""
        stream = self._open()
        address = ffi.cast("void *", ref.__array_interface__["data"][0])
        status = lib.pvl_skip(stream, address, ref.strides[0])
        if status:
            self._raise_stream_error(stream, status, (ref, ()))
        self._frames += 1
        return self._take(stream)

    def flush(self) -> Rows:
        """End the stream: the rows that are still due.

        When libvmaf fails here, a second flush gives the rows that are complete.
        """
        stream = self._open()
        status = lib.pvl_flush(stream)
        if status:
            self._raise_stream_error(stream, status)
        return self._take(stream)

    def reset(self) -> None:
        """Forget the stream; the next frame is frame 0."""
        stream = self._open()
        status = lib.pvl_reset(stream)
        if status:
            self._raise_stream_error(stream, status)
        self._frames = 0

    def close(self) -> None:
        """Free libvmaf's context; may be called twice."""
        self._stream = None

    def _open(self) -> Any:
        if self._stream is None:
            raise EngineStateError("the engine is closed", hint="make a new one")
        return self._stream

    def _take(self, stream: Any) -> Rows:
        rows: Rows = ()
        while True:
            status = lib.pvl_take(stream, self._rows, _BATCH, self._count)
            if status:
                self._raise_stream_error(stream, status)
            taken = self._count[0]
            rows += tuple((self._row(self._rows[index]),) for index in range(taken))
            if taken < _BATCH:
                return rows

    def _row(self, row: Any) -> FeatureVector:
        values = ffi.unpack(row.features, 6)
        if not self._taught:
            return FeatureVector._make(values)
        taught = TaughtVector._make(values)
        taught.teacher = row.teacher
        return taught

    def _raise_stream_error(
        self, stream: Any, status: int, planes: tuple[Plane, Sequence[Plane]] | None = None
    ) -> NoReturn:
        if status == lib.PVL_ERROR_SAMPLE_RANGE and planes is not None:
            error = sample_range_error(self._spec, self._frames, *planes)
            assert error is not None, "the engine and NumPy disagree on the samples"
            raise error
        raise_failure(status, ffi.new("pvl_failure *", lib.pvl_stream_failure(stream))[0])


def _destroy_with(cuda: CudaContext) -> Callable[[Any], None]:
    """What frees a stream, and then the context that it worked in."""

    def destroy(stream: Any) -> None:
        lib.pvl_destroy(stream)
        cuda.release()

    return destroy
