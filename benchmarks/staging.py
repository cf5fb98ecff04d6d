"""How fast frames come into memory that a GPU reads: our copy beside NumPy's.

    python benchmarks/staging.py                  # docs/gpu.md has the result
    python benchmarks/staging.py --rounds 9 --threads 1,2,4

No GPU is needed: the memory is ordinary memory, as much of it as an engine pins for two batches of
eight frames. NumPy's way is a copy of each plane, at 10 bit after a pass for the largest sample.
All ways take turns, frame by frame, each on frames that nobody has touched for a while. The least
time of each frame over all rounds counts, for whatever disturbs one only adds to it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.engine.gpu.staging import Stager
from pyvmaf_tiny.frames import Plane

_DEPTHS = (8, 10)
_FRAMES = 16

#: GB/s of a bus in practice, both directions apart.
_BUSES = {"PCIe 4 x16": 25.0, "PCIe 5 x16": 55.0}

_Stage = Callable[[int, Plane, Plane], None]


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--threads", default="1,2", help="numbers of threads, default 1,2")
    parser.add_argument("--size", default="1920x1080,3840x2160", help="sizes of frames")
    options = parser.parse_args()
    threads = [int(each) for each in options.threads.split(",")]
    heads = ("frames", "copied by", "GB/s", "of NumPy's", "pairs/s", *_BUSES)
    print(f"| {' | '.join(heads)} |")
    print("| --- " * (5 + len(_BUSES)) + "|")
    for size in options.size.split(","):
        width, height = map(int, size.split("x"))
        for depth in _DEPTHS:
            _print_size(width, height, depth, threads, options.rounds)


def _print_size(width: int, height: int, depth: int, threads: list[int], rounds: int) -> None:
    frames = _noise(width, height, depth)
    memory = np.zeros(2 * _FRAMES * frames[0].nbytes, np.uint8)
    ways: dict[str, _Stage] = {"NumPy": _with_numpy(memory, depth)}
    for count in threads:
        name = f"the engine, {count} thread{'s' * (count > 1)}"
        ways[name] = _with_engine(memory, width, height, depth, count)
    least = {name: [float("inf")] * _FRAMES for name in ways}
    for _ in range(rounds):
        for step in range(_FRAMES):
            for turn, (name, stage) in enumerate(ways.items()):
                number = (step + turn * _FRAMES // len(ways)) % _FRAMES
                seconds = _time(stage, number, frames[number], frames[-1 - number])
                least[name][number] = min(least[name][number], seconds)
    pair = 2 * frames[0].nbytes
    for name, times in least.items():
        seconds = statistics.median(times)
        rate, ratio = pair / seconds / 1e9, statistics.median(least["NumPy"]) / seconds
        figures = [f"{rate:.1f}", f"{ratio:.2f}", f"{1 / seconds:.0f}"]
        shares = [f"{100 * rate / bus:.0f} %" for bus in _BUSES.values()]
        print(f"| {height}p, {depth} bit", name, *figures, *shares, sep=" | ", end=" |\n")


def _noise(width: int, height: int, depth: int) -> list[Plane]:
    random = np.random.default_rng(0)
    dtype = np.uint8 if depth == 8 else np.uint16
    return [random.integers(0, 1 << depth, (height, width), dtype) for _ in range(_FRAMES)]


def _with_numpy(memory: NDArray[np.uint8], depth: int) -> _Stage:
    def stage(number: int, *planes: Plane) -> None:
        for plane in planes:
            if depth > 8:
                assert plane.max() < 1 << depth
        for position, plane in enumerate(planes):
            start = (2 * number + position) * plane.nbytes
            target = memory[start : start + plane.nbytes]
            target.view(plane.dtype).reshape(plane.shape)[:] = plane

    return stage


def _with_engine(
    memory: NDArray[np.uint8], width: int, height: int, depth: int, threads: int
) -> _Stage:
    stager = Stager(EngineSpec(width=width, height=height, bit_depth=depth, threads=threads))
    first = memory.ctypes.data

    def stage(number: int, ref: Plane, dis: Plane) -> None:
        start = first + 2 * number * ref.nbytes
        stager.stage(number, (ref, dis), (start, start + ref.nbytes))

    return stage


def _time(stage: _Stage, number: int, ref: Plane, dis: Plane) -> float:
    """Seconds for a pair of frames."""
    start = time.perf_counter()
    stage(number, ref, dis)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
