"""What a further rendition of a prepared reference costs, and NEG beside the default features.

Four streams take turns on the best tier, in one thread: one rendition, the whole ladder, one
rendition under both gain limits, and libvmaf on one rendition. A further rendition costs what the
ladder takes beyond one rendition, divided by their number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from footage import make_ladder
from plan import WARM_UP, WHOLE, Case, Format, SizePlan, masks
from streams import Features, Watch, time_ladder, time_libvmaf, time_ours
from timings import quartiles

from pyvmaf_tiny.frames import DEFAULT_GAIN_LIMIT, NEG_GAIN_LIMIT

_BOTH = (DEFAULT_GAIN_LIMIT, NEG_GAIN_LIMIT)


@dataclass(frozen=True, slots=True)
class Renditions:
    """Milliseconds of CPU time per reference frame, medians, and ratios formed in each round.

    ``times_faster`` is libvmaf's time for a frame over that of a further rendition; ``neg_share``
    is what NEG adds to one rendition, as a part of the time that this takes alone.
    """

    width: int
    height: int
    bit_depth: int
    tier: str
    renditions: int
    rounds: int
    frames: int
    one_ms: float
    all_ms: float
    further_ms: float
    both_ms: float
    libvmaf_ms: float
    times_faster: float
    times_faster_q1: float
    times_faster_q3: float
    neg_share: float


def measure_renditions(sizes: Iterable[SizePlan], watch: Watch) -> list[Renditions]:
    """Time ladders of every size and depth.

    AssertionError when a lane's features are not those of a context of its own, in every bit.
    """
    tier, mask = next(iter(masks().items()))
    case = Case(WHOLE, tier, mask, 1)
    return [
        _measure(kind, size, case, watch)
        for size in sizes
        if size.ladder_rounds
        for kind in size.formats()
    ]


def _measure(kind: Format, size: SizePlan, case: Case, watch: Watch) -> Renditions:
    watch(f"{kind}: footage of a ladder")
    clips = list(make_ladder(kind, WARM_UP + size.frames))
    alone = [time_ours(clip, case).features for clip in clips]
    neg = time_ladder(clips[:1], case, (NEG_GAIN_LIMIT,)).features[:, 0]
    times: list[tuple[float, float, float, float]] = []
    for number in range(size.ladder_rounds):
        watch(f"{kind}: ladder, round {number + 1} of {size.ladder_rounds}")
        one = time_ours(clips[0], case)
        ladder = time_ladder(clips, case)
        both = time_ladder(clips[:1], case, _BOTH)
        _check(ladder.features, alone, kind)
        _check(both.features, [alone[0], neg], kind)
        times.append((one.cpu, ladder.cpu, both.cpu, time_libvmaf(clips[0], case).cpu))
    further = [(ladder - one) / (len(clips) - 1) for one, ladder, _, _ in times]
    ratios = quartiles([libvmaf / each for each, (*_, libvmaf) in zip(further, times, strict=True)])
    one_ms, all_ms, both_ms, libvmaf_ms = (1000 * np.median(times, axis=0)).tolist()
    return Renditions(
        width=kind.width,
        height=kind.height,
        bit_depth=kind.bit_depth,
        tier=case.tier,
        renditions=len(clips),
        rounds=size.ladder_rounds,
        frames=size.frames,
        one_ms=one_ms,
        all_ms=all_ms,
        further_ms=1000 * float(np.median(further)),
        both_ms=both_ms,
        libvmaf_ms=libvmaf_ms,
        times_faster=ratios[1],
        times_faster_q1=ratios[0],
        times_faster_q3=ratios[2],
        neg_share=float(np.median([both / one - 1 for one, _, both, _ in times])),
    )


def _check(lanes: Features, alone: list[Features], kind: Format) -> None:
    for lane, expected in enumerate(alone):
        assert np.array_equal(lanes[:, lane], expected, equal_nan=True), f"{kind}, lane {lane}"
