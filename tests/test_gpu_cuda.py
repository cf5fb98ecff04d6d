"""CUDA without a GPU: the host's calls, on a stand-in for the driver."""

from __future__ import annotations

import gc
from collections import deque
from typing import Any

import clips
import numpy as np
import pytest
from fake_cuda import FakeDriver, Order, Result

import pyvmaf_tiny
from pyvmaf_tiny import DeviceError, EngineError, Scorer
from pyvmaf_tiny.engine import EngineSpec, gpu
from pyvmaf_tiny.engine.gpu import cuda, cuda_devices

WIDTH, HEIGHT, FRAMES = 70, 50, 21
REF = np.stack(clips.moving_planes(FRAMES, WIDTH, HEIGHT))
DIS = np.stack(clips.noisy(list(REF)))


@pytest.fixture(params=["lazy", "uploads_first", "eager"])
def order(request: pytest.FixtureRequest) -> Order:
    """When the stand-in does what it is asked for."""
    chosen: Order = request.param
    return chosen


def install(monkeypatch: pytest.MonkeyPatch, driver: FakeDriver) -> FakeDriver:
    """Put the stand-in in the place of NVIDIA's package; its kernels are compiled by SYCL."""
    monkeypatch.setattr(cuda_devices, "module", lambda name: driver)

    def kernels_for(capability: int, *variant: int, fresh: bool) -> bytes:
        return " ".join(map(str, variant)).encode()

    monkeypatch.setattr(cuda_devices, "kernels_for", kernels_for)
    return driver


