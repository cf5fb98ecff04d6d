"""Results that stay on a CUDA device, on a stand-in for the driver: waits, memory, failures."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator

import numpy as np
import pytest
from fake_cuda import FakeDriver, Order, Result
from test_gpu_cuda import install
from test_gpu_results import (
    DIS,
    EXPECTED,
    FRAMES,
    HEIGHT,
    REF,
    SCORES,
    TOLERANCE,
    WIDTH,
    features_of,
    pushed,
    scores_of,
)

import pyvmaf_tiny
from pyvmaf_tiny import (
    DeviceError,
    DeviceFrames,
    DeviceScorer,
    EngineError,
    EngineStateError,
    FrameSizeError,
    OutOfMemoryError,
    SampleRangeError,
)
from pyvmaf_tiny.engine.gpu import sycl


@pytest.fixture(params=["lazy", "uploads_first", "others_first", "eager"])
def driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    """A stand-in, which nothing is left in at the end."""
    order: Order = request.param
    driver = install(monkeypatch, FakeDriver(order))
    yield driver
    gc.collect()
    assert driver.misuse == []
    assert driver.live == {}


@pytest.mark.parametrize("batch", [1, 4, 21])
def test_on_cuda(batch: int, driver: FakeDriver) -> None:
    with DeviceScorer(WIDTH, HEIGHT, batch=batch) as scorer:
        assert scorer.device == "cuda:0"
        for _ in range(2):
            parts = pushed(scorer)
            np.testing.assert_array_equal(features_of(parts), EXPECTED)
            np.testing.assert_allclose(scores_of(parts), SCORES, rtol=0, atol=TOLERANCE)
            scorer.reset()
        features = parts[0].features
        assert repr(features) == f"<CudaArray {features.shape} float64 on cuda:0>"
        assert (len(features), features.nbytes) == (len(parts[0]), 48 * len(parts[0]))


def test_no_wait_for_results_and_no_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = install(monkeypatch, FakeDriver())
    with DeviceScorer(WIDTH, HEIGHT, batch=8) as scorer:
        for index in range(32):
            scorer.push(REF[index % FRAMES], DIS[index % FRAMES])
        before = len(driver.calls)
        for index in range(80):
            scorer.push(REF[index % FRAMES], DIS[index % FRAMES])
        calls = driver.calls[before:]
    batches = 80 // 8
    assert calls.count("cuEventSynchronize") == batches
    for function in ("cuMemcpyDtoHAsync", "cuMemcpyDtoH", "cuStreamSynchronize", "cuMemAlloc"):
        assert function not in calls
    assert calls.count("cuLaunchKernel") == 13 * batches


def test_the_first_two_batches_wait_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = install(monkeypatch, FakeDriver())
    with DeviceScorer(WIDTH, HEIGHT, batch=4) as scorer:
        before = len(driver.calls)
        parts = [part for index in range(8) for part in scorer.push(REF[index], DIS[index])]
        assert list(map(len, parts)) == [3, 4]
        assert "Synchronize" not in "".join(driver.calls[before:])
        np.testing.assert_array_equal(features_of(parts), EXPECTED[:7])


def test_looking_at_results_waits_for_nothing_of_the_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PyTorch works on the default stream, where there may be a lot."""
    driver = install(monkeypatch, FakeDriver("lazy"))
    theirs = driver.streams[1]
    with DeviceScorer(WIDTH, HEIGHT, batch=4) as scorer:
        parts = pushed(scorer)
        theirs.work.append(lambda: None)
        np.testing.assert_array_equal(features_of(parts), EXPECTED)
        assert theirs.done == 0


