"""Frames of the host's on their way to a device: every sample copied, every sample checked."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from typing import Any

import clips
import numpy as np
import pytest
from cuda_arrays import CudaArray, on_cuda
from fake_cuda import PRIMARY, FakeDriver, Result
from numpy.typing import NDArray
from test_gpu_cuda import install

import pyvmaf_tiny
from pyvmaf_tiny import DeviceScorer, OutOfMemoryError, SampleRangeError, Scorer
from pyvmaf_tiny.engine import EngineSpec, gpu
from pyvmaf_tiny.engine.base import usable_cpus
from pyvmaf_tiny.engine.gpu import cuda_memory
from pyvmaf_tiny.engine.gpu.staging import Stager
from pyvmaf_tiny.frames import FrameScore

LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "dense": lambda plane: plane,
    "padded": lambda plane: np.pad(plane, ((0, 0), (0, 9)))[:, : plane.shape[1]],
    "one row": lambda plane: np.broadcast_to(plane[:1], plane.shape),
    "read-only": lambda plane: np.frombuffer(plane.tobytes(), plane.dtype).reshape(plane.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(("bit_depth", "width", "height"), [(8, 333, 701), (10, 640, 480)])
def test_every_sample_is_copied_and_nothing_beside(
    layout: str, threads: int, bit_depth: int, width: int, height: int
) -> None:
    dtype = np.uint8 if bit_depth == 8 else np.uint16
    random = np.random.default_rng(0)
    planes = [
        LAYOUTS[layout](random.integers(0, 1 << bit_depth, (height, width), dtype))
        for _ in range(3)
    ]
    spec = EngineSpec(
        width=width,
        height=height,
        bit_depth=bit_depth,
        threads=threads,
        renditions=("a", "b"),
    )
    memory = np.full(3 * planes[0].size * planes[0].itemsize + 64, 0xC3, np.uint8)
    size = planes[0].size * planes[0].itemsize
    start = memory.ctypes.data + 32
    Stager(spec).stage(0, planes, [start, start + size, start + 2 * size])
    copied = memory[32:-32].view(dtype).reshape(3, height, width)
    np.testing.assert_array_equal(copied, np.stack(planes))
    assert (memory[:32] == 0xC3).all()
    assert (memory[-32:] == 0xC3).all()


@pytest.mark.parametrize(("x", "y"), [(0, 0), (639, 479), (17, 300)])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_sample_that_is_too_large_is_found_wherever_it_is(position: int, x: int, y: int) -> None:
    spec = EngineSpec(width=640, height=480, bit_depth=12, threads=2, renditions=("a", "b"))
    planes = [np.full((480, 640), 4095, np.uint16) for _ in range(3)]
    memory = np.empty((3, 480, 640), np.uint16)
    targets = [each.ctypes.data for each in memory]
    stager = Stager(spec)
    stager.stage(6, planes, targets)
    planes[position][y, x] = 4096
    name = ("reference", "a", "b")[position]
    said = f"{name}, frame 7: a sample exceeds the bit depth: given 4096 at x={x}, y={y}"
    with pytest.raises(SampleRangeError, match=re.escape(said)):
        stager.stage(7, planes, targets)
    planes[position][y, x] = 0
    stager.stage(7, planes, targets)
    np.testing.assert_array_equal(memory, np.stack(planes))


def test_threads_are_those_that_bring_the_frames() -> None:
    def threads_of(width: int, height: int, **options: Any) -> int:
        engine = gpu.create(EngineSpec(width=width, height=height, device="sycl", **options))
        engine.close()
        return engine.threads

    assert threads_of(64, 64) == 1  # too little to share
    assert threads_of(64, 64, threads=3) == 3
    assert threads_of(1280, 720) == min(4, usable_cpus())
    with Scorer(64, 64, device="sycl", model=False, threads=2) as scorer:
        assert scorer.result().info.threads == 2


@pytest.mark.parametrize("order", ["lazy", "uploads_first", "eager"])
def test_a_refused_frame_uploads_nothing(order: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sound and refused frames in turns, in batches: what was refused never shows."""
    driver = install(monkeypatch, FakeDriver(order))
    width, height = 70, 50
    ref = np.stack(clips.moving_planes(9, width, height)).astype(np.uint16) << 2
    dis = np.stack(clips.noisy(clips.moving_planes(9, width, height))).astype(np.uint16) << 2
    hot: NDArray[np.uint16] = dis[3].copy()
    hot[-1, -1] = 1024
    options: dict[str, Any] = {"bit_depth": 10, "model": False, "batch": 4}
    frames: list[list[FrameScore]] = []
    for device in ("cpu", "cuda"):
        with Scorer(width, height, device=device, **options) as scorer:
            ready: list[FrameScore] = []
            for pair in zip(ref, dis, strict=True):
                before = driver.calls.count("cuMemcpyHtoDAsync")
                for bad in ((pair[0], hot), (hot, pair[1])):
                    with pytest.raises(SampleRangeError, match="x=69, y=49"):
                        scorer.push(*bad)
                assert driver.calls.count("cuMemcpyHtoDAsync") == before
                ready += scorer.push(*pair)
            frames.append(ready + scorer.flush())
    assert frames[0] == frames[1]
    assert driver.misuse == []


