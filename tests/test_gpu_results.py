"""Results that stay on the device: the right ones, on both kinds of devices."""

from __future__ import annotations

import contextlib
import gc
import importlib
from collections.abc import Iterator
from typing import Any

import clips
import numpy as np
import pytest
from fake_cuda import FakeDriver, Order, Result
from gpu_device import DEVICE
from gpu_guard import GuardedBackend
from numpy.typing import NDArray
from oracle.cases import random_case
from oracle.compare import assert_same_features
from oracle.crafted import overflowing
from oracle.golden import golden_cases
from test_gpu_cuda import install

import pyvmaf_tiny
from pyvmaf_tiny import (
    DeviceError,
    DeviceFrames,
    DeviceScorer,
    EngineError,
    EngineStateError,
    FrameSizeError,
    ModelError,
    OptionError,
    OutOfMemoryError,
    SampleRangeError,
)
from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.engine.gpu import sycl
from pyvmaf_tiny.engine.gpu.device_stream import DeviceStream
from pyvmaf_tiny.model.layers import load_network

Planes = NDArray[Any]

WIDTH, HEIGHT, FRAMES = 70, 50, 21
REF = np.stack(clips.moving_planes(FRAMES, WIDTH, HEIGHT))
DIS = np.stack(clips.noisy(list(REF)))
EXPECTED = pyvmaf_tiny.features(REF, DIS)
SCORES = pyvmaf_tiny.load_model().predict(EXPECTED)

#: See test_gpu_model.py.
TOLERANCE = 1e-4


def pushed(scorer: DeviceScorer, ref: Planes = REF, dis: Planes = DIS) -> list[DeviceFrames]:
    parts = [part for pair in zip(ref, dis, strict=True) for part in scorer.push(*pair)]
    return parts + scorer.flush()


def features_of(parts: list[DeviceFrames]) -> NDArray[np.float64]:
    """Of all frames; every one is there once and in its place."""
    assert [part.first for part in parts] == np.cumsum([0, *map(len, parts)])[:-1].tolist()
    return np.concatenate([part.features.to_host() for part in parts])


def scores_of(parts: list[DeviceFrames]) -> NDArray[np.float32]:
    arrays = [part.scores for part in parts]
    assert all(array is not None and array.dtype == np.float32 for array in arrays)
    return np.concatenate([array.to_host() for array in arrays if array is not None])


# ---- the right ones -----------------------------------------------------------------------------


@pytest.mark.parametrize("neg", [False, True], ids=["default", "neg"])
def test_golden_cases(neg: bool) -> None:
    for case in list(golden_cases())[::3]:
        height, width = case.ref.shape[1:]
        options: dict[str, Any] = {"bit_depth": case.bit_depth, "neg": neg, "device": DEVICE}
        with DeviceScorer(width, height, model=False, batch=3, **options) as scorer:
            actual = features_of(pushed(scorer, case.ref, case.dis))
        assert_same_features(actual, case.features(neg=neg), case)


def test_random_cases() -> None:
    for seed in range(1000, 1020):
        case = random_case(seed)
        ref, dis = case.planes()
        options: dict[str, Any] = {"bit_depth": case.bit_depth, "gain_limit": 1.2 + seed % 3}
        size = (ref.shape[2], ref.shape[1])
        with DeviceScorer(*size, model=False, device=DEVICE, batch=2, **options) as scorer:
            actual = features_of(pushed(scorer, ref, dis))
        assert_same_features(actual, pyvmaf_tiny.features(ref, dis, **options), case)


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 8, 20, 21, 40])
def test_batches_change_nothing(batch: int) -> None:
    with DeviceScorer(WIDTH, HEIGHT, device=DEVICE, batch=batch) as scorer:
        for frames in (0, 1, 2, batch - 1, batch, batch + 1, FRAMES):
            if frames > FRAMES:
                continue
            parts = pushed(scorer, REF[:frames], DIS[:frames])
            assert scorer.flush() == []
            if frames:
                whole = EXPECTED[:frames].copy()
                whole[-1, 5] = pyvmaf_tiny.features(REF[:frames], DIS[:frames])[-1, 5]
                np.testing.assert_array_equal(features_of(parts), whole)
                expected = pyvmaf_tiny.load_model().predict(whole)
                np.testing.assert_allclose(scores_of(parts), expected, rtol=0, atol=TOLERANCE)
            assert sum(map(len, parts)) == frames
            scorer.reset()