def test_memory_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether results are let go at once, or the last ten are kept."""
    driver = install(monkeypatch, FakeDriver())
    for keep in (0, 10):
        kept: list[DeviceFrames] = []
        with DeviceScorer(WIDTH, HEIGHT, model=False, batch=2) as scorer:
            before = driver.calls.count("cuMemAlloc")
            for index in range(200):
                kept += scorer.push(REF[index % FRAMES], DIS[index % FRAMES])
                kept = kept[-keep:] if keep else []
            assert driver.calls.count("cuMemAlloc") - before == keep + 1
            alive = len(driver.live)
            for index in range(100):
                kept += scorer.push(REF[index % FRAMES], DIS[index % FRAMES])
                kept = kept[-keep:] if keep else []
            assert len(driver.live) == alive


def test_what_is_kept_is_not_written_again(driver: FakeDriver) -> None:
    with DeviceScorer(WIDTH, HEIGHT, batch=2) as scorer:
        parts = pushed(scorer)
        for _ in range(3):
            scorer.reset()
            pushed(scorer, DIS, REF)
        np.testing.assert_array_equal(features_of(parts), EXPECTED)
    np.testing.assert_array_equal(features_of(parts), EXPECTED)
    assert driver.live
    del parts, scorer


def test_results_outlive_the_scorer(driver: FakeDriver) -> None:
    """Of its memory only they are left, and that goes with the last of them."""
    scorer = DeviceScorer(WIDTH, HEIGHT, batch=8)
    parts = pushed(scorer)
    scorer.close()
    scorer.close()
    held = [value for value in driver.live.values() if hasattr(value, "nbytes")]
    assert {memory.nbytes for memory in held} == {512 + 4 * 9}
    features = [part.features for part in parts]
    del parts, held
    np.testing.assert_array_equal(np.concatenate([each.to_host() for each in features]), EXPECTED)
    with pytest.raises(EngineStateError, match="closed"):
        scorer.push(REF[0], DIS[0])


def test_a_scorer_that_is_forgotten_gives_its_memory_back(driver: FakeDriver) -> None:
    scorer = DeviceScorer(WIDTH, HEIGHT)
    scorer.push(REF[0], DIS[0])
    del scorer


def test_a_forked_process(driver: FakeDriver) -> None:
    """It gives nothing back and gets nothing, and the results are still its parent's."""
    with DeviceScorer(WIDTH, HEIGHT, batch=4) as scorer:
        parts = pushed(scorer)
        child = os.fork()
        if child == 0:
            with contextlib.suppress(EngineStateError):
                parts[0].features.to_host()
                os._exit(1)
            with contextlib.suppress(EngineStateError):
                scorer.reset()
                os._exit(2)
            before = len(driver.live)
            del parts
            gc.collect()
            scorer.close()
            os._exit(0 if len(driver.live) == before else 3)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        np.testing.assert_array_equal(features_of(parts), EXPECTED)


# ---- failures -----------------------------------------------------------------------------------


def test_refused_frames_change_nothing(driver: FakeDriver) -> None:
    ref, dis = (planes.astype(np.uint16) << 2 for planes in (REF, DIS))
    hot = dis[2].copy()
    hot[3, 4] = 1024
    with DeviceScorer(WIDTH, HEIGHT, bit_depth=10, batch=3) as scorer:
        parts: list[DeviceFrames] = []
        for index in range(FRAMES):
            with pytest.raises(SampleRangeError, match=f"distorted, frame {index}.*x=4, y=3"):
                scorer.push(ref[index], hot)
            with pytest.raises(FrameSizeError, match=f"reference, frame {index}"):
                scorer.push(ref[index][1:], dis[index])
            parts += scorer.push(ref[index], dis[index])
        parts += scorer.flush()
    expected = pyvmaf_tiny.features(ref, dis, bit_depth=10)
    np.testing.assert_array_equal(features_of(parts), expected)


def test_memory_for_results_runs_out(driver: FakeDriver) -> None:
    """The frame can be pushed again when some have been let go."""
    with DeviceScorer(WIDTH, HEIGHT, batch=4) as scorer:
        parts = [part for index in range(7) for part in scorer.push(REF[index], DIS[index])]
        rows = [features_of(parts)]
        driver.fail["cuMemAlloc"] = (0, Result.CUDA_ERROR_OUT_OF_MEMORY)
        for _ in range(2):
            with pytest.raises(OutOfMemoryError, match="let go of earlier results"):
                scorer.push(REF[7], DIS[7])
        parts.clear()
        for index in range(7, FRAMES):
            rows += [part.features.to_host() for part in scorer.push(REF[index], DIS[index])]
        rows += [part.features.to_host() for part in scorer.flush()]
        del driver.fail["cuMemAlloc"]
    np.testing.assert_array_equal(np.concatenate(rows), EXPECTED)


