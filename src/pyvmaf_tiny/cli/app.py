"""The group of commands, and how every failure leaves the process."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, NoReturn

import click

from pyvmaf_tiny.errors import OptionError, VmafTinyError

from .bench import bench
from .compare import compare
from .demo import demo
from .engines import engines
from .exits import (
    BROKEN_PIPE,
    INTERRUPTED,
    TERMINATED,
    UNEXPECTED,
    discard_stdout,
    exit_code,
    message_of,
    say,
    show_traceback,
    wants_traceback,
)
from .features import features
from .models import models
from .options import version_option
from .score import score
from .terminal import Terminated, occupy_closed_streams, raise_on_sigterm


class App(click.Group):
    """A group that ends every failure in a line or two on stderr and an exit code."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command line and exit the process."""
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = error.exit_code
        except click.ClickException as error:
            show_traceback()
            say(f"error: {error.format_message()}")
            if isinstance(error, click.UsageError) and error.ctx is not None:
                say(f"see: {error.ctx.command_path} --help")
            code = error.exit_code
        except VmafTinyError as error:
            show_traceback()
            say(f"error: {message_of(error)}")
            code = exit_code(error)
        except OSError as error:  # a full disk behind stdout, say
            show_traceback()
            say(f"error: {error}")
            code = UNEXPECTED
        sys.exit(code)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        if sys.stdout is None:
            raise OptionError(
                "standard output is closed", hint="send it to /dev/null if nobody reads it"
            )
        try:
            super().invoke(ctx)
            sys.stdout.flush()
        except Terminated:
            show_traceback()
            say("terminated")
            ctx.exit(TERMINATED)
        except KeyboardInterrupt:
            show_traceback()
            say("interrupted")
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            discard_stdout()
            ctx.exit(BROKEN_PIPE)


@click.group(cls=App, context_settings={"max_content_width": 100})
@version_option("--version")
def app() -> None:
    """VMAF-style video quality in process: exact libvmaf features, tiny models, frame by frame.

    Exit codes: 0 ok, 1 unexpected failure, 2 wrong option, 3 input, 4 model, 5 engine,
    6 compare found a difference, 130 interrupted, 143 terminated.
    PYVMAF_TINY_TRACEBACK=1 shows where an error came from.
    """


for _command in (score, features, compare, engines, models, bench, demo):
    app.add_command(_command)


def main() -> None:
    """Run the command line and exit the process."""
    occupy_closed_streams()
    raise_on_sigterm()
    sys.excepthook = _unexpected
    app(prog_name="pyvmaf-tiny")


def _unexpected(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if wants_traceback():
        sys.__excepthook__(kind, error, traceback)
        return
    say(f"unexpected error: {kind.__name__}: {error}")
    say("this is a bug, or a failure of this machine; PYVMAF_TINY_TRACEBACK=1 shows where")
