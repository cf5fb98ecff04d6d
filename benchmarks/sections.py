"""The report's sections: for each table a heading, what it says, and its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from instructions import Instructions
from memory import Memory
from overhead import Overhead
from plan import WHOLE
from processes import ProcessTiming
from renditions import Renditions
from scaling import Scaling
from targets import Target
from timings import Ratio, Timing, Timings

_Pair = tuple[Timing, Timing, Ratio]
_Sized = Timing | ProcessTiming | Memory | Instructions | Renditions | Scaling

_SPEED_HEAD = (
    *("size", "bits", "features", "tier", "threads", "ours, CPU", "libvmaf, CPU"),
    *("times faster", "ours, wall", "libvmaf, wall", "libvmaf exact"),
)


def speed(timings: Timings) -> str:
    """Whole frames and groups of features."""
    ours, theirs = timings.timings[::2], timings.timings[1::2]
    pairs = list(zip(ours, theirs, timings.ratios, strict=True))
    whole = [pair for pair in pairs if pair[0].part == WHOLE]
    groups = [pair for pair in pairs if pair[0].part != WHOLE]
    return f"""\
### Whole frames, in process

Milliseconds per frame, median of the rounds. "Times faster" is libvmaf's CPU time over ours, formed
in each round: its median, with the quartiles in brackets. Wall times are those of a machine that
was as busy as its load says. Every feature of every frame that pyvmaf-tiny computed was compared,
during the run, with libvmaf's scalar path and was the same double; "exact" says whether libvmaf's
own tier was.

{table(_SPEED_HEAD, map(_speed_row, whole))}
### Groups of features, in process

As above, one group alone.

{table(_SPEED_HEAD, map(_speed_row, groups))}"""


def _speed_row(pair: _Pair) -> tuple[str, ...]:
    ours, theirs, ratio = pair
    return (
        *_size(ours),
        *(ours.part, ours.tier, str(ours.threads), _ms(ours.cpu_ms), _ms(theirs.cpu_ms)),
        f"**{ratio.cpu:.2f}** ({ratio.cpu_q1:.2f}-{ratio.cpu_q3:.2f})",
        *(_ms(ours.wall_ms), _ms(theirs.wall_ms), "yes" if theirs.exact else "no"),
    )


def ladders(rows: Sequence[Renditions]) -> str:
    """Further renditions, and NEG beside the default."""
    head = (
        *("size", "bits", "tier", "one", "all", "each further", "libvmaf, one frame"),
        *("times faster", "default and NEG", "NEG adds"),
    )
    cells = (
        (
            *_size(row),
            *(row.tier, _ms(row.one_ms), _ms(row.all_ms), _ms(row.further_ms)),
            _ms(row.libvmaf_ms),
            f"**{row.times_faster:.2f}** ({row.times_faster_q1:.2f}-{row.times_faster_q3:.2f})",
            *(_ms(row.both_ms), f"{row.neg_share:.0%}"),
        )
        for row in rows
    )
    return f"""\
### Renditions of one reference

Milliseconds of CPU time per reference frame, one thread, best tier: one rendition alone, all of a
ladder of {rows[0].renditions} in one pass, and what each further one adds; libvmaf does every one
anew. "Times faster" is libvmaf's frame over a further rendition. The last two columns are one
rendition under both gain limits, and by how much that is more than one. All features were those
of separate passes.

{table(head, cells)}"""


def threads(rows: Sequence[Scaling]) -> str:
    """Threads by wall time."""
    head = ("size", "bits", "tier", "how", "threads", "frames/s", "times one thread", "best round")
    cells = (
        (
            *_size(row),
            *(row.tier, row.how, str(row.threads), f"{row.fps:.1f}"),
            f"**{row.gain:.2f}** ({row.gain_q1:.2f}-{row.gain_q3:.2f})",
            f"{row.gain_best:.2f}",
        )
        for row in rows
    )
    return f"""\
### Threads

Frames per second of wall time, median of the rounds, and by how much more that is than with one
thread: `threads=` of one context, and several contexts in Python threads of their own.

