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
    from pyvmaf_tiny.renditions import ScoreResults


def is_stdout(path: str) -> bool:
    """Whether an output path means standard output."""
    return path in ("-", "/dev/stdout")


def check_output(path: str, format: str, taken: Iterable[str], *, several: bool) -> None:
    """Refuse, before hours of work, a log that could not be written at the end.

    ``taken`` are the files that the command reads or writes besides; ``several`` says that the
    log has to hold several renditions.
    """
    from pyvmaf_tiny.report import FORMATS, RENDITIONS
    from pyvmaf_tiny.report.extras import require

    known = list(RENDITIONS if several else FORMATS)
    if format in FORMATS and format not in known:
        raise OptionError(
            f"a log in {format.upper()} holds one rendition",
            given="several",
            expected="." + ", .".join(known),
        )
    if format not in known:
        raise OptionError("unknown output format", given=path, expected="." + ", .".join(known))
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


def write_results(results: ScoreResults, path: str, format: str) -> None:
    """Write the log to ``path``; ``-`` is standard output."""
    if not is_stdout(path):
        if len(results) == 1:
            results[0].save(path, format)
        else:
            results.save(path, format)
        return
    from pyvmaf_tiny.report import write, write_renditions

    sys.stdout.flush()
    if len(results) == 1:
        write(results[0], sys.stdout.buffer, format)
    else:
        write_renditions(results, sys.stdout.buffer, format)
    sys.stdout.buffer.flush()


def write_plot(results: ScoreResults, path: str) -> None:
    """Draw the score of every rendition over its frames, and over bitrates if there are any."""
    from pyvmaf_tiny.rendition_names import unique_names
    from pyvmaf_tiny.report import Curve, save_plot

    labels = unique_names([Path(name).name for name in results.names])
    curves = [
        Curve(label, result, bitrate=result.info.bitrate)
        for label, result in zip(labels, results, strict=True)
    ]
    title = "Score over frames" if len(curves) > 1 else f"{labels[0]}: score over frames"
    save_plot(curves, path, title=title)
