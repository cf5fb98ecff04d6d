"""What all scorers are that frames are pushed into: closed with a block, whole or torn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from pyvmaf_tiny.errors import EngineStateError

from .turn import Turn


class Pushed(ABC):
    """The base of all scorers.

    ``_torn`` is true while engine and scorer are not at the same frame. Our own errors leave both
    where they belong. Anything else that gets in between, which is Ctrl-C, may come after the
    engine took a frame and before the scorer knew.
    """

    def __init__(self) -> None:
        self._turn = Turn()
        self._torn = False

    @abstractmethod
    def close(self) -> None:
        """Free the engine's memory; may be called twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _check_whole(self) -> None:
        if self._torn:
            raise EngineStateError(
                "an interrupt cut off an earlier push, so the next frame cannot be told",
                hint="reset() starts a new stream",
            )
