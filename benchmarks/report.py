"""Writes what was measured: CSV files with everything, Markdown tables to read."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from instructions import Instructions
from memory import Memory
from plan import WHOLE
from processes import ProcessTiming
from targets import targets
from timings import Ratio, Timing, Timings


@dataclass(slots=True)
class Results:
    """All tables of a run; a table that was not asked for is empty."""

    facts: dict[str, str]
    timings: Timings = field(default_factory=lambda: Timings([], []))
    processes: list[ProcessTiming] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    instructions: list[Instructions] = field(default_factory=list)


def write_csv(results: Results, folder: Path) -> None:
    """One file per table that has rows."""
    tables: dict[str, Sequence[object]] = {
        "timings": results.timings.timings,
        "ratios": results.timings.ratios,
        "processes": results.processes,
        "memory": results.memory,
        "instructions": results.instructions,
    }
    for name, rows in tables.items():
        if rows:
            records = [asdict(row) for row in rows]  # type: ignore[call-overload]
            with (folder / f"{name}.csv").open("w", newline="") as output:
                writer = csv.DictWriter(output, list(records[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(records)


def markdown(results: Results) -> str:
    """The whole report, without a title, so that it can be put under one."""
    parts = [_table(("", ""), results.facts.items())]
    if results.timings.ratios:
        pairs = _pairs(results.timings)
        parts += [
            _WHOLE_FRAMES + _table(_SPEED_HEAD, (_speed(*pair) for pair in pairs if _whole(pair))),
            _GROUPS + _table(_SPEED_HEAD, (_speed(*pair) for pair in pairs if not _whole(pair))),
        ]
    if results.processes:
        parts.append(_PROCESSES + _table(_PROCESS_HEAD, _process_rows(results.processes)))
    if results.memory:
        parts.append(_MEMORY + _table(_MEMORY_HEAD, _memory_rows(results.memory)))
    if results.instructions:
        parts.append(_COUNTS + _table(_COUNT_HEAD, _count_rows(results.instructions)))
    parts.append(_TARGETS + _table(_TARGET_HEAD, _target_rows(results)))
    return "\n".join(parts)


_WHOLE_FRAMES = """\
### Whole frames, in process

Milliseconds per frame, median of the rounds. "Times faster" is libvmaf's CPU time over ours, formed
in each round: its median, with the quartiles in brackets. Wall times are those of a machine that
was as busy as its load says. Every feature of every frame that pyvmaf-tiny computed was compared,
during the run, with libvmaf's scalar path and was the same double; "exact" says whether libvmaf's
own tier was.

"""

_GROUPS = """\
### Groups of features, in process

As above, one group alone.

"""

_PROCESSES = """\
### Whole processes

`ffmpeg -lavfi libvmaf` with its default model against `pyvmaf-tiny score`; both read raw 4:2:0
files from memory and write a JSON log. Start-up is in the time of either, and starting Python and
ONNX Runtime takes longer than starting ffmpeg. Milliseconds per frame, medians.

"""

_MEMORY = """\
### Peak memory

What an engine adds to its process at the peak, beside the caller's own frames, in MiB. libvmaf
works on pictures of its own; they are part of its figure.

"""

_COUNTS = """\
### Instructions

Millions of instructions per frame, counted by callgrind, which has no AVX-512: figures that noise
cannot move. 0.05 million of each are Python's.

"""

_TARGETS = """\
### Targets

Ratios to libvmaf on the same tier, one thread, CPU time, whole frames, unless it says otherwise.

"""

_SPEED_HEAD = (
    *("size", "bits", "features", "tier", "threads", "ours, CPU", "libvmaf, CPU"),
    *("times faster", "ours, wall", "libvmaf, wall", "libvmaf exact"),
)
_PROCESS_HEAD = (
    *("size", "bits", "threads", "frames", "ours, CPU", "ffmpeg, CPU", "times less CPU"),
    *("ours, wall", "ffmpeg, wall", "times faster"),
)
_MEMORY_HEAD = ("size", "bits", "threads", "ours", "libvmaf", "times less")
_COUNT_HEAD = ("size", "bits", "features", "tier", "ours", "libvmaf", "times fewer")
_TARGET_HEAD = ("", "target", "stretch", "measured")

_Pair = tuple[Timing, Timing, Ratio]


def _pairs(timings: Timings) -> list[_Pair]:
    ours, theirs = timings.timings[::2], timings.timings[1::2]
    return list(zip(ours, theirs, timings.ratios, strict=True))


def _whole(pair: _Pair) -> bool:
    return pair[0].part == WHOLE


def _size(row: Timing | ProcessTiming | Memory | Instructions) -> tuple[str, str]:
    return f"{row.width}x{row.height}", str(row.bit_depth)


def _speed(ours: Timing, theirs: Timing, ratio: Ratio) -> tuple[str, ...]:
    return (
        *_size(ours),
        *(ours.part, ours.tier, str(ours.threads), _ms(ours.cpu_ms), _ms(theirs.cpu_ms)),
        f"**{ratio.cpu:.2f}** ({ratio.cpu_q1:.2f}-{ratio.cpu_q3:.2f})",
        *(_ms(ours.wall_ms), _ms(theirs.wall_ms), "yes" if theirs.exact else "no"),
    )


def _process_rows(rows: Sequence[ProcessTiming]) -> Iterable[tuple[str, ...]]:
    for ours, theirs in zip(rows[::2], rows[1::2], strict=True):
        yield (
            *_size(ours),
            *(str(ours.threads), str(ours.frames), _ms(ours.cpu_ms), _ms(theirs.cpu_ms)),
            f"**{theirs.cpu_ms / ours.cpu_ms:.2f}**",
            *(_ms(ours.wall_ms), _ms(theirs.wall_ms)),
            f"{theirs.wall_ms / ours.wall_ms:.2f}",
        )


def _memory_rows(rows: Sequence[Memory]) -> Iterable[tuple[str, ...]]:
    for ours, theirs in zip(rows[::2], rows[1::2], strict=True):
        sizes = (f"{row.peak_bytes / 2**20:.1f}" for row in (ours, theirs))
        ratio = theirs.peak_bytes / ours.peak_bytes
        yield (*_size(ours), str(ours.threads), *sizes, f"**{ratio:.1f}**")


def _count_rows(rows: Sequence[Instructions]) -> Iterable[tuple[str, ...]]:
    for ours, theirs in zip(rows[::2], rows[1::2], strict=True):
        counts = (f"{row.per_frame / 1e6:.2f}" for row in (ours, theirs))
        ratio = theirs.per_frame / ours.per_frame
        yield (*_size(ours), ours.part, ours.tier, *counts, f"**{ratio:.2f}**")


def _target_rows(results: Results) -> Iterable[tuple[str, ...]]:
    for target in targets(results.timings, results.memory):
        measured = (f"{place}: **{ratio:.2f}**" for place, ratio in target.measured.items())
        aims = (f"{target.target:g}", f"{target.stretch:g}")
        yield (target.name, *aims, ", ".join(measured) or "not measured")


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.2f}" if milliseconds < 10 else f"{milliseconds:.1f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
