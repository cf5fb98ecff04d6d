"""What goes wrong with a GPU, on a stand-in for the driver: every error says what to do.

Nothing scored before is lost, nothing wrong is delivered, and nothing stays allocated.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from typing import Any

import clips
import numpy as np
import pytest
from fake_cuda import FakeDriver, Result
from test_gpu_cuda import install

import pyvmaf_tiny
from pyvmaf_tiny import DeviceError, EngineError, EngineStateError, OutOfMemoryError, Scorer
from pyvmaf_tiny.engine.gpu import cuda_devices
from pyvmaf_tiny.frames import FrameScore

WIDTH, HEIGHT, FRAMES = 40, 36, 21
REF = np.stack(clips.moving_planes(FRAMES, WIDTH, HEIGHT))
DIS = np.stack(clips.noisy(list(REF)))

ILLEGAL = Result.CUDA_ERROR_ILLEGAL_ADDRESS


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    return install(monkeypatch, FakeDriver())


def opened(**options: Any) -> Scorer:
    return Scorer(WIDTH, HEIGHT, device="cuda", model=False, **options)


def scored(scorer: Scorer, ready: list[FrameScore]) -> list[FrameScore]:
    """All frames through a scorer, added to ``ready`` as they come."""
    for pair in zip(REF, DIS, strict=True):
        ready += scorer.push(*pair)
    ready += scorer.flush()
    return ready


def on_cpu(**options: Any) -> list[FrameScore]:
    with Scorer(WIDTH, HEIGHT, model=False, **options) as scorer:
        return scored(scorer, [])


# ---- before anything is computed ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (Result.CUDA_ERROR_NO_DEVICE, "CUDA_VISIBLE_DEVICES"),
        (Result.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, "restart the machine"),
        (Result.CUDA_ERROR_NOT_INITIALIZED, '"spawn"'),
        (Result.CUDA_ERROR_INVALID_VALUE, "nvidia-smi"),
    ],
)
def test_a_driver_that_does_not_start(status: Result, hint: str, driver: FakeDriver) -> None:
    driver.fail["cuInit"] = (0, status)
    with pytest.raises(DeviceError, match=f"does not start: given {status.name} .*{hint}"):
        opened()


def test_a_driver_older_than_the_packages(driver: FakeDriver) -> None:
    driver.version = 12040
    with pytest.raises(
        DeviceError,
        match=r"given one for CUDA 12.4, expected CUDA 13.0 or newer \(driver 580 and up\) "
        r'\(pip install "pyvmaf-tiny\[cuda12\]"',
    ):
        opened()
    driver.version = 11080
    with pytest.raises(DeviceError, match="the oldest driver that can be used is 525"):
        opened()
    driver.version = 14000  # newer ones take everything
    opened().close()


def test_no_device_and_one_of_another_number(driver: FakeDriver) -> None:
    with pytest.raises(DeviceError, match=r"given cuda:1, expected one of 1 \(.*MIG"):
        Scorer(WIDTH, HEIGHT, device="cuda:1")
    driver.devices = 0
    with pytest.raises(DeviceError, match=r"given cuda:0, expected .*there is none"):
        opened()


def test_too_old_an_architecture(driver: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(cuda_devices, "module", lambda name: driver)
    driver.capability = {"major": 7, "minor": 0}
    with pytest.raises(DeviceError, match=r"given compute capability 7\.0, expected 7\.5 or newer"):
        opened()
    assert driver.live == {}


def test_kernels_that_the_driver_refuses_are_compiled_once_more(
    driver: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def kernels_for(capability: int, *variant: int, fresh: bool) -> bytes:
        asked.append(fresh)
        return b"1 1" if fresh else b"damaged"

    monkeypatch.setattr(cuda_devices, "kernels_for", kernels_for)
    opened().close()
    assert asked == [False, True]
    monkeypatch.setattr(cuda_devices, "kernels_for", lambda *_, fresh: b"unknown")
    with pytest.raises(
        DeviceError,
        match="does not take the compiled kernels: given CUDA_ERROR_INVALID_IMAGE, Stand-in GPU "
        r"with a driver for CUDA 13.0, packages for 13.5 \(a newer driver",
    ):
        opened()
    assert driver.live == {}


@pytest.mark.parametrize(
    "function",
    ["cuDevicePrimaryCtxRetain", "cuStreamCreateWithPriority", "cuModuleGetFunction", "cuMemAlloc"],
)
def test_a_failure_on_the_way_leaves_nothing(function: str, driver: FakeDriver) -> None:
    driver.fail[function] = (0, Result.CUDA_ERROR_OUT_OF_MEMORY)
    with pytest.raises(OutOfMemoryError, match=r"not enough memory.* \(smaller frames"):
        opened()
    assert driver.live == {}


@pytest.mark.parametrize("calls", [0, 7])
def test_how_much_memory_is_missing(calls: int, driver: FakeDriver) -> None:
    driver.fail["cuMemAlloc"] = (calls, Result.CUDA_ERROR_OUT_OF_MEMORY)
    said = r"the GPU has not enough memory: given \d\.\d MiB more, 1\.5 MiB of 3\.0 MiB are free"
    with pytest.raises(OutOfMemoryError, match=said):
        opened()
    driver.fail = {"cuMemHostAlloc": (calls, Result.CUDA_ERROR_OUT_OF_MEMORY)}
    with pytest.raises(OutOfMemoryError, match=r"no more pinned memory: given \d\.\d MiB more \("):
        opened()
    assert driver.live == {}


# ---- "auto" -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        *("cuInit", "cuDriverGetVersion", "cuDeviceGetCount", "cuStreamCreateWithPriority"),
        *("cuModuleLoadData", "cuMemAlloc", "cuMemHostAlloc", "cuStreamSynchronize"),
    ],
)
@pytest.mark.parametrize("status", [ILLEGAL, Result.CUDA_ERROR_OUT_OF_MEMORY])
def test_auto_passes_over_a_gpu_that_fails(
    function: str, status: Result, driver: FakeDriver
) -> None:
    driver.fail[function] = (0, status)
    result = pyvmaf_tiny.score(REF, DIS, device="auto")
    assert result.info.device == "cpu"
    assert result.mean == pyvmaf_tiny.score(REF, DIS).mean
    gc.collect()
    assert driver.live == {}
    with pytest.raises(EngineError):
        opened()


def test_engines_are_listed_with_a_broken_driver(driver: FakeDriver) -> None:
    driver.fail["cuDeviceGetCount"] = (0, ILLEGAL)
    reasons = pyvmaf_tiny.engines()[0].device_reasons
    assert "failed in cuDeviceGetCount" in reasons["cuda"]


# ---- in mid-stream ------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("status", [ILLEGAL, Result.CUDA_ERROR_OUT_OF_MEMORY])
@pytest.mark.parametrize(
    "function",
    [
        *("cuMemcpyHtoDAsync", "cuMemcpyDtoDAsync", "cuMemcpyDtoHAsync", "cuLaunchKernel"),
        *("cuEventRecord", "cuStreamWaitEvent", "cuEventSynchronize", "cuCtxPushCurrent"),
    ],
)
def test_what_was_complete_is_delivered_and_nothing_wrong(
    function: str, status: Result, batch: int, driver: FakeDriver
) -> None:
    """Whichever call is the first to fail: rows that come are the right ones, in order."""
    expected = on_cpu(batch=batch)
    with opened(batch=batch) as scorer:
        begun = driver.calls.count(function)
        scored(scorer, [])
        calls = driver.calls.count(function) - begun
    most = 0
    for left in range(0, calls, max(1, calls // 6)):
        with opened(batch=batch) as scorer:
            driver.fail[function] = (left, status)
            ready: list[FrameScore] = []
            with pytest.raises(EngineError) as raised:
                scored(scorer, ready)
            driver.fail.clear()
            if status is ILLEGAL:
                assert "start a new one" in str(raised.value)
            with pytest.raises(EngineStateError, match="after the device failed: given the "):
                scorer.push(REF[0], DIS[0])
            ready += scorer.flush()
            assert scorer.flush() == []
            assert ready == expected[: len(ready)]
            assert len(scorer.result()) == len(ready)
            most = max(most, len(ready))
        driver.broken = None
        assert driver.live == {}
    assert most >= FRAMES // 2


def test_a_clips_error_carries_what_was_scored(driver: FakeDriver) -> None:
    expected = pyvmaf_tiny.score(REF, DIS)
    driver.fail["cuEventSynchronize"] = (2, ILLEGAL)
    with pytest.raises(EngineError, match="cuEventSynchronize") as raised:
        pyvmaf_tiny.score(REF, DIS, device="cuda")
    partial = raised.value.result
    assert partial is not None
    assert 7 <= len(partial) < FRAMES
    np.testing.assert_array_equal(partial.features, expected.features[: len(partial)])
    assert partial.info.device == "cuda:0"
    assert driver.live == {}


def test_a_stream_goes_on_after_reset(driver: FakeDriver) -> None:
    """Where the failure was not one that the context keeps."""
    with opened(batch=4) as scorer:
        driver.fail["cuLaunchKernel"] = (5, Result.CUDA_ERROR_OUT_OF_MEMORY)
        with pytest.raises(OutOfMemoryError):
            scored(scorer, [])
        driver.fail.clear()
        scorer.reset()
        assert scored(scorer, []) == on_cpu()


# ---- other processes ----------------------------------------------------------------------------


def in_a_fork(work: Callable[[], object]) -> int:
    """The exit code of a forked process: 0 when ``work`` says True; it is killed when it hangs."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(60)
            code = 0 if work() is True else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def refusal(call: Callable[[], object]) -> str:
    try:
        call()
    except EngineError as error:
        return f"{type(error).__name__}: {error}"
    return "none"


