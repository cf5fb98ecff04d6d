"""What others do with results on the device: they wait where they have to, and give them back."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import clips
import numpy as np
import pytest
from conftest import RunPython
from cuda_arrays import OWN_STREAM
from fake_cuda import PRIMARY, FakeDriver, Order, Result
from numpy.typing import NDArray
from test_gpu_cuda import install

import pyvmaf_tiny
from pyvmaf_tiny import DeviceFrames, DeviceScorer, dlpack
from pyvmaf_tiny.engine.gpu.cuda_results import CudaResults

WIDTH, HEIGHT, FRAMES = 70, 50, 8
REF = np.stack(clips.moving_planes(FRAMES, WIDTH, HEIGHT))
DIS = np.stack(clips.noisy(list(REF)))
EXPECTED = pyvmaf_tiny.features(REF, DIS)

# ---- capsules, in the host's memory, where they can be taken for real ---------------------------


class Exported:
    """An array of the host's through a capsule of ours."""

    def __init__(self, values: NDArray[Any], device: tuple[int, int] = (1, 0)) -> None:
        self.values, self.done, self.device = values, 0, device

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device

    def __dlpack__(self, **_: object) -> Any:
        values = self.values
        return dlpack.capsule(
            values.ctypes.data, values.shape, values.dtype, self.device, self._done
        )

    def _done(self) -> None:
        self.done += 1


@pytest.mark.parametrize("shape", [(7, 6), (5,), (1, 6), (2, 3, 4)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8, np.int16])
def test_numpy_takes_a_capsule(shape: tuple[int, ...], dtype: type[np.generic]) -> None:
    exported = Exported(np.arange(np.prod(shape)).reshape(shape).astype(dtype))
    taken = np.from_dlpack(exported)
    assert taken.dtype == dtype
    assert taken.ctypes.data == exported.values.ctypes.data
    np.testing.assert_array_equal(taken, exported.values)
    part = taken[1:]
    del taken
    assert exported.done == 0
    del part
    assert exported.done == 1


def test_pytorch_takes_a_capsule() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed, see scripts/setup.sh")
    exported = Exported(np.arange(6.0).reshape(2, 3))
    taken = torch.from_dlpack(exported)
    assert taken.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert exported.done == 0
    del taken
    assert exported.done == 1


def test_a_capsule_that_nobody_takes() -> None:
    exported = Exported(np.zeros(3))
    capsule = exported.__dlpack__()
    assert exported.done == 0
    del capsule
    assert exported.done == 1


def test_a_consumer_that_fails() -> None:
    """It lets go of the capsule while its error is on its way; neither is lost."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed, see scripts/setup.sh")
    exported = Exported(np.zeros((2, 3)), device=(dlpack.CUDA, 99))
    with pytest.raises(RuntimeError, match="Unsupported device"):
        np.from_dlpack(exported)
    assert exported.done == 1
    with pytest.raises((AssertionError, RuntimeError)):  # without CUDA, without that device
        torch.utils.dlpack.from_dlpack(exported.__dlpack__())
    gc.collect()
    assert exported.done == 2


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_errors_on_their_way_let_go() -> None:
    """An argument of a call that fails is let go of when the error is there."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed, see scripts/setup.sh")
    exported = Exported(np.zeros(3))
    with pytest.raises(TypeError, match="PyCapsule"):
        int(exported.__dlpack__())
    with pytest.raises(TypeError, match="can be converted to Python scalars"):
        int(np.from_dlpack(exported))
    with pytest.raises(ValueError, match="can be converted to Python scalars"):
        int(torch.from_dlpack(exported))
    assert exported.done == 3


def test_giving_back_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The consumer has nothing to do with it; Python's hook for such errors is told."""
    said: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda error: said.append(error.exc_value))
    values = np.zeros(3)
    failing: Any = {}.popitem
    capsule = dlpack.capsule(values.ctypes.data, values.shape, values.dtype, (1, 0), failing)
    del capsule
    assert [type(error) for error in said] == [KeyError]


def test_another_thread_gives_back() -> None:
    exported = Exported(np.zeros(3))
    taken = [np.from_dlpack(exported)]
    thread = threading.Thread(target=taken.clear)
    thread.start()
    thread.join()
    assert exported.done == 1


def test_capsules_at_the_end_of_the_process(run_python: RunPython) -> None:
    """Arrays and capsules that are still there when the interpreter goes."""
    code = """
        import sys
        import numpy as np
        from test_gpu_dlpack import Exported
        exported = Exported(np.arange(3.0))
        sys.taken, capsule = np.from_dlpack(exported), exported.__dlpack__()
        class Last:
            def __del__(self):
                print("end")
        last = Last()
    """
    assert run_python(code) == "end\n"


