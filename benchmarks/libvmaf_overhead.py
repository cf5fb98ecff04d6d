"""What the libvmaf engine costs beside libvmaf itself, per 1080p frame.

    python benchmarks/libvmaf_overhead.py         # 15 rounds; docs/libvmaf.md has the result
    python benchmarks/libvmaf_overhead.py --rounds 5 --threads 2

Three ways to the same numbers take turns, each with a libvmaf context of its own:

bare    a loop over ``vmaf_read_pictures`` with pictures that are filled before the clock starts
engine  ``LibvmafEngine.push``: gets the pictures, copies the luma, reads the scores
scorer  ``Scorer.push`` without a model: checks every plane, too

CPU time of the whole process is compared, round by round: other work moves it less than wall time.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from footage import Clip, make_clip
from machine import facts, load
from oracle.compare import assert_same_features
from oracle.fetch_libvmaf import LIBRARY
from plan import WARM_UP, WHOLE, Case, Format
from streams import Sample, Stopwatch, _sample, time_libvmaf

from pyvmaf_tiny import Scorer
from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.engine.libvmaf import LibvmafEngine

_SIZE = (1920, 1080)


def time_engine(clip: Clip, case: Case) -> Sample:
    """The engine alone."""
    engine = LibvmafEngine(
        EngineSpec(
            width=clip.format.width,
            height=clip.format.height,
            bit_depth=clip.format.bit_depth,
            threads=case.threads,
            cpu_mask=case.cpu_mask,
            lag=case.threads,
            library=str(LIBRARY),
        )
    )
    pairs = list(zip(clip.ref, clip.dis, strict=True))
    given = [engine.push(ref, (dis,)) for ref, dis in pairs[:WARM_UP]]
    with Stopwatch() as watch:
        given += [engine.push(ref, (dis,)) for ref, dis in pairs[WARM_UP:]]
        given.append(engine.flush())
    engine.close()
    return _sample(watch, len(pairs), np.array([lane for rows in given for (lane,) in rows]))


def time_scorer(clip: Clip, case: Case) -> Sample:
    """The front door, without a model."""
    pairs = list(zip(clip.ref, clip.dis, strict=True))
    scorer = Scorer(
        clip.format.width,
        clip.format.height,
        bit_depth=clip.format.bit_depth,
        model=False,
        engine=f"libvmaf:{LIBRARY}",
        threads=case.threads,
        cpu_mask=case.cpu_mask,
        batch=case.threads,
    )
    given = [scorer.push(*pair) for pair in pairs[:WARM_UP]]
    with Stopwatch() as watch:
        given += [scorer.push(*pair) for pair in pairs[WARM_UP:]]
        given.append(scorer.flush())
    scorer.close()
    return _sample(
        watch, len(pairs), np.array([frame.features for frames in given for frame in frames])
    )


WAYS: dict[str, Callable[[Clip, Case], Sample]] = {
    "bare": time_libvmaf,
    "engine": time_engine,
    "scorer": time_scorer,
}


def measure(clip: Clip, case: Case, rounds: int) -> dict[str, list[float]]:
    """Seconds of CPU time per frame, a list over the rounds; the features are the same."""
    spent: dict[str, list[float]] = {name: [] for name in WAYS}
    names = list(WAYS)
    for number in range(rounds):
        first = number % len(names)  # nobody always comes after the same one
        samples = {name: WAYS[name](clip, case) for name in names[first:] + names[:first]}
        for name, sample in samples.items():
            assert_same_features(sample.features, samples["bare"].features, name)
            spent[name].append(sample.cpu)
    return spent


def line(name: str, clip: Clip, spent: dict[str, list[float]]) -> str:
    """A row of the table."""
    own = spent[name]
    ratios = [mine / bare - 1 for mine, bare in zip(own, spent["bare"], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    compared = "" if name == "bare" else f"{middle:+.1%} ({low:+.1%} to {high:+.1%})"
    return f"| {clip.format} | {name} | {1e3 * statistics.median(own):.2f} | {compared} |"


def main() -> None:
    """Measure both depths, print the Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cpumask", type=int, default=0)
    chosen = parser.parse_args()
    case = Case(WHOLE, "", chosen.cpumask, chosen.threads)
    for fact, value in facts().items():
        print(f"{fact}: {value}")
    print(f"load: {load()}; {chosen.rounds} rounds of {chosen.frames} frames\n")
    print("| frames | way | CPU ms per frame, median | more than bare, median (quartiles) |")
    print("|---|---|---|---|")
    for depth in (8, 10):
        clip = make_clip(Format(*_SIZE, depth), chosen.frames + WARM_UP)
        spent = measure(clip, case, chosen.rounds)
        for name in WAYS:
            print(line(name, clip, spent), flush=True)


if __name__ == "__main__":
    main()
