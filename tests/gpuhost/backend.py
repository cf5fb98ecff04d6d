"""The pipeline's backend for a device on the host, which is a process of its own."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.engine.gpu.backend import Backend, Place
from pyvmaf_tiny.engine.gpu.results import ResultMemory
from pyvmaf_tiny.frames import DevicePlane, Plane

from .build import Program

_ALLOCATE, _UPLOAD, _COPY, _DOWNLOAD, _LAUNCH = range(5)


class KernelFault(Exception):
    """The checker has something to report."""


class Piece(NamedTuple):
    """A buffer of the device, or a part of one, which is all that a kernel may touch of it."""

    number: int
    offset: int
    nbytes: int


class HostBackend(Backend):
    """See :class:`pyvmaf_tiny.engine.gpu.backend.Backend`; every call is done when it returns.

    ``left_out`` names a barrier that does nothing, "adm.cl:88". ``fill`` is the byte that undefined
    memory is full of, where nobody watches whether it is read. With ``corners`` only the first and
    last groups of every dimension run.
    """

    device = "sycl:0"  # results are arrays of the same kind
    memory = "host"

    def __init__(
        self,
        program: Program,
        left_out: str | None = None,
        *,
        fill: int = 0xA5,
        corners: bool = False,
    ) -> None:
        self._program = program
        options = {"GPUHOST_FILL": str(fill), "GPUHOST_CORNERS": str(int(corners))}
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (until the process ends)
        self._process = subprocess.Popen(
            [*program.command, *([left_out] if left_out else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, **program.environment, **options},
        )
        self._end = weakref.finalize(self, _end, self._process, self._said)

    def _tell(self, command: int, *words: int, payload: Any = b"", answer: int = 0) -> bytes:
        """Send a command; its answer of so many bytes. Raises KernelFault."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        answered = b""
        try:
            self._process.stdin.write(struct.pack("<7Q", command, *words, *[0] * (6 - len(words))))
            self._process.stdin.write(payload)
            self._process.stdin.flush()
            answered = self._process.stdout.read(answer)
        except BrokenPipeError:
            pass
        if len(answered) < answer or self._process.poll():
            self._end()
        return answered

    def entered(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def allocate(self, nbytes: int) -> Piece:
        (number,) = struct.unpack("<Q", self._tell(_ALLOCATE, nbytes, answer=8))
        return Piece(number, 0, nbytes)

    def allocate_host(self, nbytes: int) -> NDArray[np.uint8]:
        return np.empty(nbytes, np.uint8)

    def piece(self, buffer: Piece, offset: int, nbytes: int) -> Piece:
        assert 0 <= offset <= offset + nbytes <= buffer.nbytes
        return Piece(buffer.number, buffer.offset + offset, nbytes)

    def upload(self, target: Piece, offset: int, source: NDArray[np.uint8]) -> None:
        self._upload(target, offset, source.tobytes())

    def _upload(self, target: Piece, offset: int, contents: bytes) -> None:
        self._tell(_UPLOAD, *self.piece(target, offset, len(contents)), payload=contents)

    def check_plane(self, plane: DevicePlane) -> None:
        assert plane.kind == self.memory

    def pinned(self, plane: Plane) -> DevicePlane | None:
        return None

    def upload_planes(self, places: Sequence[Place]) -> None:
        for plane, target, offset in places:
            (height, width), row = plane.shape, plane.strides[0]
            nbytes = width * plane.itemsize
            for y in range(height):
                samples = ctypes.string_at(plane.address + row * y, nbytes)
                self._upload(target, offset + nbytes * y, samples)

    def place(self, plane: Plane) -> DevicePlane:
        kept = np.ascontiguousarray(plane)
        return DevicePlane("host", kept.ctypes.data, kept.shape, kept.dtype, kept.strides, kept)

    def download(
        self, target: NDArray[np.uint8], source: Piece, *, with_uploads: bool = False
    ) -> None:
        piece = self.piece(source, 0, target.nbytes)
        target[:] = np.frombuffer(self._tell(_DOWNLOAD, *piece, answer=target.nbytes), np.uint8)

    def copy(self, target: Piece, to: int, source: Piece, offset: int, nbytes: int) -> None:
        ends = self.piece(target, to, nbytes), self.piece(source, offset, nbytes)
        self._tell(_COPY, *ends[0], *ends[1])

    def launch(
        self,
        kernel: str,
        groups: tuple[int, int, int],
        buffers: Sequence[Piece],
        *,
        with_uploads: bool = False,
    ) -> None:
        number = self._program.kernels[kernel]
        words = [word for piece in buffers for word in piece]
        payload = struct.pack(f"<{len(words)}Q", *words)
        self._tell(_LAUNCH, number, *groups, len(buffers), payload=payload, answer=8)

    def mark(self, *, with_uploads: bool = False) -> Any:
        return None

    def wait(self, mark: Any) -> None:
        pass

    def spend(self, mark: Any) -> None:
        pass

    def finish(self) -> None:
        pass

    def results(self) -> ResultMemory:
        return HostResults(self)

    def close(self) -> None:
        """End the process; KernelFault when it has something to report. May be called twice."""
        self._end()


class HostResults:
    """Memory for results; all work is done when it has been asked for."""

    queue = None

    def __init__(self, backend: HostBackend) -> None:
        self.device = backend.device
        self._backend = backend

    def allocate(self, nbytes: int) -> Piece:
        return self._backend.allocate(nbytes)

    def address(self, buffer: Piece) -> int:
        raise NotImplementedError

    def written(self) -> None:
        pass

    def hold(self, stream: int, mark: None) -> None:
        pass

    def left(self, stream: int) -> None:
        pass

    def follow(self, mark: None) -> None:
        pass

    def spend(self, mark: None) -> None:
        pass

    def read(self, target: NDArray[np.uint8], buffer: Piece, offset: int, mark: None) -> None:
        self._backend.download(target, self._backend.piece(buffer, offset, target.nbytes))


def _end(process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    """Wait for the end; KernelFault."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    process.stdout.close()
    code = process.wait()
    said.seek(0)
    report = said.read().decode(errors="replace")
    said.close()
    if code:
        raise KernelFault(f"exit {code}\n{report}")
