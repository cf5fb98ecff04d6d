"""The process around the command: its standard streams and its signals."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import NoReturn, TextIO


class Terminated(KeyboardInterrupt):
    """SIGTERM: ends the command as Ctrl-C does, with an exit code of its own."""


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at a standard stream; a closed one is None to Python."""
    return stream is not None and stream.isatty()


def occupy_closed_streams() -> None:
    """Put the null device where descriptor 0, 1 or 2 is closed.

    Otherwise the next file that is opened gets the number, and what a library prints on its
    stderr goes into that file.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


def raise_on_sigterm() -> None:
    """From now on SIGTERM raises :class:`Terminated` in the main thread."""
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated
