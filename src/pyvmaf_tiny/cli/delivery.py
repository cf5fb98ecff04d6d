"""Runs a scoring call and delivers its results, also when it is cut short."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pyvmaf_tiny.errors import VmafTinyError

from .exits import said, say
from .progress import progress_bar
from .terminal import is_terminal

if TYPE_CHECKING:
    from pyvmaf_tiny.renditions import ScoreResults
    from pyvmaf_tiny.results import ScoreResult
    from pyvmaf_tiny.scorer import ReferenceScorer

Deliver = Callable[["ScoreResults"], None]


def in_turn(deliveries: Iterable[Callable[[], None]]) -> None:
    """Deliver everything, also after a failure; the first failure goes on, others are said."""
    failure: Exception | None = None
    for delivery in deliveries:
        try:
            if failure is None:
                delivery()
            else:
                with said():
                    delivery()
        except Exception as error:  # whatever it is, what is left may still work
            failure = error
    if failure is not None:
        raise failure


def score_and_deliver(
    ref: str,
    renditions: Sequence[str],
    deliver: Deliver,
    *,
    quiet: bool,
    device: str,
    **arguments: Any,
) -> None:
    """Call ``pyvmaf_tiny.score_many`` under a progress bar and hand its results to ``deliver``.

    Of the ``device`` "auto" it is said which one it was. On an error, or Ctrl-C, what had been
    scored goes the same way, with a note, before the error goes on; that it cannot be delivered
    is said besides.
    """
    import pyvmaf_tiny

    try:
        with progress_bar(quiet) as bar:

            def progress(done: int, total: int | None, scorer: ReferenceScorer) -> None:
                assert bar is not None
                bar(done, total, scorer.means)

            results = pyvmaf_tiny.score_many(
                ref,
                renditions,
                device=device,
                progress=None if bar is None else progress,
                **arguments,
            )
    except (VmafTinyError, KeyboardInterrupt) as error:
        partial: ScoreResults | None = getattr(error, "results", None)
        if partial is not None and len(partial[0]):
            what = "this is the result" if len(partial) == 1 else "these are the results"
            say(f"note: incomplete, {what} of the first {len(partial[0])} scored frames")
            with said():
                deliver(partial)
        raise
    if device == "auto" and not quiet:
        say(f"the features are computed on {results[0].info.device}")
    deliver(results)
    if not quiet and is_terminal(sys.stderr):
        print(_summary(results), file=sys.stderr)


def _summary(results: ScoreResults) -> str:
    """Two or three lines for a person: what was done, by what, and how the scores spread."""
    info = results[0].info
    speed = "" if info.fps is None else f" in {info.seconds:.2f} s, {info.fps:.1f} fps"
    engine = " ".join(filter(None, (info.engine, info.cpu_tier)))
    threads = "" if info.threads is None else f", {info.threads} thread" + "s" * (info.threads > 1)
    several = "" if len(results) == 1 else f" of {len(results)} renditions"
    lines = [
        f"{info.frames} frames{several} {info.width}x{info.height} {info.bit_depth} bit{speed}"
        f"  ({engine}{threads})"
    ]
    if results[0].has_score:
        lines.append(f"model {info.model_id} on {info.provider}")
        if len(results) == 1:
            lines.append(_spread(results[0]))
    return "\n".join(lines)


def _spread(result: ScoreResult) -> str:
    lowest = int(result.indices[int(result.scores.argmin())])
    return (
        f"mean {result.mean:.3f}  harmonic mean {result.harmonic_mean:.3f}  "
        f"5th percentile {result.percentile(5):.3f}  "
        f"min {result.min:.3f} at frame {lowest}  max {result.max:.3f}"
    )
