"""libvmaf's messages, for Python's ``logging``: logger ``pyvmaf_tiny.libvmaf``.

libvmaf writes to the process's standard error and has no other way. So its messages are only
collected while a stream is opened (models, extractors and devices are set up there), and libvmaf
is silent afterwards. In that short time standard error is redirected for the whole process; lines
of others that get caught are passed on.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from typing import IO

from .locks import lock_over_forks

logger = logging.getLogger("pyvmaf_tiny.libvmaf")
logger.addHandler(logging.NullHandler())

_STANDARD_ERROR = 2

#: libvmaf's log levels, and Python's.
_LEVELS = {"ERROR": logging.ERROR, "WARNING": logging.WARNING, "INFO": logging.INFO,
           "DEBUG": logging.DEBUG}  # fmt: skip

_LINE = re.compile(r"libvmaf (ERROR|WARNING|INFO|DEBUG) (.*)")

#: One redirection at a time, and no fork in the middle of one.
_lock = lock_over_forks()


def log_level() -> int:
    """Libvmaf's level (1 errors to 4 debug) for what the logger wants to see."""
    wanted = logger.getEffectiveLevel()
    return 1 + sum(level >= wanted for level in (logging.WARNING, logging.INFO, logging.DEBUG))


@contextlib.contextmanager
def collected() -> Iterator[list[str]]:
    """Collect what libvmaf writes in the block: errors into the list, everything into the log."""
    errors: list[str] = []
    lines: list[tuple[str, str]] = []
    try:
        with _lock, _caught(lines):
            yield errors
    finally:
        # Not under the lock: a handler of the log may do anything.
        for level, text in lines:
            logger.log(_LEVELS[level], "%s", text)
            if level == "ERROR":
                errors.append(text)


@contextlib.contextmanager
def _caught(lines: list[tuple[str, str]]) -> Iterator[None]:
    """Redirect standard error; afterwards libvmaf's lines are level and text."""
    with tempfile.TemporaryFile() as file:
        try:
            before = os.dup(_STANDARD_ERROR)
        except OSError:  # no standard error: libvmaf's messages go nowhere, too
            yield
            return
        try:
            if sys.stderr is not None:
                with contextlib.suppress(OSError, ValueError):
                    sys.stderr.flush()
            os.dup2(file.fileno(), _STANDARD_ERROR)
            try:
                yield
            finally:
                os.dup2(before, _STANDARD_ERROR)
                _sort_out(file, before, lines)
        finally:
            os.close(before)


def _sort_out(file: IO[bytes], standard_error: int, lines: list[tuple[str, str]]) -> None:
    file.seek(0)
    for line in file.read().splitlines(keepends=True):
        found = _LINE.match(line.decode(errors="replace"))
        if found is None:
            with contextlib.suppress(OSError):
                os.write(standard_error, line)
        else:
            lines.append((found[1], found[2].strip()))
