"""Where results go: a file or stdout, in the format that the flags ask for."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pyvmaf_tiny.errors import OptionError

if TYPE_CHECKING:
    from pyvmaf_tiny.results import ScoreResult


def is_stdout(path: str) -> bool:
    """Whether an output path means standard output."""
    return path in ("-", "/dev/stdout")


def check_output(path: str, format: str) -> None:
    """Refuse, before hours of work, a log that could not be written at the end."""
    from pyvmaf_tiny.report import FORMATS
    from pyvmaf_tiny.report.extras import require

    if format not in FORMATS:
        raise OptionError("unknown output format", given=path, expected="." + ", .".join(FORMATS))
    if format == "parquet":
        require("pyarrow", "parquet")
    if not is_stdout(path):
        check_place(path)
    elif format == "parquet" and sys.stdout.isatty():
        raise OptionError("Parquet is binary and does not go to a terminal", hint="use -o FILE")


def check_plot(path: str) -> None:
    """Refuse a plot that could not be written at the end."""
    from pyvmaf_tiny.report import PICTURES
    from pyvmaf_tiny.report.extras import require

    suffix = Path(path).suffix.lower().lstrip(".")
    if suffix not in PICTURES:
        raise OptionError("unknown kind of plot", given=path, expected="." + ", .".join(PICTURES))
    if suffix != "html":
        require("matplotlib", "plot")
    check_place(path)


def check_place(path: str) -> None:
    """Refuse a file name that cannot be written."""
    target = Path(path)
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
