"""What Python and the driver's bindings cost per pair of frames on an NVIDIA GPU.

    python benchmarks/gpu_push.py                 # docs/gpu.md has the result

No GPU is needed: NVIDIA's bindings call a library in the driver's place that does nothing at all
(tests/libcuda, compiled with -DIDLE), so what is measured is the CPU time of the pushing thread. It
caps the frame rate of one thread, whatever the GPU. The least of many batches counts, for
whatever disturbs one only adds to it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import pyvmaf_tiny
from pyvmaf_tiny.engine import gpu
from pyvmaf_tiny.engine.devices import EngineDevice
from pyvmaf_tiny.engine.gpu import nvrtc

_SOURCE = Path(__file__).resolve().parents[1] / "tests" / "libcuda" / "libcuda.c"
_PUSHES = 64
_CLIP = 512


class _DeviceArray:
    """A frame as CuPy has it, made in the default stream."""

    def __init__(self, plane: Any) -> None:
        self.shape = plane.shape
        self.__cuda_array_interface__ = {
            "data": (plane.address, False),
            "shape": plane.shape,
            "typestr": "|u1",
            "strides": None,
            "stream": 1,
            "version": 3,
        }


def main() -> None:
    """Compile the library and measure in a process that finds it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--size", default="64x64,1920x1080", help="sizes of frames")
    parser.add_argument("--idle", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.idle:
        _measure(options.size, options.batches)
        return
    nvrtc.kernels_for(90, 1)  # NVRTC looks for more in the driver than there is in ours
    with tempfile.TemporaryDirectory() as folder:
        compiler = os.environ.get("CC", "cc").split()
        flags = ["-O2", "-DIDLE", "-shared", "-fPIC", "-o", f"{folder}/libcuda.so.1"]
        subprocess.run([*compiler, *flags, str(_SOURCE), "-ldl"], check=True)
        command = [sys.executable, __file__, *sys.argv[1:], "--idle"]
        environment = {**os.environ, "LD_LIBRARY_PATH": folder}
        subprocess.run(command, check=True, env=environment)


def _measure(sizes: str, batches: int) -> None:
    print("| frames | from | call | µs per pair | pairs/s at most |")
    print("| --- | --- | --- | --- | --- |")
    for size in sizes.split(","):
        calls = _calls(*map(int, size.split("x")))
        least = dict.fromkeys(calls, float("inf"))
        for _ in range(batches):
            for name, call in calls.items():
                start = time.thread_time()
                pairs = call()
                least[name] = min(least[name], (time.thread_time() - start) / pairs)
        for (memory, what), seconds in least.items():
            figures = f"{1e6 * seconds:.0f} | {1 / seconds:.0f}"
            print(f"| {size} | {memory} | {what} | {figures} |", flush=True)


def _calls(width: int, height: int) -> dict[tuple[str, str], Callable[[], int]]:
    noise = np.random.default_rng(0)
    host = [noise.integers(0, 256, (height, width), dtype=np.uint8) for _ in range(2)]
    backend = gpu.open_backend(EngineDevice("cuda", None), 1)
    with backend.entered():
        there = [_DeviceArray(backend.place(plane)) for plane in host]
    calls: dict[tuple[str, str], Callable[[], int]] = {}
    for memory, frames in (("the host", host), ("the GPU", there)):
        scorer = pyvmaf_tiny.Scorer(width, height, device="cuda", model=False, batch=16, threads=1)
        calls[memory, "Scorer.push"] = _pushes(scorer, *frames)
        stays = pyvmaf_tiny.DeviceScorer(width, height, device="cuda", batch=8, threads=1)
        calls[memory, "DeviceScorer.push"] = _pushes(stays, *frames)
        calls[memory, "features()"] = _features(*frames)
    return calls


def _pushes(
    scorer: pyvmaf_tiny.Scorer | pyvmaf_tiny.DeviceScorer, ref: Any, dis: Any
) -> Callable[[], int]:
    def push() -> int:
        for _ in range(_PUSHES):
            scorer.push(ref, dis)
        return _PUSHES

    return push


def _features(ref: Any, dis: Any) -> Callable[[], int]:
    def features() -> int:
        pyvmaf_tiny.features([ref] * _CLIP, [dis] * _CLIP, device="cuda", threads=1)
        return _CLIP

    return features


if __name__ == "__main__":
    main()
