"""Frames that come from the device's own memory and whose samples have to be checked there."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyvmaf_tiny.errors import SampleRangeError
from pyvmaf_tiny.frames import DevicePlane

from .backend import Backend, constant
from .layout import Stream
from .source import pack
from .totals import entry

#: Bit depths whose samples fill their type: none can be too large.
WHOLE_TYPES = (8, 16)

#: Work groups that look at a plane.
_GROUPS = 256


class Incoming:
    """Takes a plane, puts it in its place, and waits for what the device says of its samples."""

    def __init__(self, backend: Backend, stream: Stream) -> None:
        self._backend = backend
        self._bit_depth = stream.bit_depth
        samples = stream.width * stream.height
        self._nbytes = samples * stream.sample_bytes
        self._plane = backend.allocate(self._nbytes)
        self._partials = backend.allocate(8 * _GROUPS)
        self._total = backend.allocate(8)
        self._host = backend.allocate_host(8)
        values = {"samples": samples, "largest": (1 << stream.bit_depth) - 1}
        self._params = constant(backend, pack("sample_params", values))
        self._table = constant(backend, entry(0, 0, rows=_GROUPS, row_step=1))

    def take(self, plane: DevicePlane, target: Any, offset: int) -> None:
        """Raises SampleRangeError; then what has been put there does not count."""
        backend = self._backend
        backend.upload_plane(self._plane, 0, plane)
        buffers = (self._params, self._plane, self._partials)
        backend.launch("samples", (_GROUPS, 1, 1), buffers)
        backend.launch("totals", (1, 1, 1), (self._table, self._partials, self._total))
        backend.download(self._host, self._total)
        backend.copy(target, offset, self._plane, 0, self._nbytes)
        backend.wait(backend.mark())
        beyond = int(self._host.view(np.uint64)[0])
        if beyond:
            raise SampleRangeError(
                "samples exceed the bit depth",
                given=f"{beyond} of them",
                expected=f"0 to {(1 << self._bit_depth) - 1} at {self._bit_depth} bit",
                hint="is the bit depth right, or are the samples left-aligned?",
            )
