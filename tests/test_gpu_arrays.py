"""Frames that are on the device already: through every protocol, without a way through the host."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import clips
import numpy as np
import pytest
from cuda_arrays import (
    OWN_STREAM,
    CudaArray,
    DlpackArray,
    OldArray,
    OldDlpackArray,
    TorchTensor,
    on_cuda,
    padded,
    torch_working_on,
    whole,
    write,
)
from fake_cuda import FakeDriver, Order, Result
from numpy.typing import NDArray
from test_gpu_cuda import install

import pyvmaf_tiny
from pyvmaf_tiny import (
    DeviceScorer,
    EngineError,
    FrameSizeError,
    FrameTypeError,
    SampleRangeError,
    Scorer,
)
from pyvmaf_tiny.engine.gpu.sycl import SyclBackend
from pyvmaf_tiny.frames import FrameScore, Plane

WIDTH, HEIGHT, FRAMES = 70, 50, 9
REF = np.stack(clips.moving_planes(FRAMES, WIDTH, HEIGHT))
DIS = np.stack(clips.noisy(list(REF)))
STEPS = {8: (REF, DIS), 10: (REF.astype(np.uint16) << 2, DIS.astype(np.uint16) << 2)}


class SyclArray:
    """What dpctl and dpnp look like: strides count samples."""

    def __init__(self, memory: Any, like: NDArray[Any]) -> None:
        interface = dict(memory.__sycl_usm_array_interface__)
        interface |= {
            "shape": like.shape,
            "typestr": like.dtype.str,
            "strides": tuple(step // like.itemsize for step in like.strides),
        }
        self.__sycl_usm_array_interface__ = interface
        self.shape = like.shape
        self._memory = memory


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    """A stand-in that does everything as late as it may; nothing of ours is left in it."""
    driver = install(monkeypatch, FakeDriver("lazy"))
    yield driver
    assert driver.misuse == []


def frame_of(address: int, like: NDArray[Any], stream: int | None = None) -> Any:
    """A frame for ``push``, whose types know of NumPy alone."""
    return CudaArray(address, like, stream)


def scored(scorer: Scorer, pairs: Any) -> list[FrameScore]:
    ready = [each for ref, dis in pairs for each in scorer.push(ref, dis)]
    return ready + scorer.flush()


#: Who says what about the memory, and on which stream the frames are still being made.
PROTOCOLS: dict[str, tuple[int | None, Callable[[FakeDriver, int, Plane], Any]]] = {
    "ready": (None, lambda driver, address, plane: CudaArray(address, plane)),
    "default stream": (1, lambda driver, address, plane: CudaArray(address, plane, 1)),
    "own stream": (
        OWN_STREAM,
        lambda driver, address, plane: CudaArray(address, plane, OWN_STREAM),
    ),
    "old": (1, lambda driver, address, plane: OldArray(address, plane)),
    "DLPack": (
        OWN_STREAM,
        lambda driver, address, plane: DlpackArray(driver, address, plane, OWN_STREAM),
    ),
    "old with DLPack": (
        OWN_STREAM,
        lambda driver, address, plane: OldDlpackArray(driver, address, plane, OWN_STREAM),
    ),
    "PyTorch": (OWN_STREAM, lambda driver, address, plane: TorchTensor(address, plane)),
}


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A key of :data:`PROTOCOLS`."""
    name: str = request.param
    if name == "PyTorch":
        monkeypatch.setitem(sys.modules, "torch", torch_working_on(OWN_STREAM))
    return name


@pytest.mark.parametrize("bit_depth", [8, 10])
@pytest.mark.parametrize("layout", [np.ascontiguousarray, padded], ids=["dense", "padded"])
def test_cuda_arrays(protocol: str, layout: Any, bit_depth: int, driver: FakeDriver) -> None:
    ref, dis = STEPS[bit_depth]
    options: dict[str, Any] = {"bit_depth": bit_depth, "model": False, "batch": 4}
    expected = scored(Scorer(WIDTH, HEIGHT, **options), zip(ref, dis, strict=True))
    stream, array_of = PROTOCOLS[protocol]

    def placed(plane: Plane) -> Any:
        plane = layout(plane)
        return array_of(driver, on_cuda(driver, plane, stream), plane)

    with Scorer(WIDTH, HEIGHT, device="cuda", **options) as scorer:
        before = driver.calls.count("cuMemcpyHtoDAsync")
        pairs = [(placed(a), placed(b)) for a, b in zip(ref, dis, strict=True)]
        uploaded = driver.calls.count("cuMemcpyHtoDAsync") - before
        assert scored(scorer, pairs) == expected
        # Nothing but each batch's list of scored frames comes from the host.
        assert driver.calls.count("cuMemcpyHtoDAsync") - before - uploaded <= FRAMES


