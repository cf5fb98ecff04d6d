"""Results that stay on the device: the right ones, on both kinds of devices."""

from __future__ import annotations

import contextlib
import importlib
import queue
import threading
from collections.abc import Callable
from typing import Any

import clips
import numpy as np
import pytest
from gpu_device import DEVICE, KIND, NUMBERED
from gpu_guard import GuardedBackend
from numpy.typing import NDArray
from oracle.cases import random_case
from oracle.compare import assert_same_features
from oracle.crafted import overflowing
from oracle.golden import golden_cases

import pyvmaf_tiny
from pyvmaf_tiny import (
    DeviceError,
    DeviceFrames,
    DeviceScorer,
    EngineStateError,
    FrameSizeError,
    FrameTypeError,
    ModelError,
    OptionError,
    _native,
    dlpack,
)
from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.engine.gpu import opening, stream
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


# ---- others take them ---------------------------------------------------------------------------


def through_dpctl(array: Any) -> NDArray[Any]:
    """Through dpctl's memory, which dpnp's arrays are made of."""
    interface = array.__sycl_usm_array_interface__
    assert (interface["shape"], interface["typestr"]) == (array.shape, array.dtype.str)
    assert interface["syclobj"].is_in_order
    assert not hasattr(array, "__dlpack__")
    memory = importlib.import_module("dpctl.memory").as_usm_memory(array)
    assert memory.get_usm_type() == "device"
    host: NDArray[Any] = memory.copy_to_host().view(array.dtype).reshape(array.shape)
    return host


def through_dlpack(array: Any) -> NDArray[Any]:
    """As a library that works on a stream of its own, and PyTorch if it is there."""
    cuda: Any = importlib.import_module("cuda.bindings.driver")
    _, device = cuda.cuDeviceGet(array.__dlpack_device__()[1])
    _, context = cuda.cuDevicePrimaryCtxRetain(device)
    cuda.cuCtxPushCurrent(context)
    _, stream = cuda.cuStreamCreateWithPriority(1, 0)  # one that waits for no other
    capsule, host = array.__dlpack__(stream=int(stream)), np.empty(array.shape, array.dtype)
    address = dlpack.tensor_of(capsule).data
    cuda.cuMemcpyDtoHAsync(host.ctypes.data, address, host.nbytes, stream)
    cuda.cuStreamSynchronize(stream)
    del capsule
    cuda.cuStreamDestroy(stream)
    cuda.cuCtxPopCurrent()
    cuda.cuDevicePrimaryCtxRelease(device)
    with contextlib.suppress(ImportError):
        torch = importlib.import_module("torch")
        if torch.cuda.is_available():
            np.testing.assert_array_equal(torch.from_dlpack(array).cpu().numpy(), host)
            np.testing.assert_array_equal(torch.as_tensor(array).cpu().numpy(), host)
    return host


def test_others_take_the_arrays() -> None:
    take = {"sycl": through_dpctl, "cuda": through_dlpack}[KIND]
    with DeviceScorer(WIDTH, HEIGHT, device=DEVICE, batch=4) as scorer:
        assert scorer.device == NUMBERED
        rows: list[NDArray[Any]] = []
        scores: list[NDArray[Any]] = []
        for pair in [*zip(REF, DIS, strict=True), None]:
            for part in scorer.flush() if pair is None else scorer.push(*pair):
                rows.append(take(part.features))
                scores.append(take(part.scores))
                del part
    np.testing.assert_array_equal(np.concatenate(rows), EXPECTED)
    np.testing.assert_allclose(np.concatenate(scores), SCORES, rtol=0, atol=TOLERANCE)