# ---- on the stand-in for the driver -------------------------------------------------------------


@pytest.fixture(params=["lazy", "uploads_first", "others_first", "eager"])
def driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDriver]:
    """A stand-in, which nothing is left in at the end."""
    order: Order = request.param
    driver = install(monkeypatch, FakeDriver(order))
    yield driver
    gc.collect()
    assert driver.misuse == []
    assert driver.live == {}


class Consumer:
    """A library that works on one stream: it copies what it is given, as late as the stream does.

    ``taken`` is what came to the host; it is there when the stream has been waited for.
    """

    def __init__(self, driver: FakeDriver, stream: int) -> None:
        self._driver, self.stream = driver, stream
        self.taken: list[NDArray[Any]] = []

    def by_dlpack(self, array: Any, *, stream: int | None) -> Callable[[], None]:
        """Take an array as ``from_dlpack`` does; the function that is returned lets it go."""
        assert array.__dlpack_device__() == (2, 0)
        capsule = array.__dlpack__(stream=stream)
        api = ctypes.PyDLL(None)
        pointer, rename = api["PyCapsule_GetPointer"], api["PyCapsule_SetName"]
        pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
        rename.argtypes = (ctypes.py_object, ctypes.c_char_p)
        managed = dlpack.ManagedTensor.from_address(pointer(capsule, b"dltensor"))
        rename(capsule, _USED)
        tensor = managed.tensor
        assert (tensor.device_type, tensor.device_id, tensor.code, tensor.lanes) == (2, 0, 2, 1)
        shape, strides = (list(each[: tensor.ndim]) for each in (tensor.shape, tensor.strides))
        assert (tuple(shape), strides) == (array.shape, [6, 1][-tensor.ndim :])
        assert tensor.data % 256 == 0
        self._copy(tensor.data + tensor.byte_offset, shape, f"f{tensor.bits // 8}")
        delete = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(managed.deleter)
        return lambda: delete(ctypes.addressof(managed))

    def by_interface(self, array: Any) -> None:
        """Take an array as ``cupy.asarray`` does, for as long as somebody has the array."""
        interface = array.__cuda_array_interface__
        assert (interface["version"], interface["stream"]) == (3, 1)
        assert interface["strides"] is None
        self._copy(interface["data"][0], interface["shape"], interface["typestr"])

    def _copy(self, address: int, shape: Any, dtype: str) -> None:
        driver, host = self._driver, np.zeros(shape, dtype)
        driver.cuCtxPushCurrent(PRIMARY)
        driver.cuMemcpyDtoHAsync(
            host.ctypes.data, address, host.nbytes, driver.CUstream(self.stream)
        )
        driver.cuCtxPopCurrent()
        self.taken.append(host)

    def wait(self) -> list[NDArray[Any]]:
        """Wait for the stream; all that was taken."""
        self._driver.CUstream(self.stream).run(len(self._driver.CUstream(self.stream).work))
        return self.taken


_USED = b"used_dltensor"


def pushed(scorer: DeviceScorer, ref: NDArray[Any], dis: NDArray[Any]) -> Iterator[DeviceFrames]:
    for pair in zip(ref, dis, strict=True):
        yield from scorer.push(*pair)
    yield from scorer.flush()


@pytest.mark.parametrize("stream", [OWN_STREAM, 1, None])
def test_a_stream_waits_for_the_results_it_takes(driver: FakeDriver, stream: int | None) -> None:
    """And what it has not read yet is not written again, though it has let go of it."""
    consumer = Consumer(driver, stream or 1)
    with DeviceScorer(WIDTH, HEIGHT, batch=1) as scorer:
        before = driver.calls.count("cuMemAlloc")
        for _ in range(2):
            for part in pushed(scorer, REF, DIS):
                for array in (part.features, part.scores):
                    consumer.by_dlpack(array, stream=stream)()
                del part, array
            scorer.reset()
        for _ in pushed(scorer, DIS, REF):
            pass
        assert driver.calls.count("cuMemAlloc") - before <= 2
        scorer.reset()  # everything of ours is done now, whatever was to wait
    taken = consumer.wait()
    rows, scores = taken[::2], taken[1::2]
    np.testing.assert_array_equal(np.concatenate(rows), np.concatenate([EXPECTED, EXPECTED]))
    expected = pyvmaf_tiny.load_model().predict(EXPECTED)
    np.testing.assert_allclose(np.concatenate(scores), [*expected, *expected], rtol=0, atol=1e-4)


