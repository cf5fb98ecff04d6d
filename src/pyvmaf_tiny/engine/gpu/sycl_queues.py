"""SYCL queues that are used again."""

from __future__ import annotations

import functools
from collections import deque
from typing import Any

from .backend import keep_in_forks


class SpareQueues:
    """In-order queues of a device that nobody uses any more.

    They are kept because Intel's runtime keeps memory for every queue that ever had work, for
    good, whoever lets go of it.
    """

    def __init__(self, context: Any, device: Any) -> None:
        self._context, self._device = context, device
        self._spare: deque[Any] = deque()  # the garbage collector gives back, in any thread
        keep_in_forks(self)

    def take(self, queue_type: Any) -> Any:
        """A queue, which may still have work of somebody before."""
        try:
            return self._spare.popleft()
        except IndexError:
            return queue_type(self._context, self._device, property="in_order")

    def give_back(self, *queues: Any) -> None:
        """Nobody has use for them, but for results that were made in them."""
        self._spare.extend(queues)


@functools.cache
def spare_queues(context: Any, device: Any) -> SpareQueues:
    """Those of a device; contexts that are the same have the same ones."""
    return SpareQueues(context, device)
