"""The demo while it runs: one line per CRF with its scores as they come."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .terminal import is_terminal

if TYPE_CHECKING:
    from rich.table import Table

    from pyvmaf_tiny.demo.rendition import Rendition
    from pyvmaf_tiny.demo.run import Watch
    from pyvmaf_tiny.demo.scene import Scene

_BLOCKS = "▁▂▃▄▅▆▇█"

#: Frames in the trail of blocks, and the score at its foot: little happens below.
_TRAIL = 40
_FOOT = 20.0

#: Score from which a colour holds: hardly visible, visible, disturbing.
_COLORS = ((90.0, "green"), (75.0, "yellow"), (0.0, "red"))

_REFRESHES_PER_SECOND = 12


@contextmanager
def live_display(scene: Scene, quiet: bool) -> Iterator[Watch | None]:
    """A callback that redraws the table; None when stderr is no terminal or ``quiet`` is set."""
    if quiet or not is_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as live:
        shown = 0.0

        def watch(read: int, renditions: Sequence[Rendition]) -> None:
            nonlocal shown
            now = time.perf_counter()
            if now - shown < 1 / _REFRESHES_PER_SECOND and read != scene.count:
                return
            shown = now
            live.update(_table(scene, read, renditions), refresh=True)

        yield watch


def _table(scene: Scene, read: int, renditions: Sequence[Rendition]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    total = f" of {scene.count}" if scene.count else ""
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, title=f"frame {read}{total}", title_justify="left"
    )
    for column in ("CRF", "kbit/s", "frames"):
        table.add_column(column, justify="right")
    table.add_column(f"score of the last {_TRAIL} frames", min_width=_TRAIL)
    for column in ("now", "mean"):
        table.add_column(column, justify="right", min_width=6)
    for each in renditions:
        scores = each.scores
        trail, now, mean = Text(), Text("-"), Text("-")
        for score in scores[-_TRAIL:]:
            trail.append(_block(score), _color(score))
        if scores:
            average = sum(scores) / len(scores)
            now, mean = (Text(f"{x:.2f}", _color(x)) for x in (scores[-1], average))
        table.add_row(str(each.crf), f"{each.bitrate:.0f}", str(len(scores)), trail, now, mean)
    return table


def _block(score: float) -> str:
    share = (score - _FOOT) / (100.0 - _FOOT)
    return _BLOCKS[min(max(int(share * len(_BLOCKS)), 0), len(_BLOCKS) - 1)]


def _color(score: float) -> str:
    return next((color for floor, color in _COLORS if score >= floor), _COLORS[-1][1])
