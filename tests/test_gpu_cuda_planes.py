"""Planes and streams that a CUDA driver does not take as they are, and how the host waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import clips
import numpy as np
import pytest
from cuda_arrays import OWN_STREAM, CudaArray, on_cuda, padded
from fake_cuda import ANOTHER, DEFAULT, FakeDriver, Result
from numpy.typing import NDArray
from test_gpu_cuda import install
from test_gpu_staging import pinned_copy

from pyvmaf_tiny import DeviceScorer, EngineError, FrameLayoutError, FrameTypeError, Scorer
from pyvmaf_tiny.engine.gpu import cuda_memory
from pyvmaf_tiny.frames import FrameScore

WIDTH, HEIGHT, FRAMES = 70, 50, 6
REF = np.stack(clips.moving_planes(FRAMES, WIDTH, HEIGHT))
DIS = np.stack(clips.noisy(list(REF)))


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    """A stand-in that does everything as late as it may, and is never asked for what it forbids."""
    driver = install(monkeypatch, FakeDriver("lazy"))
    yield driver
    assert driver.misuse == []


def opened(**options: Any) -> Scorer:
    return Scorer(WIDTH, HEIGHT, device="cuda", model=False, **options)


def scored(scorer: Scorer, ready: list[FrameScore] | None = None) -> list[FrameScore]:
    frames = ready or []
    for ref, dis in zip(REF, DIS, strict=True):
        frames += scorer.push(ref, dis)
    return frames + scorer.flush()


def expected() -> list[FrameScore]:
    with Scorer(WIDTH, HEIGHT, model=False) as scorer:
        return scored(scorer)


def refused(driver: FakeDriver, frame: Any, error: type[Exception], said: str) -> None:
    """A push that changes nothing: no work is asked for, and the stream goes on."""
    questions = {"cuPointerGetAttribute", "cuStreamIsCapturing"}
    for batch in (1, 4):  # whether the push would have to wait for an earlier frame
        with opened(batch=batch) as scorer:
            ready = [each for i in range(2) for each in scorer.push(REF[i], DIS[i])]
            before = len(driver.calls)
            with pytest.raises(error, match=f"distorted, frame 2: .*{said}"):
                scorer.push(REF[2], frame)
            asked = set(driver.calls[before:])
            assert asked <= {"cuCtxPushCurrent", "cuCtxPopCurrent", *questions}
            for pair in zip(REF[2:], DIS[2:], strict=True):
                ready += scorer.push(*pair)
            assert ready + scorer.flush() == expected()
    with DeviceScorer(WIDTH, HEIGHT, device="cuda", model=False, batch=1) as results:
        parts = [part for i in range(2) for part in results.push(REF[i], DIS[i])]
        before = len(driver.calls)
        with pytest.raises(error, match=f"distorted, frame 2: .*{said}"):
            results.push(REF[2], frame)
        asked = set(driver.calls[before:])
        assert asked <= {"cuCtxPushCurrent", "cuCtxPopCurrent", *questions}
        assert len(parts) == 1


def rows_apart(stride: int) -> NDArray[np.uint8]:
    memory = np.zeros(WIDTH * HEIGHT, np.uint8)
    return np.lib.stride_tricks.as_strided(memory, (HEIGHT, WIDTH), (stride, 1))


# ---- layouts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [0, 1, WIDTH - 1, 1 << 31])
def test_rows_that_lie_over_each_other(stride: int, driver: FakeDriver) -> None:
    """What ``x.expand(height, width)`` and sliding windows are; the driver refuses them."""
    address = on_cuda(driver, REF[0], None)
    said = f"given {stride} bytes from row to row, expected 70 to 2147483647 .*contiguous"
    refused(driver, CudaArray(address, rows_apart(stride)), FrameLayoutError, said)


@pytest.mark.parametrize("stride", [0, WIDTH - 1])
def test_pinned_rows_that_lie_over_each_other_are_staged(
    stride: int, driver: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda_memory, "_LARGE", 1)
    with opened(batch=4) as scorer, Scorer(WIDTH, HEIGHT, model=False, batch=4) as on_cpu:
        pinned = pinned_copy(driver, REF[0])
        plane = np.lib.stride_tricks.as_strided(pinned, (HEIGHT, WIDTH), (stride, 1))
        before = driver.calls.count("cuPointerGetAttribute")
        scorer.push(plane, pinned)
        assert driver.calls.count("cuPointerGetAttribute") == before + 2  # the other's two ends
        on_cpu.push(plane, pinned)
        assert scorer.flush() == on_cpu.flush()


def test_a_plane_that_is_pinned_in_part_is_staged(
    driver: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda_memory, "_LARGE", 1)
    plane = np.frombuffer(bytearray(REF[0].tobytes()), np.uint8).reshape(REF[0].shape)
    end = plane.ctypes.data + plane.nbytes
    monkeypatch.setattr(driver, "_is_pinned", lambda address: address < end - 1)
    with opened(batch=4) as scorer:
        scorer.push(plane, plane)
        rows = scorer.flush()
        hosts = scorer._engine._pipeline.backend._addresses._pinned  # type: ignore[attr-defined]
        assert list(hosts.values()) == [False]
    with Scorer(WIDTH, HEIGHT, model=False) as scorer:
        assert rows == [*scorer.push(plane, plane), *scorer.flush()]


@pytest.mark.parametrize("kind", ["device", "pinned"])
def test_a_plane_without_gaps_is_one_plain_copy(
    kind: str, driver: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda_memory, "_LARGE", 1)
    with opened(batch=4) as scorer:
        for plane, gaps in ((REF[0], 0), (padded(REF[0]), 13)):
            if kind == "pinned":
                frame: Any = pinned_copy(driver, plane, gaps)
            else:
                frame = CudaArray(on_cuda(driver, plane, None), plane)
            before = driver.calls.count("cuMemcpy2DAsync")
            scorer.push(frame, frame)
            assert (driver.calls.count("cuMemcpy2DAsync") > before) == bool(gaps)


# ---- memory -------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["host", "nowhere"])
def test_an_address_that_the_driver_does_not_know(where: str, driver: FakeDriver) -> None:
    address = REF[0].ctypes.data if where == "host" else 0
    said = f"given address {address:#x}, expected memory that CUDA has allocated"
    refused(driver, CudaArray(address, REF[0]), FrameTypeError, said)


def test_memory_of_another_context(driver: FakeDriver) -> None:
    address = on_cuda(driver, DIS[1], None)
    frame: Any = CudaArray(address, DIS[1])
    driver.owners[address] = ANOTHER
    refused(driver, frame, FrameTypeError, "another CUDA context .*PyCUDA")
    for no_context in (None, 0):  # memory of a pool
        driver.owners[address] = no_context
        with opened() as scorer:
            assert len(scorer.push(REF[0], frame)) == 0
            assert len(scorer.push(REF[1], frame)) == 1


def test_an_address_is_asked_about_once(driver: FakeDriver) -> None:
    frame: Any = CudaArray(on_cuda(driver, REF[0], None), REF[0])
    with opened() as scorer:
        before = driver.calls.count("cuPointerGetAttribute")
        for _ in range(3):
            scorer.push(frame, frame)
        assert driver.calls.count("cuPointerGetAttribute") == before + 2


# ---- streams ------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [OWN_STREAM, DEFAULT])
def test_a_stream_that_is_being_captured(named: int, driver: FakeDriver) -> None:
    """Into a CUDA graph; the default stream counts as captured with any that waits for it."""
    frame = CudaArray(on_cuda(driver, DIS[0], None), DIS[0], named)
    driver.streams[OWN_STREAM].capturing = True
    refused(driver, frame, FrameTypeError, "CUDA graph: given .*push the frame behind")
    driver.streams[OWN_STREAM].capturing = False
    with opened(batch=4) as scorer:
        scorer.push(REF[0], frame)  # type: ignore[arg-type]


def test_a_stream_of_another_context(driver: FakeDriver) -> None:
    frame: Any = CudaArray(on_cuda(driver, DIS[0], None), DIS[0], OWN_STREAM)
    driver.streams[OWN_STREAM].context = ANOTHER
    with opened(batch=4) as scorer:
        with pytest.raises(FrameTypeError, match=r"another CUDA context .*that names none"):
            scorer.push(REF[0], frame)
        assert scored(scorer) == expected()


# ---- waits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("bit_depth", [8, 10])
def test_the_host_sleeps_for_batches_only(
    bit_depth: int, driver: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not sleep for pinned frames and for the check of samples."""
    monkeypatch.setattr(cuda_memory, "_LARGE", 1)
    plane = REF[0] if bit_depth == 8 else REF[0].astype(np.uint16)
    with opened(batch=16, bit_depth=bit_depth) as scorer:
        frame = pinned_copy(driver, plane)
        for _ in range(8):
            scorer.push(frame, frame)
        assert driver.waits == [False] * 8
        scorer.flush()
        assert driver.waits[8:] == [True]