def test_the_default_stream_waits_for_the_interface(driver: FakeDriver) -> None:
    consumer = Consumer(driver, 1)
    with DeviceScorer(WIDTH, HEIGHT, batch=1, model=False) as scorer:
        before = driver.calls.count("cuMemAlloc")
        for part in pushed(scorer, REF, DIS):
            consumer.by_interface(part.features)
            del part
        scorer.reset()
        for _ in pushed(scorer, DIS, REF):
            pass
        assert driver.calls.count("cuMemAlloc") - before <= 2
        scorer.reset()
    np.testing.assert_array_equal(np.concatenate(consumer.wait()), EXPECTED)


@pytest.mark.parametrize("forgotten", ["hold", "follow"])
def test_a_wait_that_is_missing_is_noticed(forgotten: str, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = install(monkeypatch, FakeDriver("others_first" if forgotten == "hold" else "lazy"))
    monkeypatch.setattr(CudaResults, forgotten, lambda *_: None)
    with pytest.raises(AssertionError):
        test_a_stream_waits_for_the_results_it_takes(driver, OWN_STREAM)


def test_on_request_no_stream_waits(driver: FakeDriver) -> None:
    with DeviceScorer(WIDTH, HEIGHT, batch=4) as scorer:
        (part,) = (part for index in range(4) for part in scorer.push(REF[index], DIS[index]))
        before = len(driver.calls)
        let_go = Consumer(driver, 1).by_dlpack(part.features, stream=-1)
        assert "cuStreamWaitEvent" not in driver.calls[before:]
        let_go()


def test_a_capsule_outlives_everything(driver: FakeDriver) -> None:
    consumer, let_go = Consumer(driver, OWN_STREAM), []
    with DeviceScorer(WIDTH, HEIGHT, batch=8) as scorer:
        for part in pushed(scorer, REF, DIS):
            let_go.append(consumer.by_dlpack(part.features, stream=OWN_STREAM))
    del part, scorer
    gc.collect()
    assert any(hasattr(value, "nbytes") for value in driver.live.values())
    for function in let_go:
        function()
    let_go.clear()
    np.testing.assert_array_equal(np.concatenate(consumer.wait()), EXPECTED)


def test_a_consumer_of_another_device(driver: FakeDriver) -> None:
    """NumPy takes none of CUDA's memory, says so, and the results are used again."""
    with DeviceScorer(WIDTH, HEIGHT, batch=1, model=False) as scorer:
        before = driver.calls.count("cuMemAlloc")
        for part in pushed(scorer, REF, DIS):
            with pytest.raises(RuntimeError, match="Unsupported device"):
                np.from_dlpack(cast(Any, part.features))
            del part
            gc.collect()  # the error's traceback
        assert driver.calls.count("cuMemAlloc") - before <= 2


def test_streams_that_there_are_not(driver: FakeDriver) -> None:
    with DeviceScorer(WIDTH, HEIGHT, batch=8, model=False) as scorer:
        (part,) = pushed(scorer, REF[:2], DIS[:2])
        array: Any = part.features
        for stream in (0, -2):
            with pytest.raises(ValueError, match=f"stream {stream}"):
                array.__dlpack__(stream=stream)
        for options in ({"copy": True}, {"dl_device": (1, 0)}):
            with pytest.raises(BufferError, match="its own memory only"):
                array.__dlpack__(**options)
        capsule = array.__dlpack__(max_version=(1, 1), copy=False)
        assert dlpack.tensor_of(capsule).shape[:2] == [2, 6]


def test_a_stream_that_cannot_be_asked_costs_its_buffer(driver: FakeDriver) -> None:
    """Nobody knows when it has read them, so these results are not written again."""
    with DeviceScorer(WIDTH, HEIGHT, batch=1, model=False) as scorer:
        scorer.push(REF[0], DIS[0])
        (part,) = scorer.push(REF[1], DIS[1])
        consumer = Consumer(driver, OWN_STREAM)
        let_go = consumer.by_dlpack(part.features, stream=OWN_STREAM)
        del part
        driver.fail["cuEventRecord"] = (0, Result.CUDA_ERROR_INVALID_HANDLE)
        let_go()
        del driver.fail["cuEventRecord"]
        before = driver.calls.count("cuMemAlloc")
        for index in range(2, FRAMES):
            scorer.push(REF[index], DIS[index])
        assert driver.calls.count("cuMemAlloc") - before == 1
        scorer.reset()
        np.testing.assert_array_equal(np.concatenate(consumer.wait()), EXPECTED[:1])
