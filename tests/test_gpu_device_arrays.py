"""Frames in the memory of the tests' device, which is a real GPU where there is one.

``test_gpu_arrays`` goes through every protocol, and every order in which a driver may work, on a
stand-in. Here the same driver calls reach whatever ``gpu_device`` names.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import clips
import numpy as np
import pytest
from cuda_arrays import CudaArray, padded, whole
from fake_cuda import FakeDriver
from gpu_device import DEVICE, KIND, NUMBERED
from numpy.typing import NDArray
from test_gpu_cuda import install

from pyvmaf_tiny import SampleRangeError, Scorer
from pyvmaf_tiny.engine.gpu import cuda_memory
from pyvmaf_tiny.engine.gpu.cuda_devices import initialised
from pyvmaf_tiny.frames import Plane

#: The stand-in's kernels run on a CPU, one after the other; a GPU is to be busy for a while.
WIDTH, HEIGHT, FRAMES = (642, 362, 24) if KIND == "cuda" else (70, 50, 9)
REF = np.stack(clips.moving_planes(FRAMES, WIDTH, HEIGHT))
DIS = np.stack(clips.noisy(list(REF)))


class Cuda:
    """A user of the CUDA driver besides the engine, with a stream of its own."""

    def __init__(self, driver: Any, device: int) -> None:
        self._driver = driver
        self._context = self._call("cuDevicePrimaryCtxRetain", device)
        self._device = device
        self._freed: list[tuple[str, Any]] = []
        self._call("cuCtxPushCurrent", self._context)
        flags = driver.CUstream_flags.CU_STREAM_NON_BLOCKING.value
        self.stream = self._call("cuStreamCreateWithPriority", flags, 0)
        self._freed.append(("cuStreamDestroy", self.stream))

    def _call(self, function: str, *arguments: Any) -> Any:
        status, *values = getattr(self._driver, function)(*arguments)
        assert status == self._driver.CUresult.CUDA_SUCCESS, (function, status)
        return values[0] if values else None

    def pinned(self, plane: NDArray[Any]) -> NDArray[np.uint8]:
        """The bytes of a plane in memory that copies are asynchronous from."""
        data = whole(plane)
        address = int(self._call("cuMemHostAlloc", data.size, 0))
        self._freed.append(("cuMemFreeHost", address))
        copy = np.frombuffer(
            memoryview((ctypes.c_uint8 * data.size).from_address(address)), np.uint8
        )
        copy[:] = data
        return copy

    def memory(self, nbytes: int) -> int:
        """Memory of the device."""
        address = int(self._call("cuMemAlloc", nbytes))
        self._freed.append(("cuMemFree", address))
        return address

    def write(self, address: int, data: NDArray[np.uint8]) -> None:
        """The next thing that the stream does."""
        self._call("cuMemcpyHtoDAsync", address, data.ctypes.data, data.nbytes, self.stream)

    def handle(self) -> int:
        """The stream as the protocols name it."""
        if isinstance(self._driver, FakeDriver):
            self._driver.streams[99] = self.stream
            return 99
        return int(self.stream)

    def placed(self, plane: NDArray[Any]) -> int:
        """The address of a copy that is complete."""
        data = self.pinned(plane)
        address = self.memory(data.nbytes)
        self.write(address, data)
        self._call("cuStreamSynchronize", self.stream)
        return address

    def close(self) -> None:
        self._call("cuStreamSynchronize", self.stream)
        for function, thing in reversed(self._freed):
            self._call(function, thing)
        self._call("cuCtxPopCurrent")
        self._call("cuDevicePrimaryCtxRelease", self._device)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cuda]:
    """The driver: the real one where the tests run on CUDA, else the stand-in."""
    if KIND == "cuda":
        driver = initialised()
        user = Cuda(driver, driver.cuDeviceGet(int(NUMBERED.partition(":")[2]))[1])
    else:
        driver = install(monkeypatch, FakeDriver())
        user = Cuda(driver, 0)
    yield user
    user.close()
    if KIND != "cuda":
        assert (driver.misuse, driver.live) == ([], {})


def device() -> str:
    return DEVICE if KIND == "cuda" else "cuda"


def scored(pairs: Any, **options: Any) -> list[Any]:
    with Scorer(WIDTH, HEIGHT, model=False, **options) as scorer:
        ready = [each for ref, dis in pairs for each in scorer.push(ref, dis)]
        return ready + scorer.flush()


def planes(bit_depth: int) -> tuple[NDArray[Any], NDArray[Any]]:
    if bit_depth == 8:
        return REF, DIS
    return tuple(each.astype(np.uint16) << bit_depth - 8 for each in (REF, DIS))  # type: ignore[return-value]


@pytest.mark.parametrize("bit_depth", [8, 10])
@pytest.mark.parametrize("layout", [np.ascontiguousarray, padded], ids=["dense", "padded"])
def test_planes_on_the_device(layout: Any, bit_depth: int, cuda: Cuda) -> None:
    def placed(plane: Plane) -> CudaArray:
        plane = layout(plane)
        return CudaArray(cuda.placed(plane), plane)

    ref, dis = planes(bit_depth)
    expected = scored(zip(ref, dis, strict=True), bit_depth=bit_depth, batch=16)
    frames = [(placed(a), placed(b)) for a, b in zip(ref, dis, strict=True)]
    options: dict[str, Any] = {"bit_depth": bit_depth, "device": device()}
    assert scored(frames, batch=16, **options) == expected
    assert scored(frames, batch=1, **options) == expected
    mixed = [(a, b) for (a, _), b in zip(frames, dis, strict=True)]
    assert scored(mixed, batch=8, **options) == expected


@pytest.mark.parametrize("batch", [1, 16])
@pytest.mark.parametrize("bit_depth", [8, 10])
def test_one_buffer_that_is_written_again_and_again(bit_depth: int, batch: int, cuda: Cuda) -> None:
    """On a stream that the protocol names: the host never waits, and no frame is mistaken."""
    ref, dis = planes(bit_depth)
    expected = scored(zip(ref, dis, strict=True), bit_depth=bit_depth, batch=batch)
    sources = [(cuda.pinned(a), cuda.pinned(b)) for a, b in zip(ref, dis, strict=True)]
    places = [cuda.memory(ref[0].nbytes) for _ in range(2)]
    frames = [CudaArray(place, ref[0], cuda.handle()) for place in places]

    def pairs() -> Iterator[tuple[Any, Any]]:
        for pair in sources:
            for place, data in zip(places, pair, strict=True):
                cuda.write(place, data)
            yield frames[0], frames[1]

    assert scored(pairs(), bit_depth=bit_depth, batch=batch, device=device()) == expected


def test_samples_that_are_too_large(cuda: Cuda) -> None:
    ref, dis = planes(10)
    hot = dis[3].copy()
    hot[4, 5] = hot[40, 60] = 1024
    bad: Any = CudaArray(cuda.placed(hot), hot)
    with Scorer(WIDTH, HEIGHT, model=False, bit_depth=10, device=device()) as scorer:
        scorer.push(ref[0], dis[0])
        with pytest.raises(SampleRangeError, match=r"distorted, frame 1: .*given 2 of them"):
            scorer.push(ref[1], bad)
        assert len(scorer.push(ref[1], dis[1])) == 1


@pytest.mark.parametrize("bit_depth", [8, 10])
def test_pinned_planes_of_the_host(
    bit_depth: int, cuda: Cuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver knows them, from end to end, and nothing else; one buffer for all frames."""
    monkeypatch.setattr(cuda_memory, "_LARGE", 1)
    ref, dis = planes(bit_depth)
    expected = scored(zip(ref, dis, strict=True), bit_depth=bit_depth, batch=16)
    buffer = cuda.pinned(ref[0]).view(ref.dtype).reshape(ref[0].shape)
    known: list[bool] = []
    is_pinned = cuda_memory.Addresses._is_pinned

    def asked(addresses: cuda_memory.Addresses, address: int) -> bool:
        known.append(is_pinned(addresses, address))
        first = buffer.ctypes.data
        assert known[-1] == (first <= address < first + buffer.nbytes)
        return known[-1]

    def pairs() -> Iterator[tuple[Plane, Plane]]:
        for plane, other in zip(ref, dis, strict=True):
            buffer[:] = plane
            yield buffer, other

    monkeypatch.setattr(cuda_memory.Addresses, "_is_pinned", asked)
    actual = scored(pairs(), bit_depth=bit_depth, batch=16, device=device())
    assert actual == expected
    assert known.count(True) == 2
