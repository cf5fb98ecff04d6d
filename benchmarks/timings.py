"""Speed of extraction in process: both engines on the same frames, in turns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from footage import make_clip
from oracle.compare import assert_same_features
from oracle.libvmaf import libvmaf_features
from plan import SCALAR_EVERY, WARM_UP, Case, Format, SizePlan, cases_of
from streams import LIBVMAF, OURS, Features, Sample, Watch, only, time_libvmaf, time_ours


@dataclass(frozen=True, slots=True)
class Timing:
    """One engine on one case: milliseconds per frame, median and quartiles over the rounds.

    ``exact`` tells whether every feature of every round equals libvmaf's scalar path.
    """

    width: int
    height: int
    bit_depth: int
    part: str
    tier: str
    threads: int
    engine: str
    rounds: int
    frames: int
    cpu_ms: float
    cpu_ms_q1: float
    cpu_ms_q3: float
    wall_ms: float
    wall_ms_q1: float
    wall_ms_q3: float
    wall_ms_min: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Ratio:
    """libvmaf's time over ours, formed in each round; median and quartiles."""

    width: int
    height: int
    bit_depth: int
    part: str
    tier: str
    threads: int
    cpu: float
    cpu_q1: float
    cpu_q3: float
    wall: float
    wall_q1: float
    wall_q3: float


@dataclass(frozen=True, slots=True)
class Timings:
    """All that was timed; two rows of ``timings`` (ours first) for one of ``ratios``."""

    timings: list[Timing]
    ratios: list[Ratio]


def measure_timings(sizes: Iterable[SizePlan], watch: Watch) -> Timings:
    """Time every case of every size and depth.

    AssertionError when one of our features differs from libvmaf's scalar path in a bit.
    """
    found = Timings([], [])
    for size in sizes:
        for kind in size.formats():
            _measure(kind, size, found, watch)
    return found


def _measure(kind: Format, size: SizePlan, found: Timings, watch: Watch) -> None:
    watch(f"{kind}: footage and expected features")
    clip = make_clip(kind, WARM_UP + size.frames)
    expected = libvmaf_features(clip.ref, clip.dis, bit_depth=kind.bit_depth)
    cases = cases_of(size)
    ours: dict[Case, list[Sample]] = defaultdict(list)
    theirs: dict[Case, list[Sample]] = defaultdict(list)
    for number in range(size.rounds):
        watch(f"{kind}: round {number + 1} of {size.rounds}")
        for case in cases:
            if case.tier == "scalar" and number % SCALAR_EVERY:
                continue
            sample = time_ours(clip, case)
            assert_same_features(sample.features, only(case.part, expected), f"{kind}, {case}")
            ours[case].append(sample)
            theirs[case].append(time_libvmaf(clip, case))
    for case in cases:
        for engine, samples in (OURS, ours[case]), (LIBVMAF, theirs[case]):
            found.timings.append(_timing(kind, case, engine, size.frames, samples, expected))
        found.ratios.append(_ratio(kind, case, ours[case], theirs[case]))


def _timing(
    kind: Format, case: Case, engine: str, frames: int, samples: list[Sample], expected: Features
) -> Timing:
    cpu = quartiles([1000 * sample.cpu for sample in samples])
    wall = quartiles([1000 * sample.wall for sample in samples])
    due = only(case.part, expected)
    return Timing(
        **_key(kind, case),
        engine=engine,
        rounds=len(samples),
        frames=frames,
        cpu_ms=cpu[1],
        cpu_ms_q1=cpu[0],
        cpu_ms_q3=cpu[2],
        wall_ms=wall[1],
        wall_ms_q1=wall[0],
        wall_ms_q3=wall[2],
        wall_ms_min=1000 * min(sample.wall for sample in samples),
        exact=all(np.array_equal(s.features, due, equal_nan=True) for s in samples),
    )


def _ratio(kind: Format, case: Case, ours: list[Sample], theirs: list[Sample]) -> Ratio:
    pairs = list(zip(ours, theirs, strict=True))
    cpu = quartiles([their.cpu / our.cpu for our, their in pairs])
    wall = quartiles([their.wall / our.wall for our, their in pairs])
    return Ratio(
        **_key(kind, case),
        cpu=cpu[1],
        cpu_q1=cpu[0],
        cpu_q3=cpu[2],
        wall=wall[1],
        wall_q1=wall[0],
        wall_q3=wall[2],
    )


def _key(kind: Format, case: Case) -> dict[str, Any]:
    """What a row of either table says about the case it belongs to."""
    return asdict(kind) | {"part": case.part, "tier": case.tier, "threads": case.threads}


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """First quartile, median, third quartile."""
    first, median, third = np.quantile(values, (0.25, 0.5, 0.75))
    return float(first), float(median), float(third)
