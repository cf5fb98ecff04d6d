"""One thread at a time."""

from __future__ import annotations

import threading
from typing import Literal

from pyvmaf_tiny.errors import EngineStateError


class Turn:
    """Lets one thread at a time into a scorer and turns a second one away.

    A turn that an interrupt cut off before it could end is its own thread's to take again. That
    holds at every moment: taking a turn and ending it are one operation each, which an interrupt
    comes before or after, never into.
    """

    def __init__(self) -> None:
        self._owner: dict[Literal["thread"], int] = {}

    def __enter__(self) -> None:
        thread = threading.get_ident()
        if self._owner.setdefault("thread", thread) != thread:
            raise EngineStateError(
                "another thread is using this scorer", hint="give every thread a scorer of its own"
            )

    def __exit__(self, *_: object) -> None:
        self._owner.pop("thread", None)
