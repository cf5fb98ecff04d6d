"""Marks behind the work on batches: who waits for one has waited for all before it."""

from __future__ import annotations

from collections import deque
from typing import Any

from .backend import Backend

#: Stands for no mark; nothing is waited for.
NO_MARK = 0


class Marks:
    """Those of one line of work, by their numbers; kept until they are known to be reached."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._ahead: deque[Any] = deque()  # not known to be reached
        self._reached = NO_MARK

    def make(self) -> int:
        """Remember this point; its number."""
        self._ahead.append(self._backend.mark())
        return self._reached + len(self._ahead)

    def wait(self, number: int) -> None:
        """Wait until everything before a mark is done, unless that is known already."""
        count = number - self._reached
        if count > 0:
            self._backend.wait(self._ahead[count - 1])
            del self._ahead[count - 1]
            self._reached += 1
            self._spend(count - 1)

    def forget(self) -> None:
        """All work is done."""
        self._spend(len(self._ahead))

    def _spend(self, count: int) -> None:
        for _ in range(count):
            self._backend.spend(self._ahead.popleft())
            self._reached += 1
