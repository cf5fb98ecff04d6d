"""What is measured: sizes, depths, parts, CPU tiers, threads, and how often."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from oracle.libvmaf import SCALAR

from pyvmaf_tiny.cli.measure import PARTS, available_tiers
from pyvmaf_tiny.engine.base import usable_cpus

#: The part that is a whole frame, all six features.
WHOLE = "all"

#: Frames at the head of every stream that are not timed: first touch of memory, lazy set-up.
WARM_UP = 2

#: The scalar tier takes part in every third round only; it costs more than the others together.
SCALAR_EVERY = 3


@dataclass(frozen=True, slots=True)
class Format:
    """Size in luma samples and bit depth."""

    width: int
    height: int
    bit_depth: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}, {self.bit_depth} bit"


@dataclass(frozen=True, slots=True)
class Case:
    """One way to compute features, done by either engine.

    ``part`` is a key of ``PARTS``; ``cpu_mask`` makes both engines use ``tier``.
    """

    part: str
    tier: str
    cpu_mask: int
    threads: int

    def __str__(self) -> str:
        return f"{self.part}, {self.tier}, {self.threads} threads"


@dataclass(frozen=True, slots=True)
class SizePlan:
    """How one size is measured: timed ``frames`` of a stream, ``rounds``, frames for files.

    ``ladder_rounds`` are those of ladders and threads. Whole processes are compared in
    ``file_depths``; with ``file_ladder`` in the first depth on several renditions, too.
    """

    width: int
    height: int
    parts: tuple[str, ...]
    frames: int
    rounds: int
    file_frames: int
    ladder_rounds: int
    depths: tuple[int, ...] = (8, 10)
    file_depths: tuple[int, ...] = (8, 10)
    file_ladder: bool = False

    def formats(self) -> list[Format]:
        """The size in each of its depths."""
        return [Format(self.width, self.height, depth) for depth in self.depths]


@dataclass(frozen=True, slots=True)
class Plan:
    """All sizes, and how often the rest is done: whole processes, batches of pushes, imports."""

    sizes: tuple[SizePlan, ...]
    process_rounds: int
    push_batches: int
    imports: int
    counted_sizes: tuple[tuple[int, int], ...] = ((576, 324),)


_PARTS = tuple(PARTS)

FULL = Plan(
    sizes=(
        SizePlan(
            576, 324, _PARTS, 12, rounds=7, file_frames=480, ladder_rounds=7, file_depths=(8,)
        ),
        SizePlan(
            1920, 1080, _PARTS, 4, rounds=7, file_frames=72, ladder_rounds=7, file_ladder=True
        ),
        SizePlan(
            3840, 2160, (WHOLE,), 2, rounds=5, file_frames=18, ladder_rounds=4, file_depths=(8,)
        ),
    ),
    process_rounds=3,
    push_batches=200,
    imports=25,
)

QUICK = Plan(
    sizes=(
        SizePlan(576, 324, _PARTS, 6, rounds=3, file_frames=60, ladder_rounds=2),
        SizePlan(
            1920, 1080, (WHOLE,), 3, rounds=3, file_frames=12, ladder_rounds=2, file_ladder=True
        ),
    ),
    process_rounds=2,
    push_batches=20,
    imports=5,
    counted_sizes=((322, 182),),
)


def with_sizes(plan: Plan, sizes: list[tuple[int, int]]) -> Plan:
    """The same plan for other sizes, each measured as the plan's first one."""
    pattern = plan.sizes[0]
    chosen = tuple(replace(pattern, width=width, height=height) for width, height in sizes)
    return replace(plan, sizes=chosen, counted_sizes=tuple(sizes))


def cases_of(size: SizePlan) -> list[Case]:
    """Every part on every tier of this machine by one thread; whole frames by all threads, too."""
    tiers = masks()
    cases = [
        Case(part, tier, mask, 1)
        for (tier, mask), part in itertools.product(tiers.items(), size.parts)
    ]
    if usable_cpus() > 1:
        vector_tiers = {tier: mask for tier, mask in tiers.items() if tier != "scalar"}
        cases += [Case(WHOLE, tier, mask, usable_cpus()) for tier, mask in vector_tiers.items()]
    return cases


def masks() -> dict[str, int]:
    """Tiers of this machine, best first, with the CPU mask that makes both engines use them.

    For the scalar tier everything is masked off, also what only libvmaf knows of.
    """
    return {tier: SCALAR if tier == "scalar" else mask for tier, mask in available_tiers().items()}