def test_frames_that_are_there_need_no_pinned_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = install(monkeypatch, FakeDriver())
    plane = np.zeros((50, 70), np.uint8)
    there: Any = CudaArray(on_cuda(driver, plane, None), plane)

    def pinned_planes() -> int:
        sizes = [ctypes.sizeof(each) for each in driver.live.values() if hasattr(each, "_length_")]
        return sum(size for size in sizes if size % plane.size == 0) // plane.size

    with DeviceScorer(70, 50, device="cuda", model=False, batch=4) as scorer:
        for _ in range(9):
            scorer.push(there, there)
        assert pinned_planes() == 0
        scorer.push(plane, there)
        assert pinned_planes() == 4  # references of the batch that is being filled
        scorer.push(there, plane)
        assert pinned_planes() == 8


@pytest.mark.parametrize("kind", [Scorer, DeviceScorer])
def test_no_memory_to_stage_a_frame_in(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The push has changed nothing, whichever batch it was of; the stream goes on."""
    driver = install(monkeypatch, FakeDriver())
    ref = np.stack(clips.moving_planes(21, 70, 50))
    dis = np.stack(clips.noisy(list(ref)))
    rows: list[Any] = []
    refused: list[tuple[int, str]] = []
    with kind(70, 50, device="cuda", model=False, batch=16 if kind is Scorer else 8) as scorer:
        for index, pair in enumerate(zip(ref, dis, strict=True)):
            for calls in (0, 1, 2):  # that succeed: for no plane, for the reference, for both
                driver.fail["cuMemHostAlloc"] = (calls, Result.CUDA_ERROR_OUT_OF_MEMORY)
                try:
                    rows += scorer.push(*pair)
                    break
                except OutOfMemoryError as error:
                    refused.append((index, error.message))
        driver.fail.clear()
        rows += scorer.flush()
        if kind is DeviceScorer:
            rows = [row for part in rows for row in part.features.to_host()]
        else:
            rows = [frame.features for frame in rows]
    assert refused == [(index, "the system gives no more pinned memory") for index in (0, 0, 8, 8)]
    np.testing.assert_array_equal(rows, pyvmaf_tiny.features(ref, dis))
    assert driver.misuse == []


# ---- memory that is pinned already --------------------------------------------------------------


def pinned_copy(driver: FakeDriver, plane: NDArray[Any], padding: int = 0) -> NDArray[Any]:
    """The same plane in the driver's pinned memory, with so many samples behind each row."""
    height, width = plane.shape
    driver.cuCtxPushCurrent(PRIMARY)
    _, address = driver.cuMemHostAlloc(height * (width + padding) * plane.itemsize, 0)
    driver.cuCtxPopCurrent()
    memory = np.frombuffer(memoryview(driver.live[address]), plane.dtype)
    copy = memory.reshape(height, width + padding)[:, :width]
    copy[:] = plane
    return copy


@pytest.mark.parametrize("order", ["lazy", "uploads_first", "eager"])
@pytest.mark.parametrize("bit_depth", [8, 10])
@pytest.mark.parametrize("padding", [0, 6])
def test_pinned_frames_are_copied_from_where_they_are(
    order: Any, bit_depth: int, padding: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One pinned buffer for all frames: it is free again when push returns."""
    monkeypatch.setattr(cuda_memory, "_LARGE", 1)
    driver = install(monkeypatch, FakeDriver(order))
    width, height, count = 70, 50, 9
    ref = np.stack(clips.moving_planes(count, width, height))
    dis = np.stack(clips.noisy(list(ref)))
    if bit_depth > 8:
        ref, dis = (planes.astype(np.uint16) << 2 for planes in (ref, dis))
    options: dict[str, Any] = {"bit_depth": bit_depth, "model": False, "batch": 4}
    with Scorer(width, height, **options) as scorer:
        pairs = zip(ref, dis, strict=True)
        expected = [each for pair in pairs for each in scorer.push(*pair)] + scorer.flush()
    with Scorer(width, height, device="cuda", **options) as scorer:
        frame = pinned_copy(driver, ref[0], padding)
        hot = pinned_copy(driver, np.full_like(ref[0], 1 << bit_depth)) if bit_depth > 8 else None
        ready: list[FrameScore] = []
        staged: list[int] = []
        stager = scorer._engine._pipeline._incoming._stager  # type: ignore[attr-defined]

        def stage(frame: int, planes: Any, targets: Any, real: Any = stager.stage) -> None:
            staged.append(sum(target is not None for target in targets))
            real(frame, planes, targets)

        monkeypatch.setattr(stager, "stage", stage)
        for plane, other in zip(ref, dis, strict=True):
            frame[:] = plane
            if hot is not None:
                with pytest.raises(SampleRangeError, match=r"distorted, frame \d: .*x=0, y=0"):
                    scorer.push(frame, hot)
            ready += scorer.push(frame, other)
            frame[:] = 0
        ready += scorer.flush()
    assert ready == expected
    assert staged == [1] * count  # what is not pinned
    assert driver.misuse == []


def test_small_frames_are_not_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = install(monkeypatch, FakeDriver())
    large = np.zeros((1024, 1024), np.uint8)
    for plane, questions in ((large[:, :-1].copy(), 0), (large, 1)):
        height, width = plane.shape
        with Scorer(width, height, device="cuda", model=False, batch=4) as scorer:
            before = driver.calls.count("cuPointerGetAttribute")
            for _ in range(3):
                scorer.push(plane, plane)
        assert driver.calls.count("cuPointerGetAttribute") - before == questions
