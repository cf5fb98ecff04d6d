"""What the engine is meant to reach against libvmaf on one core, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memory import Memory
from plan import WHOLE
from streams import LIBVMAF, OURS
from timings import Ratio, Timing, Timings

#: Either of these is "AVX-512"; the better one that the machine has counts.
_AVX512 = ("avx512icl", "avx512")


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio that is aimed at, and the measured ones by where they were measured."""

    name: str
    target: float
    stretch: float
    measured: dict[str, float]


def targets(timings: Timings, memory: Sequence[Memory]) -> list[Target]:
    """Each target with what this run has for it; nothing measured leaves it empty.

    Speed is CPU time of whole frames by one thread, except for threads over one, which is wall
    time of the best round: a busy machine has no second core to spare in the median one.
    """
    ratios = [ratio for ratio in timings.ratios if ratio.part == WHOLE and ratio.threads == 1]
    large = [ratio for ratio in ratios if ratio.height >= 1080]
    return [
        Target("AVX-512, 8 bit", 3.0, 3.5, _speeds(large, 8, _AVX512)),
        Target("AVX2, 8 bit", 2.2, 2.9, _speeds(large, 8, ("avx2",))),
        Target("AVX-512, 10 bit", 4.0, 5.0, _speeds(large, 10, _AVX512)),
        Target("scalar, 8 bit", 2.0, 3.0, _speeds(large, 8, ("scalar",))),
        Target("all threads over one, best wall time", 1.85, 1.95, _scaling(timings.timings)),
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


def _scaling(timings: Sequence[Timing]) -> dict[str, float]:
    """By how much all threads shorten a whole frame of the best tier, at 8 bit."""
    best = timings[0].tier if timings else ""
    wall = {
        (timing.height, timing.threads): timing.wall_ms_min
        for timing in timings
        if (timing.engine, timing.part, timing.bit_depth, timing.tier) == (OURS, WHOLE, 8, best)
    }
    return {
        f"{height}p, {threads} threads": wall[height, 1] / milliseconds
        for (height, threads), milliseconds in wall.items()
        if threads > 1 and height >= 1080
    }


def _memory(memory: Sequence[Memory]) -> dict[str, float]:
    single = [entry for entry in memory if entry.threads == 1 and entry.height >= 1080]
    peaks = {(entry.height, entry.bit_depth, entry.engine): entry.peak_bytes for entry in single}
    return {
        f"{height}p, {bit_depth} bit": peaks[height, bit_depth, LIBVMAF] / peak
        for (height, bit_depth, engine), peak in peaks.items()
        if engine == OURS
    }
