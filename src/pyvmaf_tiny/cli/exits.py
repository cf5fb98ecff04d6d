"""Exit codes, and messages to the person at the terminal. docs/cli.md documents both."""

from __future__ import annotations

import os
import sys
import traceback

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
INTERRUPTED = 130

#: What a shell reports of a program that a closed pipe ended (128 + SIGPIPE).
BROKEN_PIPE = 141


#: Python's spelling of an option in a message, and the flag that it is here.
_FLAGS = {
    "shortest=True": "--shortest",
    "neg=True": "--neg",
    "gain_limit=": "--gain_limit ",
    "bit_depth=": "--bitdepth ",
    'device="cpu"': "--tiny-device cpu",
}


def message_of(error: VmafTinyError) -> str:
    """The error's message, with options spelled as flags."""
    text = str(error)
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
    click.echo(f"pyvmaf-tiny: {message}", err=True)


def wants_traceback() -> bool:
    """Whether PYVMAF_TINY_TRACEBACK asks for the traceback of an error."""
    return os.environ.get("PYVMAF_TINY_TRACEBACK", "") not in ("", "0")


def show_traceback() -> None:
    """Print the traceback of the error being handled, if it was asked for."""
    if wants_traceback():
        traceback.print_exc(file=sys.stderr)
