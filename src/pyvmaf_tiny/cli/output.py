"""Where results go: a file or stdout, in the format that the flags ask for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pyvmaf_tiny.errors import OptionError

from .terminal import is_terminal

if TYPE_CHECKING:
    from pyvmaf_tiny.results import ScoreResult


def is_stdout(path: str) -> bool:
    """Whether an output path means standard output."""
    return path in ("-", "/dev/stdout")


def check_output(path: str, format: str, taken: Iterable[str]) -> None:
    """Refuse, before hours of work, a log that could not be written at the end.

    ``taken`` are the files that the command reads or writes besides.
    """
    from pyvmaf_tiny.report import FORMATS
    from pyvmaf_tiny.report.extras import require

    if format not in FORMATS:
        raise OptionError("unknown output format", given=path, expected="." + ", .".join(FORMATS))
    if format == "parquet":
        require("pyarrow", "parquet")
    if not is_stdout(path):
        check_place(path, taken)
    elif format == "parquet" and is_terminal(sys.stdout):
        raise OptionError("Parquet is binary and does not go to a terminal", hint="use -o FILE")


def check_plot(path: str, taken: Iterable[str]) -> None:
    """Refuse a plot that could not be written at the end; ``taken`` as in check_output."""
    from pyvmaf_tiny.report import PICTURES
    from pyvmaf_tiny.report.extras import require

    suffix = Path(path).suffix.lower().lstrip(".")
    if suffix not in PICTURES:
        raise OptionError("unknown kind of plot", given=path, expected="." + ", .".join(PICTURES))
    if suffix != "html":
        require("matplotlib", "plot")
    check_place(path, taken)


def check_place(path: str | Path, taken: Iterable[str]) -> None:
    """Refuse a file name that cannot be written, and one of the files in ``taken``."""
    target = Path(path)
    for other in taken:
        if _same_file(target, other):
            raise OptionError(
                "the output would overwrite a file of this run",
                given=path,
                expected=f"another file than {other}",
            )
    if target.is_dir():
        raise OptionError("cannot write the output", given=path, expected="a file, not a folder")
    if not target.parent.is_dir() or not os.access(
        target if target.exists() else target.parent, os.W_OK
    ):
        raise OptionError(
            "cannot write the output",
            given=path,
            expected="a file name in an existing folder that may be written",
        )


def _same_file(path: Path, other: str) -> bool:
    """Whether two names are one file, be it through a link; ``-`` is standard input."""
    try:
        return os.path.samefile(path, 0 if other == "-" else other)
    except OSError:  # one of them is yet to be written, or missing
        return other != "-" and path.resolve() == Path(other).resolve()


def write_result(result: ScoreResult, path: str, format: str) -> None:
    """Write the log to ``path``; ``-`` is standard output."""
    if not is_stdout(path):
        result.save(path, format)
        return
    from pyvmaf_tiny.report import write

    sys.stdout.flush()
    write(result, sys.stdout.buffer, format)
    sys.stdout.buffer.flush()


def write_plot(result: ScoreResult, path: str, *, label: str) -> None:
    """Draw one result's score over its frames."""
    from pyvmaf_tiny.report import Curve, save_plot

    save_plot([Curve(label, result)], path, title=f"{label}: score over frames")
