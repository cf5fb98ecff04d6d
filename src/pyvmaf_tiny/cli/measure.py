"""Measures how many frames a second the native engine extracts, part by part."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyvmaf_tiny.engine.base import FEATURE_GROUPS, EngineSpec
from pyvmaf_tiny.engine.native import NativeEngine
from pyvmaf_tiny.frames import MIN_SIZE, Plane

#: What is timed: each group of features alone, then all six of a frame.
PARTS: dict[str, tuple[str, ...]] = {
    **{group: (group,) for group in FEATURE_GROUPS},
    "all": FEATURE_GROUPS,
}

#: libvmaf's CPU bits, taken away one after the other: AVX-512 of Ice Lake, AVX-512, AVX2, NEON.
_MASKS = (0, 32, 48, 56, 57)

Pair = tuple[Plane, Plane]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to time."""

    part: str
    tier: str
    cpu_mask: int
    threads: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Frames per second over the repetitions of one case."""

    feature: str
    tier: str
    threads: int
    fps_median: float
    fps_min: float
    fps_max: float
    ms_per_frame: float


def available_tiers() -> dict[str, int]:
    """The kernel tiers of this machine, best first, each with the mask that selects it."""
    tiers: dict[str, int] = {}
    for mask in _MASKS:
        engine = NativeEngine(EngineSpec(width=MIN_SIZE, height=MIN_SIZE, threads=1, cpu_mask=mask))
        tiers.setdefault(engine.tier, mask)
        engine.close()
    return tiers


def measure(
    pairs: Sequence[Pair],
    bit_depth: int,
    cases: Sequence[Case],
    repeat: int,
    watch: Callable[[int], None],
) -> list[Timing]:
    """Time every case ``repeat`` times over ``pairs``; ``watch`` hears of each repetition.

    Repetitions are interleaved, case by case, so that a machine that slows down for a while
    slows all of them. An untimed frame warms each engine up.
    """
    height, width = pairs[0][0].shape
    opened = [
        NativeEngine(
            EngineSpec(
                width=width,
                height=height,
                bit_depth=bit_depth,
                threads=case.threads,
                cpu_mask=case.cpu_mask,
                features=PARTS[case.part],
            )
        )
        for case in cases
    ]
    speeds: list[list[float]] = [[] for _ in cases]
    for repetition in range(repeat):
        watch(repetition)
        for engine, speed in zip(opened, speeds, strict=True):
            engine.reset()
            ref, dis = pairs[0]
            engine.push(ref, (dis,))
            start = time.perf_counter()
            for ref, dis in pairs:
                engine.push(ref, (dis,))
            speed.append(len(pairs) / (time.perf_counter() - start))
    for engine in opened:
        engine.close()
    return [_timing(case, speed) for case, speed in zip(cases, speeds, strict=True)]


def _timing(case: Case, speed: Sequence[float]) -> Timing:
    return Timing(case.part, case.tier, case.threads, *speed_figures(speed))


def speed_figures(speed: Sequence[float]) -> tuple[float, float, float, float]:
    """Of frames per second: median, least, most, and milliseconds of a frame by the median."""
    median = statistics.median(speed)
    return median, min(speed), max(speed), 1000 / median
