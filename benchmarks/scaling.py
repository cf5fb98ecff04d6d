"""What further threads gain, by wall time: inside one context, and with a context per thread.

The one is a frame split over row bands, ``threads=``; the other several streams in Python threads,
which run side by side as far as the interpreter lock is free. Everything takes turns.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from footage import Clip, make_clip
from plan import WARM_UP, WHOLE, Case, Format, SizePlan, masks
from streams import Watch, open_ours, time_ours
from timings import quartiles

from pyvmaf_tiny.engine.base import usable_cpus

#: One context by several threads, several contexts by a thread each.
ONE_CONTEXT, CONTEXTS = "threads of one context", "contexts, a thread each"


@dataclass(frozen=True, slots=True)
class Scaling:
    """Frames per second of wall time, median, and how many times that of one thread.

    The ratio is formed in each round; of it the median, the quartiles and the best.
    """

    width: int
    height: int
    bit_depth: int
    tier: str
    how: str
    threads: int
    rounds: int
    fps: float
    gain: float
    gain_q1: float
    gain_q3: float
    gain_best: float


def measure_scaling(sizes: Iterable[SizePlan], watch: Watch) -> list[Scaling]:
    """Time 1, 2, 4 ... threads on 8-bit frames; nothing on a machine with one CPU."""
    counts = [count for count in (2, 4, 8, 16, 32, 64) if count <= usable_cpus()]
    if not counts:
        return []
    found = []
    for size in sizes:
        if size.ladder_rounds:
            kind = size.formats()[0]
            watch(f"{kind}: threads")
            clip = make_clip(kind, WARM_UP + 2 * size.frames)
            found += _measure(kind, clip, counts, 2 * size.ladder_rounds)
    return found


def _measure(kind: Format, clip: Clip, counts: list[int], rounds: int) -> list[Scaling]:
    tier, mask = next(iter(masks().items()))

    def case(threads: int) -> Case:
        return Case(WHOLE, tier, mask, threads)

    speeds: dict[tuple[str, int], list[float]] = {}

    def note(how: str, threads: int, speed: float) -> None:
        speeds.setdefault((how, threads), []).append(speed)

    for _ in range(rounds):
        note(ONE_CONTEXT, 1, 1 / time_ours(clip, case(1)).wall)
        for threads in counts:
            note(ONE_CONTEXT, threads, 1 / time_ours(clip, case(threads)).wall)
        for threads in (1, *counts):
            note(CONTEXTS, threads, _side_by_side(clip, case(1), threads))
    found = []
    for (how, threads), measured in speeds.items():
        gains = [many / one for many, one in zip(measured, speeds[how, 1], strict=True)]
        first, median, third = quartiles(gains)
        found.append(
            Scaling(
                width=kind.width,
                height=kind.height,
                bit_depth=kind.bit_depth,
                tier=tier,
                how=how,
                threads=threads,
                rounds=rounds,
                fps=quartiles(measured)[1],
                gain=median,
                gain_q1=first,
                gain_q3=third,
                gain_best=max(gains),
            )
        )
    return found


def _side_by_side(clip: Clip, case: Case, threads: int) -> float:
    """Frames per second of all streams together, from the start of the first to the last's end."""
    engines = [open_ours(clip.format, case) for _ in range(threads)]
    groups = [(ref, (dis,)) for ref, dis in zip(clip.ref, clip.dis, strict=True)]
    for engine in engines:
        for group in groups[:WARM_UP]:
            engine.push(*group)

    def work(push: Callable[..., object]) -> None:
        for group in groups[WARM_UP:]:
            push(*group)

    workers = [threading.Thread(target=work, args=(engine.push,)) for engine in engines]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - start
    for engine in engines:
        engine.close()
    return threads * (len(groups) - WARM_UP) / seconds
