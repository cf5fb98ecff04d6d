"""Measures how many frames a second the native engine extracts on a GPU."""

from __future__ import annotations

import itertools
import math
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

from pyvmaf_tiny.engine import gpu
from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.engine.devices import engine_device
from pyvmaf_tiny.engine.gpu.backend import Backend
from pyvmaf_tiny.engine.gpu.stream import GpuEngine
from pyvmaf_tiny.frames import AnyPlane, DevicePlane
from pyvmaf_tiny.scorer.device import DeviceScorer

from .measure import PARTS, Pair, speed_figures

#: What is computed besides the parts: all features and the default model's scores, left there.
STAYING = "scored"

#: Frames that a row may come late, as in ``score()``.
_LAG = 16

#: A repetition takes about as long, and a stream of it has at least so many frames: filling and
#: emptying the batches is to be no part of the figure, nor the clock's steps.
_SECONDS = 0.5
_LEAST_FRAMES = 32

#: Bytes of a transfer whose speed is measured, and how often.
_TRANSFER = 1 << 26
_TRANSFERS = 20


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
    of_uploads: float | None  # share of the rate that uploads alone allow; None: there are none


def gpu_cases(streams: Sequence[int], memories: Sequence[str]) -> list[GpuCase]:
    """Every part from the first kind of memory, all features from each kind.

    And, from the device's, all features and their scores left there.
    """
    first = [GpuCase(part, memories[0], 1) for part in PARTS]
    both = [GpuCase("all", memory, n) for n in streams for memory in memories]
    staying = [GpuCase(STAYING, "device", n) for n in streams if "device" in memories]
    return list(dict.fromkeys([*first, *both, *staying]))


def open_device(device: str, bit_depth: int) -> Backend:
    """The device itself, for :func:`upload_rate` and :func:`on_device`."""
    return gpu.open_backend(engine_device(device), 1 if bit_depth == 8 else 2)


def upload_rate(backend: Backend) -> float:
    """GB/s from pinned host memory to the device, the median of many large transfers."""
    with backend.entered():
        source, target = backend.allocate_host(_TRANSFER), backend.allocate(_TRANSFER)
        source[:] = 1  # memory that was never written to may be none
        seconds = []
        for _ in range(_TRANSFERS + 1):
            start = time.perf_counter()
            backend.upload(target, 0, source)
            backend.finish()
            seconds.append(time.perf_counter() - start)
    return _TRANSFER / statistics.median(seconds[1:]) / 1e9


def on_device(backend: Backend, pairs: Sequence[Pair]) -> list[tuple[DevicePlane, DevicePlane]]:
    """Copies of the pairs in the device's memory."""
    with backend.entered():
        return [(backend.place(ref), backend.place(dis)) for ref, dis in pairs]


class _Staying:
    """A stream whose results stay on the device; like an engine, but for what it returns."""

    def __init__(self, width: int, height: int, bit_depth: int, device: str) -> None:
        self._scorer = DeviceScorer(
            width, height, bit_depth=bit_depth, device=device, batch=_LAG // 2
        )
        self.reset, self.close = self._scorer.reset, self._scorer.close

    def push(self, ref: AnyPlane, dis: tuple[AnyPlane]) -> range:
        """Take a pair; a number for every frame that came back."""
        return range(sum(map(len, self._scorer.push(cast(Any, ref), cast(Any, dis[0])))))

    def flush(self) -> range:
        """The same of those that were due. Waits until all are there."""
        parts = self._scorer.flush()
        parts[-1].features.to_host()
        return range(sum(map(len, parts)))


class GpuMeasurement:
    """Engines for a list of cases, and the frames that go through them."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        placed: Sequence[tuple[DevicePlane, DevicePlane]],
        bit_depth: int,
        device: str,
        cases: Sequence[GpuCase],
    ) -> None:
        """Open the engines, which compiles the kernels; ``placed`` are the pairs on the device.

        Cases of the same features share engines. Raises DeviceError, OutOfMemoryError.
        """
        height, width = pairs[0][0].shape
        self._cases = list(cases)
        self._frames: dict[str, Sequence[tuple[AnyPlane, AnyPlane]]] = {
            "host": pairs,
            "device": placed,
        }
        self._engines: dict[str, list[GpuEngine | _Staying]] = {}
        self._rounds: dict[GpuCase, int] = {}
        try:
            for case in cases:
                engines = self._engines.setdefault(case.feature, [])
                while len(engines) < case.streams:
                    if case.feature == STAYING:
                        engines.append(_Staying(width, height, bit_depth, device))
                        continue
                    spec = EngineSpec(
                        width=width,
                        height=height,
                        bit_depth=bit_depth,
                        features=PARTS[case.feature],
                        lag=_LAG,
                        device=device,
                    )
                    engines.append(gpu.create(spec))
        except BaseException:
            self.close()
            raise

    def warm_up(self) -> None:
        """Run every case for a while, so that clocks are up, and see how many frames it needs."""
        for case in self._cases:
            self._rounds[case] = math.ceil(_LEAST_FRAMES / len(self._frames[case.memory]))
            speed = self.run(case) / case.streams
            wanted = max(_LEAST_FRAMES, _SECONDS * speed)
            self._rounds[case] = math.ceil(wanted / len(self._frames[case.memory]))

    def run(self, case: GpuCase) -> float:
        """Frames per second of one repetition: all streams, from the first push to the last row.

        Every stream has a thread of its own, as in a program that scores several clips.
        """
        frames, rounds = self._frames[case.memory], self._rounds[case]
        begin = threading.Barrier(case.streams)

        def stream(engine: GpuEngine | _Staying) -> tuple[float, float]:
            begin.wait()
            start = time.perf_counter()
            rows = 0
            for ref, dis in itertools.chain.from_iterable(itertools.repeat(frames, rounds)):
                rows += len(engine.push(ref, (dis,)))
            rows += len(engine.flush())
            assert rows == rounds * len(frames)
            return start, time.perf_counter()

        engines = self._engines[case.feature][: case.streams]
        for engine in engines:
            engine.reset()
        if case.streams == 1:
            times = [stream(engines[0])]
        else:
            with ThreadPoolExecutor(case.streams) as threads:
                times = list(threads.map(stream, engines))
        starts, ends = zip(*times, strict=True)
        seconds: float = max(ends) - min(starts)
        return case.streams * rounds * len(frames) / seconds

    def measure(
        self, repeat: int, upload_fps: float, watch: Callable[[int], None]
    ) -> list[GpuTiming]:
        """Time every case ``repeat`` times; ``watch`` hears of each repetition.

        Repetitions are interleaved, case by case. ``upload_fps`` is how many pairs of frames a
        second can be uploaded.
        """
        speeds: dict[GpuCase, list[float]] = {case: [] for case in self._cases}
        for repetition in range(repeat):
            watch(repetition)
            for case, speed in speeds.items():
                speed.append(self.run(case))
        return [
            GpuTiming(
                case.feature,
                case.memory,
                case.streams,
                *speed_figures(speed),
                statistics.median(speed) / upload_fps if case.memory == "host" else None,
            )
            for case, speed in speeds.items()
        ]

    def keep_busy(self, until: Callable[[], bool]) -> None:
        """Run the last of the cases again and again, at least once, until it is true."""
        self.run(self._cases[-1])
        while not until():
            self.run(self._cases[-1])

    def close(self) -> None:
        """Free the engines."""
        for engine in itertools.chain.from_iterable(self._engines.values()):
            engine.close()
