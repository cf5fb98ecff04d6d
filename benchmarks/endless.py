"""Memory over a long stream: resident size while frames go through a scorer that keeps none.

    python benchmarks/endless.py                             # docs/libvmaf.md has the result
    python benchmarks/endless.py --engine native --threads 2

A clip of 50 frames goes round and round; its features have to be the same in every round.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from clips import moving_planes, noisy
from machine import facts
from oracle.child import process_status
from oracle.fetch_libvmaf import LIBRARY

from pyvmaf_tiny import Scorer
from pyvmaf_tiny.frames import FeatureVector, FrameScore

_ROUND = 50


class _Repeated:
    """Checks that a frame of a later round has the features of the second one."""

    def __init__(self) -> None:
        self._rows: dict[int, FeatureVector] = {}
        self.count = 0

    def __call__(self, frames: list[FrameScore]) -> None:
        for frame in islice(frames, max(0, _ROUND - self.count), None):
            first = self._rows.setdefault(frame.index % _ROUND, frame.features)
            assert frame.features == first, f"frame {frame.index} is not what it was"
        self.count += len(frames)


def main() -> None:
    """Push the frames, print the resident size as they go by."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--engine", default=f"libvmaf:{LIBRARY}")
    parser.add_argument("--frames", type=int, default=50_000)
    parser.add_argument("--size", default="320x180")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--teacher")
    chosen = parser.parse_args()
    width, height = map(int, chosen.size.split("x"))
    ref = moving_planes(_ROUND, width, height)
    pairs = list(zip(ref, noisy(ref), strict=True))
    for fact, value in facts().items():
        print(f"{fact}: {value}")
    print(f"{chosen.frames} frames of {chosen.size}, {chosen.threads} threads\n")
    check, started = _Repeated(), time.monotonic()
    options = {"engine": chosen.engine, "threads": chosen.threads, "teacher": chosen.teacher}
    with Scorer(width, height, model=False, **options) as scorer:
        for number in range(chosen.frames):
            if number in (1_000, 5_000) or number % 10_000 == 0:
                print(f"{number:7} frames: {process_status('VmRSS') / 1024:7.1f} MiB", flush=True)
            check(scorer.push(*pairs[number % _ROUND]))
        check(scorer.flush()[:-1])  # the last one has no frame after it
        assert check.count + 1 == chosen.frames == len(scorer.result())
        print(f"{chosen.frames:7} frames: {process_status('VmRSS') / 1024:7.1f} MiB")
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