def test_a_forked_process_leaves_the_gpu_alone(driver: FakeDriver) -> None:
    """It gets an error and gives nothing back: its parent goes on."""
    scorer = opened()
    scorer.push(REF[0], DIS[0])
    before = len(driver.calls)

    def work() -> bool:
        said = refusal(lambda: scorer.push(REF[1], DIS[1]))
        scorer.close()
        gc.collect()
        return said.startswith("EngineStateError: the engine belongs to the process") and (
            len(driver.calls) == before
        )

    assert in_a_fork(work) == 0
    assert len(scorer.push(REF[1], DIS[1])) == 1
    scorer.close()
    assert driver.live == {}


@pytest.mark.parametrize("device", ["sycl", "opencl"])
def test_a_forked_process_and_a_runtime_with_threads(device: str) -> None:
    """They are the parent's: an error, not a wait for ever."""
    scorer = Scorer(WIDTH, HEIGHT, device=device, model=False)
    scorer.push(REF[0], DIS[0])

    def work() -> bool:
        old = refusal(lambda: scorer.push(REF[1], DIS[1]))
        scorer.close()
        new = refusal(lambda: Scorer(WIDTH, HEIGHT, device=device, model=False))
        return old.startswith("EngineStateError: the engine belongs to the process") and (
            new.startswith("DeviceError: this process was forked from one that used the device")
        )

    assert in_a_fork(work) == 0
    assert len(scorer.push(REF[1], DIS[1])) == 1
    scorer.close()
