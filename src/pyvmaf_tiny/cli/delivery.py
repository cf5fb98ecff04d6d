"""Runs a scoring call and delivers its result, also when it is cut short."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyvmaf_tiny.errors import VmafTinyError

from .exits import say
from .progress import progress_bar
from .terminal import is_terminal

if TYPE_CHECKING:
    from pyvmaf_tiny.results import ScoreResult

Deliver = Callable[["ScoreResult"], None]


def score_and_deliver(
    ref: str, dis: str, deliver: Deliver, *, quiet: bool, **arguments: Any
) -> None:
    """Call ``pyvmaf_tiny.score`` under a progress bar and hand its result to ``deliver``.

    On an error, or Ctrl-C, what had been scored goes the same way, with a note, before the
    error goes on.
    """
    import pyvmaf_tiny

    try:
        with progress_bar(quiet) as progress:
            result = pyvmaf_tiny.score(ref, dis, progress=progress, **arguments)
    except (VmafTinyError, KeyboardInterrupt) as error:
        partial: ScoreResult | None = getattr(error, "result", None)
        if partial is not None and len(partial):
            say(f"note: incomplete, this is the result of the first {len(partial)} scored frames")
            deliver(partial)
        raise
    deliver(result)
    if not quiet and is_terminal(sys.stderr):
        print(_summary(result), file=sys.stderr)


def _summary(result: ScoreResult) -> str:
    """Two or three lines for a person: what was done, by what, and how the scores spread."""
    info = result.info
    speed = "" if info.fps is None else f" in {info.seconds:.2f} s, {info.fps:.1f} fps"
    engine = " ".join(filter(None, (info.engine, info.cpu_tier)))
    threads = "" if info.threads is None else f", {info.threads} thread" + "s" * (info.threads > 1)
    lines = [
        f"{info.frames} frames {info.width}x{info.height} {info.bit_depth} bit{speed}"
        f"  ({engine}{threads})"
    ]
    if result.has_score:
        lines.append(f"model {info.model_id} on {info.provider}")
        lowest = int(result.indices[int(result.scores.argmin())])
        lines.append(
            f"mean {result.mean:.3f}  harmonic mean {result.harmonic_mean:.3f}  "
            f"5th percentile {result.percentile(5):.3f}  "
            f"min {result.min:.3f} at frame {lowest}  max {result.max:.3f}"
        )
    return "\n".join(lines)