@pytest.mark.parametrize("calls", range(0, 60, 7))
def test_memory_runs_out_at_first(calls: int, driver: FakeDriver) -> None:
    driver.fail["cuMemAlloc"] = (calls, Result.CUDA_ERROR_OUT_OF_MEMORY)
    with pytest.raises(OutOfMemoryError), DeviceScorer(WIDTH, HEIGHT, batch=2) as scorer:
        pushed(scorer)
    del driver.fail["cuMemAlloc"]


@pytest.mark.parametrize("calls", [0, 5, 11, 12, 14])
def test_the_device_refuses_work(calls: int, driver: FakeDriver) -> None:
    """What came before stays, and a new stream can begin."""
    scorer = DeviceScorer(WIDTH, HEIGHT, batch=2)
    parts = [part for index in range(4) for part in scorer.push(REF[index], DIS[index])]
    driver.fail["cuLaunchKernel"] = (calls, Result.CUDA_ERROR_OUT_OF_MEMORY)
    with pytest.raises(EngineError, match="not enough memory"):
        pushed(scorer)
    with pytest.raises(EngineStateError, match=r"the batch is lost \(reset"):
        scorer.push(REF[0], DIS[0])
    with pytest.raises(EngineStateError, match=r"the batch is lost \(reset"):
        scorer.flush()
    del driver.fail["cuLaunchKernel"]
    np.testing.assert_array_equal(features_of(parts), EXPECTED[:3])
    scorer.reset()
    np.testing.assert_array_equal(features_of(pushed(scorer)), EXPECTED)
    scorer.close()


@pytest.mark.parametrize("function", ["cuLaunchKernel", "cuEventRecord", "cuStreamWaitEvent"])
def test_the_device_fails_for_good(function: str, driver: FakeDriver) -> None:
    """Every call says so, and everything is given back."""
    scorer = DeviceScorer(WIDTH, HEIGHT, batch=2)
    parts = [part for index in range(4) for part in scorer.push(REF[index], DIS[index])]
    driver.fail[function] = (1, Result.CUDA_ERROR_ILLEGAL_ADDRESS)
    with pytest.raises(EngineError, match=f"failed in {function}: given CUDA_ERROR_ILLEGAL_ADDR"):
        pushed(scorer)
    with pytest.raises(EngineStateError, match="the batch is lost"):
        scorer.push(REF[0], DIS[0])
    with pytest.raises(EngineError, match="start a new one"):
        parts[0].features.to_host()
    with pytest.raises(EngineError, match="start a new one"):
        scorer.reset()
    scorer.close()


def test_memory_runs_out_at_the_end(driver: FakeDriver) -> None:
    with DeviceScorer(WIDTH, HEIGHT, batch=40) as scorer:
        for pair in zip(REF, DIS, strict=True):
            scorer.push(*pair)
        driver.fail["cuMemAlloc"] = (0, Result.CUDA_ERROR_OUT_OF_MEMORY)
        with pytest.raises(OutOfMemoryError):
            scorer.flush()
        del driver.fail["cuMemAlloc"]
        np.testing.assert_array_equal(features_of(scorer.flush()), EXPECTED)


def test_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU that is a SYCL device is no GPU."""
    driver = FakeDriver()
    driver.devices = 0
    install(monkeypatch, driver)
    with pytest.raises(DeviceError, match=r"given cuda: no GPU; sycl: no GPU \(a Scorer"):
        DeviceScorer(WIDTH, HEIGHT, device="auto")
    monkeypatch.setattr(sycl, "has_gpu", lambda: True)
    with DeviceScorer(WIDTH, HEIGHT, device="auto") as scorer:
        assert scorer.device == "sycl:0"
    driver.devices = 1
    with contextlib.closing(DeviceScorer(WIDTH, HEIGHT, device="auto")) as scorer:
        assert scorer.device == "cuda:0"