def test_what_is_kept_is_not_written_again() -> None:
    """Arrays, and what others have made of them, also when the scorer is closed."""
    with DeviceScorer(WIDTH, HEIGHT, device=DEVICE, batch=2) as scorer:
        parts = pushed(scorer)
        for _ in range(3):
            scorer.reset()
            pushed(scorer, DIS, REF)
        np.testing.assert_array_equal(features_of(parts), EXPECTED)
    np.testing.assert_array_equal(features_of(parts), EXPECTED)
    assert repr(parts[0].features).endswith(f"Array (1, 6) float64 on {NUMBERED}>")
    assert (len(parts[1].features), parts[1].features.nbytes) == (2, 96)


def test_another_thread_reads_and_lets_go() -> None:
    """While this one pushes, so buffers come back at any time."""
    waiting: queue.SimpleQueue[DeviceFrames | None] = queue.SimpleQueue()
    rows: list[NDArray[Any]] = []

    def read() -> None:
        for part in iter(waiting.get, None):
            rows.append(part.features.to_host())
            del part

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with DeviceScorer(WIDTH, HEIGHT, device=DEVICE, batch=2) as scorer:
            for _ in range(20):
                for part in pushed(scorer):
                    waiting.put(part)
                scorer.reset()
    finally:
        waiting.put(None)
        reader.join()
    np.testing.assert_array_equal(np.concatenate(rows), np.tile(EXPECTED, (20, 1)))


# ---- refusals -----------------------------------------------------------------------------------


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


def test_arrays_are_not_numpys() -> None:
    """Nothing is copied to the host, or made an array of one object, without being asked for."""
    with DeviceScorer(WIDTH, HEIGHT, device=DEVICE) as scorer:
        scorer.push(REF[0], DIS[0])
        (part,) = scorer.flush()
    array: Any = part.features
    uses: list[Callable[[Any], object]] = [
        np.asarray,
        lambda it: np.asarray([it, it]),
        lambda it: np.array(it, dtype=np.float32, copy=True),
        np.mean,
        lambda it: np.zeros(6) + it,
        lambda it: it[0],
        lambda it: it[0, 1:],
        list,
        lambda it: 1.0 in it,
    ]
    for use in uses:
        with pytest.raises(FrameTypeError, match=r"\(1, 6\) float64 on .*to_host\(\)") as caught:
            use(array)
        assert isinstance(caught.value, TypeError)


def test_options() -> None:
    for batch in (0, 1.5, "2"):
        with pytest.raises(OptionError, match="batch"):
            DeviceScorer(WIDTH, HEIGHT, device=DEVICE, batch=batch)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="neg=True is gain_limit"):
        DeviceScorer(WIDTH, HEIGHT, device=DEVICE, neg=True, gain_limit=2.0)
    with pytest.raises(FrameSizeError):
        DeviceScorer(32, HEIGHT, device=DEVICE)
    with pytest.raises(ModelError):
        DeviceScorer(WIDTH, HEIGHT, device=DEVICE, model="nobody's")


def test_more_pairs_than_a_gpu_takes_at_once() -> None:
    """A driver would refuse them when the batch is complete; a Scorer's batches are smaller."""
    said = r"given batch=1024, 64 renditions, 1 gain limits, expected at most 65535 .*of 1023 can"
    with pytest.raises(OptionError, match=said):
        DeviceScorer(WIDTH, HEIGHT, renditions=64, device=DEVICE, model=False, batch=1024)
    with pytest.raises(OptionError, match="at most 65535"):
        DeviceScorer(WIDTH, HEIGHT, device=DEVICE, model=False, batch=65536)
    most = _native.lib.PVT_MAX_RENDITIONS * _native.lib.PVT_MAX_GAIN_LIMITS
    assert stream.LARGEST_BATCH * most <= opening.MOST_PAIRS


@pytest.mark.parametrize("device", ["cpu", "opencl"])
def test_devices_that_nobody_else_reads(device: str) -> None:
    with pytest.raises(DeviceError, match=rf"given device='{device}', expected 'cuda' or 'sycl'"):
        DeviceScorer(WIDTH, HEIGHT, device=device)