def test_an_event_that_cannot_be_asked_is_asked_once(driver: FakeDriver) -> None:
    frame: Any = CudaArray(on_cuda(driver, DIS[0], None), DIS[0], OWN_STREAM)
    with opened(batch=16) as scorer:
        scorer.push(REF[0], frame)
        lent = scorer._engine._pipeline.backend._held.lent  # type: ignore[attr-defined]
        ask = driver.cuEventQuery
        head = lent[0][0]

        def query(event: Any) -> Any:
            return (Result.CUDA_ERROR_INVALID_HANDLE,) if event is head else ask(event)

        setattr(driver, "cuEventQuery", query)  # noqa: B010 (a method)
        with pytest.raises(EngineError, match="cuEventQuery: given CUDA_ERROR_INVALID_HANDLE"):
            scorer.push(REF[1], frame)
        scorer.reset()
        assert scored(scorer) == expected()
        scorer.reset()
        scorer.push(REF[0], frame)
        head = lent[0][0]
        scorer.reset()  # waits for everything, so it need not ask
        assert not lent
        assert scored(scorer) == expected()


def test_a_copy_that_fails_lets_go_of_no_memory_that_is_being_read(driver: FakeDriver) -> None:
    """The reference's copy is on its way when the distorted plane's fails."""
    frame: Any = CudaArray(on_cuda(driver, REF[0], OWN_STREAM), REF[0], OWN_STREAM)
    with opened(batch=4) as scorer:
        copies = scorer._engine._pipeline.backend._copies  # type: ignore[attr-defined]
        driver.fail["cuMemcpyDtoDAsync"] = (1, Result.CUDA_ERROR_OUT_OF_MEMORY)
        with pytest.raises(EngineError):
            scorer.push(frame, frame)
        assert copies.done == len(copies.work) > 0
        driver.fail.clear()
        scorer.reset()
        assert scored(scorer) == expected()


