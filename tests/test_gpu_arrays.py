"""Frames that are on the device already: through every protocol, without a way through the host."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import clips
import numpy as np
import pytest
from fake_cuda import FakeDriver
from numpy.typing import NDArray
from test_gpu_cuda import install

import pyvmaf_tiny
from pyvmaf_tiny import FrameSizeError, FrameTypeError, SampleRangeError, Scorer
from pyvmaf_tiny.engine.gpu.sycl import SyclBackend
from pyvmaf_tiny.frames import FrameScore, Plane
from pyvmaf_tiny.source import devicearrays

WIDTH, HEIGHT, FRAMES = 70, 50, 9
REF = np.stack(clips.moving_planes(FRAMES, WIDTH, HEIGHT))
DIS = np.stack(clips.noisy(list(REF)))
STEPS = {8: (REF, DIS), 10: (REF.astype(np.uint16) << 2, DIS.astype(np.uint16) << 2)}


class CudaArray:
    """What CuPy and PyTorch look like; ``stream`` as in version 3 of the protocol."""

    def __init__(self, address: int, like: NDArray[Any], stream: int | None = None) -> None:
        self.shape = like.shape
        dense = like.flags.c_contiguous
        self.__cuda_array_interface__ = {
            "data": (address, False),
            "shape": like.shape,
            "typestr": like.dtype.str,
            "strides": None if dense else like.strides,
            "stream": stream,
            "version": 3,
        }


class DlpackArray:
    """The other protocol; the capsule's memory is the array's."""

    def __init__(self, address: int, like: NDArray[Any]) -> None:
        self._shape = (ctypes.c_int64 * like.ndim)(*like.shape)
        steps = [step // like.itemsize for step in like.strides]
        self._strides = (ctypes.c_int64 * like.ndim)(*steps)
        self._tensor = devicearrays._Tensor(
            address - 64, 2, 0, like.ndim, 1, 8 * like.itemsize, 1, self._shape, self._strides, 64
        )

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0

    def __dlpack__(self, *, stream: int) -> Any:
        assert stream == 1
        make = ctypes.pythonapi.PyCapsule_New
        make.restype, make.argtypes = (
            ctypes.py_object,
            (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p),
        )
        return make(ctypes.addressof(self._tensor), b"dltensor", None)


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


def padded(plane: Plane) -> Plane:
    """The same samples with a gap behind every row."""
    memory = np.zeros((plane.shape[0], plane.shape[1] + 13), plane.dtype)
    memory[:, : plane.shape[1]] = plane
    return memory[:, : plane.shape[1]]


def whole(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """All bytes of a plane, gaps included, from its first sample on."""
    base = plane if plane.base is None or plane.flags.c_contiguous else plane.base
    return np.frombuffer(np.ascontiguousarray(base).tobytes(), np.uint8)


def on_cuda(driver: FakeDriver, plane: Plane, stream: int | None) -> int:
    """Put a plane into the stand-in's memory; with a stream, some time later on that stream."""
    data = whole(plane)
    driver.cuCtxPushCurrent("primary")
    _, address = driver.cuMemAlloc(data.size)
    where = driver.CUstream(stream or 1)
    driver.cuMemcpyHtoDAsync(address, data.ctypes.data, data.size, where)
    driver.kept.append(data)
    if stream is None:
        driver.cuStreamSynchronize(where)
    driver.cuCtxPopCurrent()
    return int(address)


def frame_of(address: int, like: NDArray[Any], stream: int | None = None) -> Any:
    return CudaArray(address, like, stream)


def scored(scorer: Scorer, pairs: Any) -> list[FrameScore]:
    ready = [each for ref, dis in pairs for each in scorer.push(ref, dis)]
    return ready + scorer.flush()


@pytest.mark.parametrize("bit_depth", [8, 10])
@pytest.mark.parametrize("layout", [np.ascontiguousarray, padded], ids=["dense", "padded"])
@pytest.mark.parametrize("protocol", ["ready", "default stream", "own stream", "dlpack"])
def test_cuda_arrays(protocol: str, layout: Any, bit_depth: int, driver: FakeDriver) -> None:
    ref, dis = STEPS[bit_depth]
    options: dict[str, Any] = {"bit_depth": bit_depth, "model": False, "batch": 4}
    expected = scored(Scorer(WIDTH, HEIGHT, **options), zip(ref, dis, strict=True))
    stream = {"ready": None, "default stream": 1, "own stream": 77, "dlpack": 1}[protocol]

    def placed(plane: Plane) -> Any:
        plane = layout(plane)
        address = on_cuda(driver, plane, stream)
        if protocol == "dlpack":
            return DlpackArray(address, plane)
        return CudaArray(address, plane, stream)

    with Scorer(WIDTH, HEIGHT, device="cuda", **options) as scorer:
        before = driver.calls.count("cuMemcpyHtoDAsync")
        pairs = [(placed(a), placed(b)) for a, b in zip(ref, dis, strict=True)]
        uploaded = driver.calls.count("cuMemcpyHtoDAsync") - before
        assert scored(scorer, pairs) == expected
        # Nothing but each batch's list of scored frames comes from the host.
        assert driver.calls.count("cuMemcpyHtoDAsync") - before - uploaded <= FRAMES


def test_whole_clips_and_mixed_memory(driver: FakeDriver) -> None:
    """An array of frames on the device against one of the host."""
    frames = [CudaArray(on_cuda(driver, plane, None), plane) for plane in REF]
    actual = pyvmaf_tiny.features(frames, DIS, device="cuda")
    np.testing.assert_array_equal(actual, pyvmaf_tiny.features(REF, DIS))
    alone = pyvmaf_tiny.features(frames[0], DIS[0], device="cuda")
    np.testing.assert_array_equal(alone, pyvmaf_tiny.features(REF[0], DIS[0]))


def test_a_plane_is_the_callers_again_when_push_returns(driver: FakeDriver) -> None:
    options: dict[str, Any] = {"model": False, "batch": 4}
    expected = scored(Scorer(WIDTH, HEIGHT, **options), zip(REF, DIS, strict=True))
    address = on_cuda(driver, REF[0], 77)
    buffers = [np.empty_like(REF[0]) for _ in range(FRAMES)]
    ready: list[FrameScore] = []
    with Scorer(WIDTH, HEIGHT, device="cuda", **options) as scorer:
        for buffer, ref, dis in zip(buffers, REF, DIS, strict=True):
            buffer[:] = ref
            with scorer._engine._pipeline.backend.entered():  # type: ignore[attr-defined]
                driver.cuMemcpyHtoDAsync(
                    address, buffer.ctypes.data, buffer.nbytes, driver.CUstream(77)
                )
            ready += scorer.push(frame_of(address, ref, 77), dis)
        ready += scorer.flush()
    assert ready == expected


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


def test_memory_that_says_nothing() -> None:
    class Odd:
        __cuda_array_interface__ = MappingProxyType({"shape": (50, 70)})

    with pytest.raises(FrameTypeError, match=r"its memory on the GPU cannot be told: given Odd"):
        Scorer(WIDTH, HEIGHT, model=False).push(Odd(), DIS[0])  # type: ignore[arg-type]
