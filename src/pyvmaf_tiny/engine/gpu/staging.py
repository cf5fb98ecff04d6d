"""Planes of the host's on their way into memory that the device reads: copied in C, by threads."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny import _native
from pyvmaf_tiny.engine.base import EngineSpec, usable_cpus
from pyvmaf_tiny.engine.native.failures import raise_create_error, raise_state_error
from pyvmaf_tiny.engine.native.settings import configuration
from pyvmaf_tiny.engine.samples import sample_range_error
from pyvmaf_tiny.errors import OutOfMemoryError
from pyvmaf_tiny.frames import AnyPlane, Plane

from .backend import Backend

_ffi: Any = _native.ffi
_lib: Any = _native.lib

#: Threads, unless the caller says how many: these are enough for a bus.
_THREADS = 4

#: Bytes of a frame that are worth a thread of their own.
_BYTES_PER_THREAD = 1 << 18


class StagingMemoryError(OutOfMemoryError):
    """Of a device that has been asked for nothing yet, so the push can be made again."""


class Staging:
    """Memory of the host's that planes are staged in, which the first of them allocates."""

    def __init__(self, backend: Backend, planes: int, size: int) -> None:
        """Make room for so many planes of so many bytes."""
        self._backend, self._planes, self._size = backend, planes, size
        self._places: list[tuple[NDArray[np.uint8], int]] = []
        if backend.memory is None:  # all planes will be staged
            self.place(0)

    def place(self, number: int) -> tuple[NDArray[np.uint8], int]:
        """The memory for one of the planes, and its address. Raises StagingMemoryError."""
        if not self._places:
            self._allocate()
        return self._places[number]

    def _allocate(self) -> None:
        size = self._size
        try:
            host = self._backend.allocate_host(self._planes * size)
        except OutOfMemoryError as error:
            raise StagingMemoryError(
                error.message, given=error.given, expected=error.expected, hint=error.hint
            ) from error
        first: int = host.ctypes.data
        self._places = [(host[at : at + size], first + at) for at in range(0, host.size, size)]


class Stager:
    """Copies a frame's planes and checks their samples in the same pass."""

    def __init__(self, spec: EngineSpec) -> None:
        """Start the threads. Raises OptionError (threads), OutOfMemoryError, EngineError."""
        self.threads = threads = _threads_of(spec)
        self._spec = spec
        config = configuration(dataclasses.replace(spec, threads=threads))
        created = _ffi.new("pvt_stager **")
        status = _lib.pvt_stager_create(config, created)
        if status != _lib.PVT_OK:
            raise_create_error(status, spec, threads)
        self._stager: Any = _ffi.gc(created[0], _lib.pvt_stager_destroy)
        self._staged = _ffi.new("pvt_staged[]", 1 + len(spec.renditions))

    def stage(self, frame: int, planes: Sequence[AnyPlane], targets: Sequence[int | None]) -> None:
        """Copy planes of the host's, each to an address, without gaps; None leaves one alone.

        The first plane is the reference. Raises SampleRangeError; what has been copied does not
        count then. The GIL is released.
        """
        count = 0
        for plane, target in zip(planes, targets, strict=True):
            if target is not None:
                staged = self._staged[count]
                # The first row is contiguous, whatever the stride.
                staged.source = _ffi.from_buffer(cast(Plane, plane)[0])
                staged.stride = plane.strides[0]
                staged.target = _ffi.cast("void *", target)
                count += 1
        status = _lib.pvt_stage(self._stager, self._staged, count)
        if status == _lib.PVT_OK:
            return
        if status != _lib.PVT_ERROR_SAMPLE_RANGE:
            raise_state_error(status)
        self.check(frame, planes)
        raise AssertionError("the stager and NumPy disagree on the samples")

    def check(self, frame: int, planes: Sequence[AnyPlane]) -> None:
        """SampleRangeError that says where the first sample is that is too large.

        Planes on the device are passed over.
        """
        error = sample_range_error(self._spec, frame, planes[0], planes[1:])
        if error is not None:
            raise error


def _threads_of(spec: EngineSpec) -> int:
    if spec.threads is not None:
        return spec.threads
    sample_bytes = 1 if spec.bit_depth == 8 else 2
    frame = spec.width * spec.height * sample_bytes * (1 + len(spec.renditions))
    return max(1, min(_THREADS, usable_cpus(), frame // _BYTES_PER_THREAD))