@pytest.mark.parametrize("bit_depth", [8, 10])
@pytest.mark.parametrize("batch", [1, 2, 5, 16])
def test_the_features_are_the_cpus(
    order: Order, batch: int, bit_depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = install(monkeypatch, FakeDriver(order))
    ref, dis = REF, DIS
    if bit_depth > 8:
        ref, dis = (planes.astype(np.uint16) << 2 for planes in (REF, DIS))
    frames: list[list[Any]] = []
    for device in ("cuda", "cpu"):
        with Scorer(WIDTH, HEIGHT, device=device, bit_depth=bit_depth, batch=batch) as scorer:
            pushed = [scorer.push(*pair) for pair in zip(ref, dis, strict=True)]
            frames.append([each for ready in [*pushed, scorer.flush()] for each in ready])
            scorer.reset()
            scorer.push(ref[0], dis[0])
            frames[-1] += scorer.flush()
    assert frames[0] == frames[1]
    assert driver.misuse == []
    assert driver.live == {}


@pytest.mark.parametrize("forgotten", ["_wait_for_uploads", "wait"])
def test_the_stand_in_notices_a_wait_that_is_missing(
    forgotten: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, FakeDriver("lazy"))
    frames: list[Any] = []
    for device in ("cpu", "cuda"):
        with Scorer(WIDTH, HEIGHT, device=device, model=False) as scorer:
            if device == "cuda":
                monkeypatch.setattr(cuda.CudaBackend, forgotten, lambda *_: None)
            frames.append([scorer.push(*pair) for pair in zip(REF, DIS, strict=True)])
    assert frames[0] != frames[1]


def test_renditions_and_skipped_frames(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = install(monkeypatch, FakeDriver(order))
    versions = [DIS, DIS // 2, REF]
    options: dict[str, Any] = {"subsample": 3, "neg": "both"}
    expected = pyvmaf_tiny.score_many(REF, versions, **options)
    actual = pyvmaf_tiny.score_many(REF, versions, device="cuda", **options)
    assert [dict(each.pooled) for each in actual] == [dict(each.pooled) for each in expected]
    assert driver.misuse == []
    assert driver.live == {}


def test_one_wait_per_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen frames may be late, so eight are worked on at once."""
    driver = install(monkeypatch, FakeDriver())
    with Scorer(WIDTH, HEIGHT, device="cuda", model=False, batch=16) as scorer:
        before = len(driver.calls)
        for index in range(160):
            scorer.push(REF[index % FRAMES], DIS[index % FRAMES])
        calls = driver.calls[before:]
    batches = 160 // 8
    assert calls.count("cuMemcpyHtoDAsync") == 2 * 160 + batches
    assert calls.count("cuLaunchKernel") == 11 * batches
    assert calls.count("cuEventSynchronize") <= batches
    assert "cuStreamSynchronize" not in calls
    assert "cuMemAlloc" not in calls


MODES: dict[str, dict[str, Any]] = {
    "all": {},
    "vif": {"features": ("vif",)},
    "adm": {"features": ("adm",)},
    "motion": {"features": ("motion",)},
    "two": {"renditions": ("a", "b"), "gain_limits": (100.0, 1.0)},
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("subsample", [1, 3, 50])
@pytest.mark.parametrize("lag", [1, 2, 3, 16])
def test_an_endless_stream(
    lag: int, subsample: int, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One wait per batch and no more events, whatever is computed, in mid-stream resets, too."""
    driver = install(monkeypatch, FakeDriver())
    spec = EngineSpec(width=33, height=33, device="cuda", lag=lag, **MODES[mode])
    ref: Any = REF[0, :33, :33]
    versions: Any = [DIS[0, :33, :33]] * len(spec.renditions)
    engine = gpu.create(spec)
    batch = max(1, min(8, lag // 2))

    def push(frames: int) -> list[str]:
        before = len(driver.calls)
        for index in range(frames):
            engine.skip(ref) if index % subsample else engine.push(ref, versions)
        return driver.calls[before:]

    push(4 * batch)
    calls = push(6 * batch)
    assert calls.count("cuEventSynchronize") == 6
    assert "cuEventCreate" not in calls
    for frames in (2 * batch, batch + 1, 3 * batch + 1):
        engine.reset()
        calls = push(frames)
        assert "cuEventCreate" not in calls
    engine.close()
    assert (driver.misuse, driver.live) == ([], {})


def test_a_scorer_that_is_forgotten_gives_its_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = install(monkeypatch, FakeDriver())
    scorer = Scorer(WIDTH, HEIGHT, device="cuda", model=False)
    scorer.push(REF[0], DIS[0])
    assert driver.live
    del scorer
    gc.collect()
    assert driver.live == {}
    assert driver.misuse == []


@pytest.mark.parametrize("function", ["cuLaunchKernel", "cuEventSynchronize", "cuMemcpyHtoDAsync"])
def test_the_device_fails(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = install(monkeypatch, FakeDriver())
    scorer = Scorer(WIDTH, HEIGHT, device="cuda", model=False)
    driver.fail[function] = (0, Result.CUDA_ERROR_LAUNCH_FAILED)
    message = f"failed in {function}: given CUDA_ERROR_LAUNCH_FAILED"
    with pytest.raises(EngineError, match=message):
        deque(map(scorer.push, REF[:3], DIS[:3]))
    scorer.close()
    assert driver.live == {}


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = install(monkeypatch, FakeDriver())
    assert cuda.devices() == ["Stand-in GPU"]
    native = pyvmaf_tiny.engines()[0]
    assert native.device_names["cuda:0"] == "Stand-in GPU"
    with pytest.raises(DeviceError, match="no such CUDA device: given cuda:1, expected one of 1"):
        Scorer(WIDTH, HEIGHT, device="cuda:1")
    with Scorer(WIDTH, HEIGHT, device="auto", model=False) as scorer:
        assert scorer.result().info.device == "cuda:0"
    driver.devices = 0
    with Scorer(WIDTH, HEIGHT, device="auto", model=False) as scorer:
        assert scorer.result().info.device == "cpu"
    driver.fail["cuInit"] = (0, Result.CUDA_ERROR_NO_DEVICE)
    with pytest.raises(DeviceError, match="does not start: given CUDA_ERROR_NO_DEVICE"):
        Scorer(WIDTH, HEIGHT, device="cuda")


def test_no_driver() -> None:
    """There is none where these tests run, unless there is a GPU."""
    try:
        names = cuda.devices()
    except DeviceError as error:
        assert "no CUDA driver" in str(error)  # noqa: PT017
    else:
        assert names
