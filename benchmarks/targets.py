"""What the engine is meant to reach against libvmaf on one core, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memory import Memory
from plan import WHOLE
from renditions import Renditions
from scaling import ONE_CONTEXT, Scaling
from streams import LIBVMAF, OURS
from timings import Ratio, Timings

#: Either of these is "AVX-512"; the better one that the machine has counts.
_AVX512 = ("avx512icl", "avx512")


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio that is aimed at, and the measured ones by where they were measured."""

    name: str
    target: float
    stretch: float
    measured: dict[str, float]


def targets(
    timings: Timings,
    renditions: Sequence[Renditions],
    scaling: Sequence[Scaling],
    memory: Sequence[Memory],
) -> list[Target]:
    """Each target with what this run has for it; nothing measured leaves it empty.

    Speed is CPU time of whole frames by one thread, except for two threads over one, which is
    wall time, formed in each round.
    """
    ratios = [ratio for ratio in timings.ratios if ratio.part == WHOLE and ratio.threads == 1]
    large = [ratio for ratio in ratios if ratio.height >= 1080]
    return [
        Target("AVX-512, 8 bit", 3.0, 3.5, _speeds(large, 8, _AVX512)),
        Target("AVX2, 8 bit", 2.2, 2.9, _speeds(large, 8, ("avx2",))),
        Target("AVX-512, 10 bit", 4.0, 5.0, _speeds(large, 10, _AVX512)),
        Target("each further rendition, AVX-512, 8 bit", 4.4, 5.3, _further(renditions)),
        Target("scalar, 8 bit", 2.0, 3.0, _speeds(large, 8, ("scalar",))),
        Target("two threads over one, wall time", 1.85, 1.95, _scaling(scaling)),
        Target("libvmaf's memory over ours", 2.0, 4.0, _memory(memory)),
    ]


def _speeds(ratios: Sequence[Ratio], bit_depth: int, tiers: Sequence[str]) -> dict[str, float]:
    for tier in tiers:
        found = {
            f"{ratio.height}p": ratio.cpu
            for ratio in ratios
            if (ratio.bit_depth, ratio.tier) == (bit_depth, tier)
        }
        if found:
            return found
    return {}


def _further(rows: Sequence[Renditions]) -> dict[str, float]:
    return {
        f"{row.height}p": row.times_faster
        for row in rows
        if row.height >= 1080 and row.bit_depth == 8 and row.tier in _AVX512
    }


def _scaling(rows: Sequence[Scaling]) -> dict[str, float]:
    return {
        f"{row.height}p": row.gain
        for row in rows
        if row.height >= 1080 and row.how == ONE_CONTEXT and row.threads == 2
    }


def _memory(memory: Sequence[Memory]) -> dict[str, float]:
    single = [entry for entry in memory if entry.threads == 1 and entry.height >= 1080]
    peaks = {(entry.height, entry.bit_depth, entry.engine): entry.peak_bytes for entry in single}
    return {
        f"{height}p, {bit_depth} bit": peaks[height, bit_depth, LIBVMAF] / peak
        for (height, bit_depth, engine), peak in peaks.items()
        if engine == OURS
    }
