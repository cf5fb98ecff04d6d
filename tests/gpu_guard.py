"""A backend whose buffers lie between guard bands, for tests of what the kernels touch."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from gpu_device import open_backend
from numpy.typing import NDArray

from pyvmaf_tiny.engine.gpu.backend import Backend, Place
from pyvmaf_tiny.engine.gpu.results import ResultMemory
from pyvmaf_tiny.frames import DevicePlane, Plane

_BAND = 4096
_GUARD = 0xC3


class GuardedBackend(Backend):
    """The tests' device; every buffer has a band on either side and ``fill`` in it at first."""

    def __init__(self, sample_bytes: int, limits: int, fill: int) -> None:
        self._real = open_backend(sample_bytes, limits)
        self._fill = fill
        self._whole: list[tuple[Any, int]] = []
        self.device, self.memory = self._real.device, self._real.memory

    def entered(self) -> contextlib.AbstractContextManager[None]:
        return self._real.entered()

    def allocate(self, nbytes: int) -> Any:
        whole = self._real.allocate(nbytes + 2 * _BAND)
        contents = np.full(nbytes + 2 * _BAND, _GUARD, np.uint8)
        contents[_BAND : _BAND + nbytes] = self._fill
        self._real.upload(whole, 0, contents)
        self._real.finish()
        self._whole.append((whole, nbytes))
        return self._real.piece(whole, _BAND, nbytes)

    def intact(self) -> bool:
        """Whether nothing has been written outside any buffer; there are buffers."""
        for whole, nbytes in self._whole:
            contents = np.empty(nbytes + 2 * _BAND, np.uint8)
            with self._real.entered():
                self._real.finish()
                self._real.download(contents, whole)
                self._real.finish()
            contents[_BAND : _BAND + nbytes] = _GUARD
            if not (contents == _GUARD).all():
                return False
        return bool(self._whole)

    def allocate_host(self, nbytes: int) -> NDArray[np.uint8]:
        return self._real.allocate_host(nbytes)

    def upload(self, target: Any, offset: int, source: NDArray[np.uint8]) -> None:
        self._real.upload(target, offset, source)

    def check_plane(self, plane: DevicePlane) -> None:
        self._real.check_plane(plane)

    def pinned(self, plane: Plane) -> DevicePlane | None:
        return self._real.pinned(plane)

    def upload_planes(self, places: Sequence[Place]) -> None:
        self._real.upload_planes(places)

    def place(self, plane: Plane) -> DevicePlane:
        return self._real.place(plane)

    def download(
        self, target: NDArray[np.uint8], source: Any, *, with_uploads: bool = False
    ) -> None:
        self._real.download(target, source, with_uploads=with_uploads)

    def copy(self, target: Any, to: int, source: Any, offset: int, nbytes: int) -> None:
        self._real.copy(target, to, source, offset, nbytes)

    def piece(self, buffer: Any, offset: int, nbytes: int) -> Any:
        return self._real.piece(buffer, offset, nbytes)

    def launch(
        self,
        kernel: str,
        groups: tuple[int, int, int],
        buffers: Sequence[Any],
        *,
        with_uploads: bool = False,
    ) -> None:
        self._real.launch(kernel, groups, buffers, with_uploads=with_uploads)

    def mark(self, *, with_uploads: bool = False) -> Any:
        return self._real.mark(with_uploads=with_uploads)

    def wait(self, mark: Any) -> None:
        self._real.wait(mark)

    def spend(self, mark: Any) -> None:
        self._real.spend(mark)

    def finish(self) -> None:
        self._real.finish()

    def results(self) -> ResultMemory:
        memory = self._real.results()
        setattr(memory, "allocate", self.allocate)  # noqa: B010 (a method)
        return memory

    def close(self) -> None:
        self._real.close()
