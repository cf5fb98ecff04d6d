"""Results in a SYCL device's memory (see :class:`.results.ResultMemory`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .backend import Backend


class SyclResults:
    """All work on results is in the kernels' queue, which is in order: nothing has to be marked."""

    def __init__(self, backend: Backend, queue: Any) -> None:
        self.device = backend.device
        self.queue = queue
        self._backend = backend

    def allocate(self, nbytes: int) -> Any:
        """USM memory, which is freed when nobody refers to it."""
        return self._backend.allocate(nbytes)

    def address(self, buffer: Any) -> int:
        """Where USM memory lies."""
        return int(buffer.__sycl_usm_array_interface__["data"][0])

    def written(self) -> None:
        """Nothing to be done."""

    def left(self, stream: int) -> None:
        """Nothing to be done."""

    def hold(self, stream: int, mark: None) -> None:
        """Nothing to be done."""

    def follow(self, mark: None) -> None:
        """Nothing to be done."""

    def spend(self, mark: None) -> None:
        """Nothing to be done."""

    def read(self, target: NDArray[np.uint8], buffer: Any, offset: int, mark: None) -> None:
        """The copy waits for its turn in the queue, and the host for the copy."""
        with self._backend.entered():
            source = self._backend.piece(buffer, offset, target.nbytes)
            self.queue.memcpy(target, source, target.nbytes)