# ---- protocols ----------------------------------------------------------------------------------


class Refusing:
    """What PyTorch's tensors do that want a gradient, or whose type has no name there."""

    shape = REF[0].shape

    def __init__(self, error: Exception) -> None:
        self._error = error

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        raise self._error


@pytest.mark.parametrize(
    "error", [RuntimeError("use var.detach()"), KeyError("torch.bfloat16"), IndexError("odd")]
)
def test_a_property_that_raises(error: Exception, driver: FakeDriver) -> None:
    for _ in range(2):
        frame: Any = Refusing(error)
        with opened() as scorer, pytest.raises(FrameTypeError, match="given Refusing"):
            scorer.push(frame, DIS[0])


def test_what_says_nothing_of_its_device_is_taken_from_the_host() -> None:
    class Odd:
        def __dlpack_device__(self) -> tuple[int, int]:
            raise ValueError("Unknown device type meta for Dlpack")

        def __array__(self, dtype: object = None, copy: object = None) -> Any:
            return REF[0]

    odd: Any = Odd()
    with Scorer(WIDTH, HEIGHT, model=False) as scorer:
        scorer.push(odd, REF[0])
        assert len(scorer.flush()) == 1


def test_masks_are_refused(driver: FakeDriver) -> None:
    frame: Any = CudaArray(on_cuda(driver, REF[0], None), REF[0])
    frame.__cuda_array_interface__["mask"] = frame
    refused(driver, frame, FrameTypeError, "")
    with opened() as scorer, pytest.raises(FrameTypeError, match=r"masked array \(fill it"):
        scorer.push(frame, DIS[0])
