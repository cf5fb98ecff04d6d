"""Measures how many frames a second the native engine extracts on a GPU."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyvmaf_tiny.engine import gpu
from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.engine.devices import engine_device
from pyvmaf_tiny.engine.gpu.backend import Backend
from pyvmaf_tiny.engine.gpu.stream import GpuEngine
from pyvmaf_tiny.frames import AnyPlane, DevicePlane

from .measure import PARTS, Pair, speed_figures

#: Frames that a row may come late, as in ``score()``.
_LAG = 16

#: Frames of a repetition, at least: the pairs are gone through again and again.
_LEAST_FRAMES = 64

#: Bytes of a transfer whose speed is measured.
_TRANSFER = 1 << 26


@dataclass(frozen=True, slots=True)
class GpuCase:
    """One thing to time: what is computed, where frames come from, how many streams at a time."""

    feature: str
    memory: str  # "host" or "device"
    streams: int


@dataclass(frozen=True, slots=True)
class GpuTiming:
    """Frames per second, of all streams together, over the repetitions of one case."""

    feature: str
    memory: str
    streams: int
    fps_median: float
    fps_min: float
    fps_max: float
    ms_per_frame: float


def gpu_cases(streams: Sequence[int], memories: Sequence[str]) -> list[GpuCase]:
    """Every part from the first of the memories, all features from the others, too."""
    first = [GpuCase(part, memories[0], 1) for part in PARTS]
    both = [GpuCase("all", memory, n) for n in streams for memory in memories]
    return list(dict.fromkeys([*first, *both]))


def open_device(device: str, bit_depth: int) -> Backend:
    """The device itself, for :func:`upload_rate` and :func:`on_device`."""
    return gpu.open_backend(engine_device(device), 1 if bit_depth == 8 else 2)


def upload_rate(backend: Backend, repeat: int) -> float:
    """GB/s from pinned host memory to the device, the median."""
    with backend.entered():
        source, target = backend.allocate_host(_TRANSFER), backend.allocate(_TRANSFER)
        seconds = []
        for _ in range(repeat + 1):
            start = time.perf_counter()
            backend.upload(target, 0, source)
            backend.finish()
            seconds.append(time.perf_counter() - start)
    return _TRANSFER / statistics.median(seconds[1:]) / 1e9


def on_device(backend: Backend, pairs: Sequence[Pair]) -> list[tuple[DevicePlane, DevicePlane]]:
    """Copies of the pairs in the device's memory."""
    with backend.entered():
        return [(backend.place(ref), backend.place(dis)) for ref, dis in pairs]


def measure_gpu(
    pairs: Sequence[Pair],
    placed: Sequence[tuple[DevicePlane, DevicePlane]],
    bit_depth: int,
    device: str,
    cases: Sequence[GpuCase],
    repeat: int,
    watch: Callable[[int], None],
) -> list[GpuTiming]:
    """Time every case ``repeat`` times; ``watch`` hears of each repetition.

    ``placed`` are the pairs on the device. A repetition is a stream of at least 64 frames from
    the first push to the last row. Repetitions are interleaved, and the first one does not count.
    """
    height, width = pairs[0][0].shape
    speeds: dict[GpuCase, list[float]] = {case: [] for case in cases}
    opened = {
        case: [
            gpu.create(
                EngineSpec(
                    width=width,
                    height=height,
                    bit_depth=bit_depth,
                    features=PARTS[case.feature],
                    lag=_LAG,
                    device=device,
                )
            )
            for _ in range(case.streams)
        ]
        for case in cases
    }
    for repetition in range(repeat + 1):
        watch(min(repetition, repeat - 1))
        for case, engines in opened.items():
            planes: Sequence[tuple[AnyPlane, AnyPlane]] = pairs
            if case.memory == "device":
                planes = placed
            speed = _run(engines, planes)
            if repetition:
                speeds[case].append(speed)
    for engine in itertools.chain.from_iterable(opened.values()):
        engine.close()
    return [_timing(case, speed) for case, speed in speeds.items()]


def _run(engines: Sequence[GpuEngine], pairs: Sequence[tuple[AnyPlane, AnyPlane]]) -> float:
    """Frames per second of one repetition of one case."""
    for engine in engines:
        engine.reset()
    rounds = -(-_LEAST_FRAMES // len(pairs))
    frames = rounds * len(pairs) * len(engines)
    start = time.perf_counter()
    for ref, dis in itertools.chain.from_iterable(itertools.repeat(pairs, rounds)):
        for engine in engines:
            engine.push(ref, (dis,))
    for engine in engines:
        engine.flush()
    return frames / (time.perf_counter() - start)


def _timing(case: GpuCase, speed: Sequence[float]) -> GpuTiming:
    return GpuTiming(case.feature, case.memory, case.streams, *speed_figures(speed))