{table(head, cells)}"""


def processes(rows: Sequence[ProcessTiming]) -> str:
    """Whole programs."""
    head = (
        *("size", "bits", "renditions", "threads", "frames", "ours, CPU", "ffmpeg, CPU"),
        "times less CPU",
        *("ours, wall", "ffmpeg, wall", "times faster"),
    )
    cells = (
        (
            *_size(ours),
            *(str(ours.renditions), str(ours.threads), str(ours.frames)),
            *(_ms(ours.cpu_ms), _ms(theirs.cpu_ms)),
            f"**{theirs.cpu_ms / ours.cpu_ms:.2f}**",
            *(_ms(ours.wall_ms), _ms(theirs.wall_ms)),
            f"{theirs.wall_ms / ours.wall_ms:.2f}",
        )
        for ours, theirs in zip(rows[::2], rows[1::2], strict=True)
    )
    return f"""\
### Whole processes

`ffmpeg -lavfi libvmaf` with its default model against `pyvmaf-tiny score`; both read raw 4:2:0
files from memory and write a JSON log. Start-up is in the time of either, and starting Python and
ONNX Runtime takes longer than starting ffmpeg. Milliseconds per frame of a rendition, medians.
Several renditions are one process of ours, and one of ffmpeg's for each of them.

{table(head, cells)}"""


def memory(rows: Sequence[Memory]) -> str:
    """Peaks."""
    head = ("size", "bits", "threads", "ours", "libvmaf", "times less")
    cells = (
        (
            *_size(ours),
            *(str(ours.threads), _mib(ours), _mib(theirs)),
            f"**{theirs.peak_bytes / ours.peak_bytes:.1f}**",
        )
        for ours, theirs in zip(rows[::2], rows[1::2], strict=True)
    )
    return f"""\
### Peak memory

What an engine adds to its process at the peak, beside the caller's own frames, in MiB. libvmaf
works on pictures of its own; they are part of its figure.

{table(head, cells)}"""


def overhead(rows: Sequence[Overhead]) -> str:
    """Python's part."""
    cells = (
        (
            row.what,
            f"**{row.value:.1f}** {_UNITS[row.unit]}",
            "" if row.limit is None else f"{row.limit:g} {_UNITS[row.unit]}",
        )
        for row in rows
    )
    return f"""\
### Python

CPU time of a push on top of the bare C call, least of many batches on frames of 33x33, and what
importing the package adds to importing NumPy, in an installed package.

{table(("", "measured", "at most"), cells)}"""


def instructions(rows: Sequence[Instructions]) -> str:
    """What callgrind counted."""
    cells = (
        (
            *_size(ours),
            *(ours.part, ours.tier, f"{ours.per_frame / 1e6:.2f}", f"{theirs.per_frame / 1e6:.2f}"),
            f"**{theirs.per_frame / ours.per_frame:.2f}**",
        )
        for ours, theirs in zip(rows[::2], rows[1::2], strict=True)
    )
    head = ("size", "bits", "features", "tier", "ours", "libvmaf", "times fewer")
    return f"""\
### Instructions

Millions of instructions per frame, counted by callgrind, which has no AVX-512: figures that noise
cannot move. 0.05 million of each are Python's.

{table(head, cells)}"""


def aims(rows: Sequence[Target]) -> str:
    """Targets and what was measured."""
    cells = []
    for target in rows:
        measured = (f"{place}: **{ratio:.2f}**" for place, ratio in target.measured.items())
        numbers = (f"{target.target:g}", f"{target.stretch:g}")
        cells.append((target.name, *numbers, ", ".join(measured) or "not measured"))
    return f"""\
### Targets

Ratios to libvmaf on the same tier, one thread, CPU time, whole frames, unless it says otherwise.

{table(("", "target", "stretch", "measured"), cells)}"""


_UNITS = {"us": "µs", "ms": "ms"}


def _size(row: _Sized) -> tuple[str, str]:
    return f"{row.width}x{row.height}", str(row.bit_depth)


def _mib(row: Memory) -> str:
    return f"{row.peak_bytes / 2**20:.1f}"


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.2f}" if milliseconds < 10 else f"{milliseconds:.1f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