def test_a_batch_comes_with_its_last_frame() -> None:
    with DeviceScorer(WIDTH, HEIGHT, device=DEVICE, model=False, batch=4) as scorer:
        come = [len(part) for pair in zip(REF, DIS, strict=True) for part in scorer.push(*pair)]
        assert come == [3, 4, 4, 4, 4]
        assert [(part.first, len(part)) for part in scorer.flush()] == [(19, 2)]


def test_several_renditions() -> None:
    versions = {"a": DIS, "b": DIS // 2, "c": REF}
    expected = np.stack([pyvmaf_tiny.features(REF, each) for each in versions.values()], 1)
    with DeviceScorer(WIDTH, HEIGHT, renditions=list(versions), batch=4, device=DEVICE) as scorer:
        assert scorer.names == ("a", "b", "c")
        parts: list[DeviceFrames] = []
        for index in range(FRAMES):
            by_name = {name: version[index] for name, version in versions.items()}
            parts += scorer.push(REF[index], by_name if index % 2 else list(by_name.values()))
            with pytest.raises(OptionError, match="given 2, expected 3"):
                scorer.push(REF[index], [REF[index], REF[index]])
        parts += scorer.flush()
    assert parts[0].features.shape == (3, 3, 6)
    np.testing.assert_array_equal(features_of(parts), expected)
    model = pyvmaf_tiny.load_model()
    scores = model.predict(expected.reshape(-1, 6)).reshape(FRAMES, 3)
    np.testing.assert_allclose(scores_of(parts), scores, rtol=0, atol=TOLERANCE)


def test_one_rendition_of_several() -> None:
    with DeviceScorer(WIDTH, HEIGHT, renditions=1, model=False, device=DEVICE) as scorer:
        scorer.push(REF[0], [DIS[0]])
        (part,) = scorer.flush()
    assert part.features.shape == (1, 1, 6)


def test_sums_that_leave_int64() -> None:
    """Features that are no numbers, and no score of them."""
    plain = overflowing(64, 48, 8, everywhere=True)
    expected = pyvmaf_tiny.features(plain, plain)
    assert not np.isfinite(expected).all()
    with DeviceScorer(64, 48, device=DEVICE) as scorer:
        scorer.push(plain, plain)
        (part,) = scorer.flush()
    np.testing.assert_array_equal(part.features.to_host(), expected)
    assert np.isnan(scores_of([part])).all()


@pytest.mark.parametrize("size", [(33, 33), (131, 77)])
def test_kernels_stay_in_their_buffers(size: tuple[int, int]) -> None:
    spec = EngineSpec(width=size[0], height=size[1])
    planes = np.stack(clips.moving_planes(7, *size))
    rows: list[NDArray[Any]] = []
    for fill in (0x00, 0xFF):
        backends: list[GuardedBackend] = []

        def open_backend(
            sample_bytes: int,
            limits: int,
            backends: list[GuardedBackend] = backends,
            fill: int = fill,
        ) -> GuardedBackend:
            backends.append(GuardedBackend(sample_bytes, limits, fill))
            return backends[0]

        stream = DeviceStream(spec, load_network(), 3, open_backend)
        parts = [part for plane in planes for part in stream.push(plane, (planes[0],))]
        parts += stream.flush()
        rows += [features_of(parts), scores_of(parts)]
        assert backends[0].intact()
        stream.close()
    np.testing.assert_array_equal(rows[0], rows[2])
    np.testing.assert_array_equal(rows[1], rows[3])
    np.testing.assert_array_equal(rows[0], pyvmaf_tiny.features(planes, planes[:1].repeat(7, 0)))


# ---- SYCL ---------------------------------------------------------------------------------------


def test_dpctl_takes_the_arrays() -> None:
    """Through its memory, which dpnp's arrays are made of."""
    sycl.load_dpctl()
    as_usm_memory = importlib.import_module("dpctl.memory").as_usm_memory
    with DeviceScorer(WIDTH, HEIGHT, device="sycl", batch=4) as scorer:
        parts = pushed(scorer)
        assert parts[0].features.device == "sycl:0"
        interface = parts[0].features.__sycl_usm_array_interface__  # type: ignore[attr-defined]
        assert (interface["shape"], interface["typestr"]) == ((3, 6), "<f8")
        assert interface["syclobj"].is_in_order
        rows = [as_usm_memory(part.features) for part in parts]
        scores = [as_usm_memory(part.scores) for part in parts]
        assert rows[0].get_usm_type() == "device"
        assert not hasattr(parts[0].features, "__dlpack__")
        del parts
        pushed(DeviceScorer(WIDTH, HEIGHT, device="sycl", batch=4), DIS, REF)
        scorer.reset()
        pushed(scorer, DIS, REF)  # what dpctl has made keeps the memory from being written again
    actual = np.concatenate([row.copy_to_host().view(np.float64) for row in rows])
    np.testing.assert_array_equal(actual.reshape(-1, 6), EXPECTED)
    actual = np.concatenate([score.copy_to_host().view(np.float32) for score in scores])
    np.testing.assert_allclose(actual, SCORES, rtol=0, atol=TOLERANCE)


# ---- CUDA, on the stand-in for the driver -------------------------------------------------------


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
    assert {memory.nbytes for memory in held} == {9 * 52}
    features = [part.features for part in parts]
    del parts, held
    np.testing.assert_array_equal(np.concatenate([each.to_host() for each in features]), EXPECTED)
    with pytest.raises(EngineStateError, match="closed"):
        scorer.push(REF[0], DIS[0])


def test_a_scorer_that_is_forgotten_gives_its_memory_back(driver: FakeDriver) -> None:
    scorer = DeviceScorer(WIDTH, HEIGHT)
    scorer.push(REF[0], DIS[0])
    del scorer


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


def test_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with DeviceScorer(WIDTH, HEIGHT, model=False, device=DEVICE) as scorer:
        scorer.push(REF[0], DIS[0])
        with monkeypatch.context() as patch:
            patch.setattr(DeviceStream, "push", interrupted)
            with pytest.raises(KeyboardInterrupt):
                scorer.push(REF[1], DIS[1])
        with pytest.raises(EngineStateError, match="an interrupt cut off an earlier push"):
            scorer.push(REF[1], DIS[1])
        with pytest.raises(EngineStateError, match="an interrupt cut off an earlier push"):
            scorer.flush()
        scorer.reset()
        np.testing.assert_array_equal(features_of(pushed(scorer)), EXPECTED)


def test_options() -> None:
    for batch in (0, 1.5, "2"):
        with pytest.raises(OptionError, match="batch"):
            DeviceScorer(WIDTH, HEIGHT, device="sycl", batch=batch)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="neg=True is gain_limit"):
        DeviceScorer(WIDTH, HEIGHT, device="sycl", neg=True, gain_limit=2.0)
    with pytest.raises(FrameSizeError):
        DeviceScorer(32, HEIGHT, device="sycl")
    with pytest.raises(ModelError):
        DeviceScorer(WIDTH, HEIGHT, device="sycl", model="nobody's")


@pytest.mark.parametrize("device", ["cpu", "opencl"])
def test_devices_that_nobody_else_reads(device: str) -> None:
    with pytest.raises(DeviceError, match=rf"given device='{device}', expected 'cuda' or 'sycl'"):
        DeviceScorer(WIDTH, HEIGHT, device=device)


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
