"""Exit codes, and messages to the person at the terminal. docs/cli.md documents both."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import click

from pyvmaf_tiny.errors import EngineError, InputError, ModelError, OptionError, VmafTinyError

#: The exit code of each branch of the exception tree.
CODES: dict[type[VmafTinyError], int] = {
    OptionError: 2,
    InputError: 3,
    ModelError: 4,
    EngineError: 5,
}
UNEXPECTED = 1

#: compare: the engines' features are not the same.
DIFFERENT = 6
INTERRUPTED = 130

#: What a shell reports of a program that a closed pipe ended (128 + SIGPIPE).
BROKEN_PIPE = 141

#: And of one that SIGTERM ended.
TERMINATED = 143

#: Python's spelling of an option in a message, and the flag that it is here.
_FLAGS = {
    "shortest=True": "--shortest",
    "bit_depth=": "--bitdepth ",
    'engine="libvmaf"': "--engine libvmaf",
    'model_device="cpu"': "--tiny-device cpu",  # before the next one, which it contains
    'device="cpu"': "--device cpu",
    "threads=1": "--threads 1",
    "cpu_mask": "--cpumask",
    "say neg=True (--neg)": "say --neg",
    "or None for as many": "or 0 for as many",
    "say w and h (-w and -h on the command line)": "say -w and -h",
    "needs width and height": "needs -w and -h",
    'frame.reformat(format="yuv420p") or ': "",
}

#: What would break a line, or the terminal: names of files may hold it.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")

#: Code, and objects of Python: advice that has them is none to a person at a terminal.
_PYTHON = re.compile(r"\w\(|\w\.\w+\(|\bfile object\b|\w=\w|\bscorer\b|\bPyAV\b")


def message_of(error: VmafTinyError) -> str:
    """The error's message, its advice in the words of the command line.

    ``message`` and ``given`` stay as they are: they may hold names of files.
    """
    hint = error.hint and _as_flags(error.hint)
    if hint:
        # Pieces of advice are joined by a semicolon or ", or".
        pieces = re.split(r"(; |, or )", hint)
        kept = ""
        for joint, piece in zip(["", *pieces[1::2]], pieces[::2], strict=True):
            if not _PYTHON.search(piece):
                kept += joint + piece if kept else piece
        hint = kept
    expected = None if error.expected is None else _as_flags(str(error.expected))
    return str(
        VmafTinyError(error.message, given=error.given, expected=expected, hint=hint or None)
    )


def _as_flags(text: str) -> str:
    for argument, flag in _FLAGS.items():
        text = text.replace(argument, flag)
    return text


def exit_code(error: VmafTinyError) -> int:
    """The exit code that belongs to an error."""
    for branch, code in CODES.items():
        if isinstance(error, branch):
            return code
    return UNEXPECTED


def say(message: str) -> None:
    """Print one line on stderr, where everything goes that is not a result."""
    line = _CONTROL.sub(lambda found: repr(found[0])[1:-1], message)
    click.echo(f"pyvmaf-tiny: {line}", err=True)


@contextmanager
def said() -> Iterator[None]:
    """Print the failure of the block instead of raising it: another one is on its way."""
    try:
        yield
    except BrokenPipeError:
        discard_stdout()
    except Exception as error:
        show_traceback()
        say(f"error: {message_of(error) if isinstance(error, VmafTinyError) else error}")


def discard_stdout() -> None:
    """Let stdout go nowhere: its reader is gone, and Python flushes it once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def wants_traceback() -> bool:
    """Whether PYVMAF_TINY_TRACEBACK asks for the traceback of an error."""
    return os.environ.get("PYVMAF_TINY_TRACEBACK", "") not in ("", "0")


def show_traceback() -> None:
    """Print the traceback of the error being handled, if it was asked for."""
    if wants_traceback() and sys.stderr is not None:
        traceback.print_exc(file=sys.stderr)
