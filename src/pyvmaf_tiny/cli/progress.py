"""The live progress bar: on a terminal's stderr, nowhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .terminal import is_terminal

#: Seconds between two updates: a bar need not follow thousands of small frames a second.
_INTERVAL = 0.05

#: Columns of a terminal from which speed and time left fit, and from which a bar fits besides.
_WIDTH_WITH_TIME, _WIDTH_WITH_BAR = 64, 80

if TYPE_CHECKING:
    from rich.progress import ProgressColumn


#: Takes frames done, how many there will be, and the mean scores so far, one per rendition.
Callback = Callable[[int, int | None, Sequence[float | None]], None]

#: So many means fit on a line.
_MOST_MEANS = 4


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Callback | None]:
    """A callback for ``progress=`` that draws frames, fps, running mean and time left.

    None when there is nobody to look at it: ``quiet``, or stderr is not a terminal.
    """
    if quiet or not is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(*_columns(console.width), console=console, transient=True) as bar:
        task = bar.add_task("", total=None, fps="-", mean="")
        start = time.perf_counter()
        shown = 0.0

        def update(done: int, total: int | None, means: Sequence[float | None]) -> None:
            nonlocal shown
            now = time.perf_counter()
            if now - shown < _INTERVAL and done != total:
                return
            shown = now
            bar.update(
                task,
                completed=done,
                total=total,
                fps=f"{done / (now - start):.1f}",
                mean=_text(means),
            )

        yield update


def _text(means: Sequence[float | None]) -> str:
    known = [f"{mean:.2f}" for mean in means[:_MOST_MEANS] if mean is not None]
    if not known:
        return ""
    return " ".join(["mean", *known]) + (" ..." if len(means) > _MOST_MEANS else "")


@contextmanager
def pairs_bar(quiet: bool) -> Iterator[Callable[[int, int | None], None] | None]:
    """The same bar for work without scores: the callback takes pairs done and their number."""
    with progress_bar(quiet) as bar:
        yield None if bar is None else lambda done, total: bar(done, total, ())


def _columns(width: int) -> list[ProgressColumn]:
    """What fits: on a narrow terminal the frame count stays and the rest goes."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = [BarColumn(bar_width=None)] if width >= _WIDTH_WITH_BAR else []
    if width < _WIDTH_WITH_TIME:
        return [SpinnerColumn(), MofNCompleteColumn(), TextColumn("frames  {task.fields[mean]}")]
    return [
        SpinnerColumn(),
        *bar,
        MofNCompleteColumn(),
        TextColumn("frames  {task.fields[fps]} fps  {task.fields[mean]}"),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
    ]
