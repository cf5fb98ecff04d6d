"""Frames on their way into a batch: from the host's memory, and from the device's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pyvmaf_tiny.errors import InputError, SampleRangeError
from pyvmaf_tiny.frames import AnyPlane, DevicePlane

from .backend import Backend, Place, constant
from .layout import Stream
from .source import pack
from .staging import Stager, Staging
from .totals import entry

#: Bit depths whose samples fill their type: none can be too large.
_WHOLE_TYPES = (8, 16)

#: Work groups that look at a plane.
_GROUPS = 256


class Berth(NamedTuple):
    """Where a plane is to lie: a buffer and the byte in it, and its number among those staged."""

    buffer: Any
    offset: int
    staging: Staging
    number: int


class Incoming:
    """Takes the planes of a frame: the reference and its distorted versions."""

    def __init__(self, backend: Backend, stream: Stream, stager: Stager) -> None:
        self._backend = backend
        self._stager = stager
        checked = backend.memory is not None and stream.bit_depth not in _WHOLE_TYPES
        self._check = _SampleCheck(backend, stream) if checked else None

    def check(self, planes: Sequence[AnyPlane], frame: int, names: Sequence[str]) -> None:
        """InputError for planes on the device that cannot be taken; nothing is asked for yet.

        ``frame`` is their number and ``names`` are for messages.
        """
        for position, plane in enumerate(planes):
            if isinstance(plane, DevicePlane):
                try:
                    self._backend.check_plane(plane)
                except InputError as error:
                    _blame(error, position, frame, names)
                    raise

    def take(
        self, planes: Sequence[AnyPlane], berths: Sequence[Berth], frame: int, names: Sequence[str]
    ) -> None:
        """Put what has been checked in its places; ``frame`` and ``names`` are as above.

        A plane of the host's is free again when this returns. So is one on the device in the
        order of its stream, or, if that is not known, at once.

        Raises SampleRangeError, StagingMemoryError, and FrameTypeError for the stream of a plane on
        the device; what has been put into the places does not count then.
        """
        direct = [
            plane if isinstance(plane, DevicePlane) else self._backend.pinned(plane)
            for plane in planes
        ]
        staged = [
            None if plane else berth.staging.place(berth.number)
            for plane, berth in zip(direct, berths, strict=True)
        ]
        if None in direct:
            self._stager.stage(frame, planes, [place and place[1] for place in staged])
        if any(direct):
            self._take_directly(planes, direct, berths, frame, names)
        for place, berth in zip(staged, berths, strict=True):
            if place is not None:
                self._backend.upload(berth.buffer, berth.offset, place[0])

    def _take_directly(
        self,
        planes: Sequence[AnyPlane],
        direct: Sequence[DevicePlane | None],
        berths: Sequence[Berth],
        frame: int,
        names: Sequence[str],
    ) -> None:
        backend = self._backend
        places = [
            (plane, berth.buffer, berth.offset)
            for plane, berth in zip(direct, berths, strict=True)
            if plane is not None
        ]
        backend.upload_planes(places)
        if self._check is not None:
            self._check.start(places)
        elif all(plane.ordered for plane, _, _ in places):
            return
        backend.wait(backend.mark(with_uploads=True))
        if self._check is None:
            return
        number, error = self._check.result(len(places))
        if error is not None:
            self._stager.check(frame, planes)  # says more of planes that the host can read
            there = [position for position, plane in enumerate(direct) if plane is not None]
            _blame(error, there[number], frame, names)
            raise error


def _blame(error: InputError, position: int, frame: int, names: Sequence[str]) -> None:
    """Name the plane that is at fault: 0 is the reference."""
    name = names[position - 1] if position else "reference"
    error.message = f"{name}, frame {frame}: {error.message}"
    error.rendition = position - 1 if position else None


class _SampleCheck:
    """Counts samples that exceed the bit depth, in the line of uploads."""

    def __init__(self, backend: Backend, stream: Stream) -> None:
        self._backend = backend
        self._bit_depth = stream.bit_depth
        most = 1 + stream.renditions
        samples = stream.width * stream.height
        self._nbytes = samples * stream.sample_bytes
        self._partials = backend.allocate(8 * _GROUPS * most)
        self._parts = [
            backend.piece(self._partials, 8 * _GROUPS * plane, 8 * _GROUPS) for plane in range(most)
        ]
        self._totals = backend.allocate(8 * most)
        self._host = backend.allocate_host(8 * most)
        values = {"samples": samples, "largest": (1 << stream.bit_depth) - 1}
        self._params = constant(backend, pack("sample_params", values))
        self._table = constant(backend, entry(0, _GROUPS, rows=_GROUPS, row_step=1))

    def start(self, places: Sequence[Place]) -> None:
        """Look at planes that have been copied to their places."""
        backend = self._backend
        for (_, buffer, offset), partials in zip(places, self._parts, strict=False):
            plane = backend.piece(buffer, offset, self._nbytes)
            buffers = (self._params, plane, partials)
            backend.launch("samples", (_GROUPS, 1, 1), buffers, with_uploads=True)
        buffers = (self._table, self._partials, self._totals)
        backend.launch("totals", (1, len(places), 1), buffers, with_uploads=True)
        backend.download(self._host[: 8 * len(places)], self._totals, with_uploads=True)

    def result(self, count: int) -> tuple[int, SampleRangeError | None]:
        """Which of so many planes is the first with samples that are too large, and the error.

        The host has waited for what :meth:`start` asked for.
        """
        for number, beyond in enumerate(self._host.view(np.uint64)[:count].tolist()):
            if beyond:
                return number, SampleRangeError(
                    "samples exceed the bit depth",
                    given=f"{beyond} of them",
                    expected=f"0 to {(1 << self._bit_depth) - 1} at {self._bit_depth} bit",
                    hint="is the bit depth right, or are the samples left-aligned?",
                )
        return 0, None