@pytest.mark.parametrize("order", ["lazy", "uploads_first", "others_first"])
@pytest.mark.parametrize("bit_depth", [8, 10])
def test_a_plane_is_its_streams_again_when_push_returns(
    protocol: str, order: Order, bit_depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One buffer for all frames: the next one is written into it in the stream's order."""
    driver = install(monkeypatch, FakeDriver(order))
    ref, dis = STEPS[bit_depth]
    options: dict[str, Any] = {"bit_depth": bit_depth, "model": False, "batch": 4}
    expected = scored(Scorer(WIDTH, HEIGHT, **options), zip(ref, dis, strict=True))
    stream, array_of = PROTOCOLS[protocol]
    address = on_cuda(driver, ref[0], stream)
    frame = array_of(driver, address, ref[0])
    ready: list[FrameScore] = []
    with Scorer(WIDTH, HEIGHT, device="cuda", **options) as scorer:
        for plane, other in zip(ref, dis, strict=True):
            write(driver, address, plane, stream or 1)
            if stream is None:
                driver.CUstream(1).run(len(driver.CUstream(1).work))
            ready += scorer.push(frame, other)
        ready += scorer.flush()
    assert ready == expected
    assert driver.misuse == []


@pytest.mark.parametrize("protocol", ["own stream", "PyTorch"], indirect=True)
def test_the_host_waits_once_per_batch(protocol: str, driver: FakeDriver) -> None:
    stream, array_of = PROTOCOLS[protocol]
    ref, dis = (array_of(driver, on_cuda(driver, each[0], stream), each[0]) for each in (REF, DIS))
    with Scorer(WIDTH, HEIGHT, device="cuda", model=False, batch=16) as scorer:
        before = len(driver.calls)
        for _ in range(160):
            scorer.push(ref, dis)
        calls = driver.calls[before:]
    assert calls.count("cuMemcpyDtoDAsync") == 2 * 160 + 160 // 8 + 1  # and motion's history
    assert "cuMemcpy2DAsync" not in calls
    assert calls.count("cuEventSynchronize") <= 2 * 160 // 8
    assert "cuStreamSynchronize" not in calls
    assert "cuEventCreate" not in calls[len(calls) // 2 :]


def test_samples_are_checked_beside_the_kernels(driver: FakeDriver) -> None:
    """One wait per frame, and only for what has been uploaded."""
    ref, dis = (frame_of(on_cuda(driver, each[0], None), each[0]) for each in STEPS[10])
    with Scorer(WIDTH, HEIGHT, device="cuda", model=False, batch=16, bit_depth=10) as scorer:
        before = len(driver.calls)
        for _ in range(12):
            scorer.push(ref, dis)
        assert driver.calls[before:].count("cuEventSynchronize") == 12
        compute = scorer._engine._pipeline.backend._compute  # type: ignore[attr-defined]
        assert compute.done == 0 < len(compute.work)


@pytest.mark.parametrize("protocol", ["own stream", "DLPack"], indirect=True)
def test_memory_is_kept_until_it_is_copied_and_no_longer(protocol: str, driver: FakeDriver) -> None:
    stream, array_of = PROTOCOLS[protocol]
    address = on_cuda(driver, REF[0], stream)
    with Scorer(WIDTH, HEIGHT, device="cuda", model=False, batch=16) as scorer:
        backend = scorer._engine._pipeline.backend  # type: ignore[attr-defined]
        lent, copies = backend._held.lent, backend._copies
        for _ in range(3):
            scorer.push(array_of(driver, address, REF[0]), DIS[0])
        assert [len(owners) for _, owners in lent] == ([1] * 3 if protocol == "own stream" else [])
        copies.run(len(copies.work))  # time goes by
        scorer.push(array_of(driver, address, REF[0]), DIS[0])
        assert len(lent) == (1 if protocol == "own stream" else 0)
        scorer.push(REF[0], DIS[0])
        scorer.flush()
        assert not lent


def test_memory_is_let_go_at_the_end_of_a_stream(driver: FakeDriver) -> None:
    """Of what has been copied by then; the host waits for nothing."""
    address = on_cuda(driver, REF[0], OWN_STREAM)
    with DeviceScorer(WIDTH, HEIGHT, device="cuda", model=False) as scorer:
        backend: Any = scorer._stream._open().backend
        lent, copies = backend._held.lent, backend._copies
        scorer.push(frame_of(address, REF[0], OWN_STREAM), DIS[0])
        assert len(lent) == 1
        copies.run(len(copies.work))  # time goes by
        before = len(driver.calls)
        scorer.flush()
        assert not lent
        assert "Synchronize" not in "".join(driver.calls[before:])


def test_whole_clips_and_mixed_memory(driver: FakeDriver) -> None:
    """An array of frames on the device against one of the host."""
    frames = [frame_of(on_cuda(driver, plane, None), plane) for plane in REF]
    actual = pyvmaf_tiny.features(frames, DIS, device="cuda")
    np.testing.assert_array_equal(actual, pyvmaf_tiny.features(REF, DIS))
    alone = pyvmaf_tiny.features(frames[0], DIS[0], device="cuda")
    np.testing.assert_array_equal(alone, pyvmaf_tiny.features(REF[0], DIS[0]))


@pytest.mark.parametrize("bit_depth", [8, 10])
@pytest.mark.parametrize("layout", [np.ascontiguousarray, padded], ids=["dense", "padded"])
def test_sycl_arrays(layout: Any, bit_depth: int) -> None:
    backend = SyclBackend(None, 1)

    def placed(plane: Plane) -> SyclArray:
        plane = layout(plane)
        data = whole(plane)
        memory = backend.allocate(data.size)
        backend.upload(memory, 0, data)
        backend.finish()
        return SyclArray(memory, plane)

    ref, dis = STEPS[bit_depth]
    frames = [(placed(a), placed(b)) for a, b in zip(ref, dis, strict=True)]
    options: dict[str, Any] = {"bit_depth": bit_depth, "model": False}
    with Scorer(WIDTH, HEIGHT, device="sycl", **options) as scorer:
        actual = scored(scorer, frames)
    assert actual == scored(Scorer(WIDTH, HEIGHT, **options), zip(ref, dis, strict=True))


# ---- refused ------------------------------------------------------------------------------------


def test_too_large_samples_change_nothing(driver: FakeDriver) -> None:
    ref, dis = STEPS[10]
    hot = dis[3].copy()
    hot[4, 5] = hot[40, 60] = 1024
    options: dict[str, Any] = {"bit_depth": 10, "model": False}
    expected = scored(Scorer(WIDTH, HEIGHT, **options), zip(ref, dis, strict=True))
    bad = frame_of(on_cuda(driver, hot, None), hot)
    ready: list[FrameScore] = []
    with Scorer(WIDTH, HEIGHT, device="cuda", **options) as scorer:
        for index in range(FRAMES):
            with pytest.raises(
                SampleRangeError, match=f"distorted, frame {index}: .*given 2 of them"
            ):
                scorer.push(ref[index], bad)
            ready += scorer.push(ref[index], dis[index])
        ready += scorer.flush()
    assert ready == expected


def test_memory_that_the_engine_cannot_reach(driver: FakeDriver) -> None:
    address = on_cuda(driver, REF[0], None)
    frame = frame_of(address, REF[0])
    with (
        Scorer(WIDTH, HEIGHT, model=False) as scorer,
        pytest.raises(FrameTypeError, match=r'reference, frame 0: .*say device="cuda"'),
    ):
        scorer.push(frame, DIS[0])
    with (
        Scorer(WIDTH, HEIGHT, model=False, device="sycl") as scorer,
        pytest.raises(FrameTypeError, match="one in the host's memory or sycl"),
    ):
        scorer.push(REF[0], frame)
    driver.ordinals[address] = 2
    with (
        Scorer(WIDTH, HEIGHT, model=False, device="cuda") as scorer,
        pytest.raises(FrameTypeError, match=r"frame 0: .*given cuda:2, expected cuda:0"),
    ):
        scorer.push(frame, DIS[0])


@pytest.mark.parametrize(
    ("like", "error", "said"),
    [
        (REF[0][:, :-1], FrameSizeError, "given 69x50"),
        (REF[0].astype(np.float32), FrameTypeError, "float32"),
        (REF, FrameTypeError, "shape"),
        (np.asfortranarray(REF[0]), pyvmaf_tiny.FrameLayoutError, "strides"),
    ],
)
def test_what_is_no_plane(
    like: NDArray[Any], error: type[Exception], said: str, driver: FakeDriver
) -> None:
    with (
        Scorer(WIDTH, HEIGHT, model=False, device="cuda") as scorer,
        pytest.raises(error, match=said),
    ):
        scorer.push(frame_of(0, like), DIS[0])


@pytest.mark.parametrize(
    "function", ["cuMemcpy2DAsync", "cuMemcpyDtoDAsync", "cuEventQuery", "cuEventRecord"]
)
def test_the_device_fails(function: str, driver: FakeDriver) -> None:
    plane = padded(REF[0]) if function == "cuMemcpy2DAsync" else REF[0]
    frame = frame_of(on_cuda(driver, plane, OWN_STREAM), plane, OWN_STREAM)
    scorer = Scorer(WIDTH, HEIGHT, device="cuda", model=False, batch=4)
    scorer.push(frame, DIS[0])
    driver.fail[function] = (0, Result.CUDA_ERROR_LAUNCH_FAILED)
    message = f"failed in {function}: given CUDA_ERROR_LAUNCH_FAILED"
    with pytest.raises(EngineError, match=message):
        scorer.push(frame, DIS[0])
    scorer.close()
    assert driver.live == {}


def test_a_stream_that_the_protocol_forbids(driver: FakeDriver) -> None:
    with (
        Scorer(WIDTH, HEIGHT, model=False, device="cuda") as scorer,
        pytest.raises(FrameTypeError, match="stream 0, which the interface forbids"),
    ):
        scorer.push(frame_of(on_cuda(driver, REF[0], None), REF[0], 0), DIS[0])


def test_memory_that_says_nothing() -> None:
    class Odd:
        __cuda_array_interface__ = MappingProxyType({"shape": (50, 70)})

    with pytest.raises(FrameTypeError, match=r"its memory on the GPU cannot be told: given Odd"):
        Scorer(WIDTH, HEIGHT, model=False).push(Odd(), DIS[0])  # type: ignore[arg-type]
