"""SYCL's two queues: what waits for what."""

from __future__ import annotations

import gc
import importlib
from typing import Any

import numpy as np
import pytest

from pyvmaf_tiny.engine.gpu.backend import constant
from pyvmaf_tiny.engine.gpu.source import pack
from pyvmaf_tiny.engine.gpu.sycl import SyclBackend
from pyvmaf_tiny.engine.gpu.sycl_devices import load_dpctl
from pyvmaf_tiny.engine.gpu.sycl_queues import spare_queues
from pyvmaf_tiny.engine.gpu.totals import entry
from pyvmaf_tiny.frames import DevicePlane


class Recorded:
    """A queue that tells what it is asked for."""

    def __init__(self, name: str, real: Any, told: list[tuple[Any, ...]]) -> None:
        self._name, self._real, self._told = name, real, told

    def __getattr__(self, method: str) -> Any:
        if not callable(getattr(self._real, method)):
            return getattr(self._real, method)

        def call(*arguments: Any) -> Any:
            result = getattr(self._real, method)(*arguments)
            waits_for = arguments[0] if method == "submit_barrier" and arguments else []
            self._told.append((self._name, method, result, waits_for))
            return result

        return call


@pytest.fixture
def backend() -> SyclBackend:
    """A backend for 16-bit samples."""
    return SyclBackend(None, 2)


def test_kernels_wait_for_the_uploads_before_them_and_nothing_else(backend: SyclBackend) -> None:
    table = constant(backend, entry(0, 0, rows=1, row_step=1))
    staged, values, out = backend.allocate_host(8), backend.allocate(8), backend.allocate(8)
    backend.launch("totals", (1, 1, 1), (table, values, out))
    told: list[tuple[Any, ...]] = []  # queue, method, what it returned, events it waits for
    for line in ("compute", "copies"):
        setattr(backend, f"_{line}", Recorded(line, getattr(backend, f"_{line}"), told))

    backend.upload(values, 0, staged)
    backend.launch("totals", (1, 1, 1), (table, values, out))
    backend.launch("totals", (1, 1, 1), (table, values, out))
    backend.mark(with_uploads=True)
    assert [call[:2] for call in told] == [
        ("copies", "memcpy_async"),
        ("copies", "submit_barrier"),
        ("compute", "submit_barrier"),
        ("compute", "submit_async"),
        ("compute", "submit_async"),
        ("copies", "submit_barrier"),
    ]
    assert told[2][3] == [told[1][2]]
    backend.finish()


def test_a_kernel_reads_what_was_uploaded_before_it(backend: SyclBackend) -> None:
    """Megabytes to copy and a kernel that reads their end at once, many times."""
    samples = 1 << 22
    params = constant(backend, pack("sample_params", {"samples": samples, "largest": 1023}))
    table = constant(backend, entry(0, 0, rows=16, row_step=1))
    plane, partials, out = (backend.allocate(n) for n in (2 * samples, 8 * 16, 8))
    staged, answer = backend.allocate_host(2 * samples), backend.allocate_host(8)
    for turn in range(20):
        with_uploads = turn % 3 == 0
        staged.view(np.uint16)[:] = 0
        staged.view(np.uint16)[-1 - turn :] = 1024
        backend.upload(plane, 0, staged)
        backend.launch("samples", (16, 1, 1), (params, plane, partials), with_uploads=with_uploads)
        backend.launch("totals", (1, 1, 1), (table, partials, out), with_uploads=with_uploads)
        backend.download(answer, out, with_uploads=with_uploads)
        backend.wait(backend.mark(with_uploads=with_uploads))
        assert int(answer.view(np.uint64)[0]) == turn + 1


def test_copies_of_arrays_wait_for_the_arrays_queues(backend: SyclBackend) -> None:
    """Once for two arrays of a queue; then the copies: one plane in one piece, one by its rows."""
    queue = load_dpctl().SyclQueue("cpu", property="in_order")
    memory: Any = importlib.import_module("dpctl.memory")
    made = [memory.MemoryUSMDevice(8 * 12, queue=queue) for _ in range(2)]
    planes = [
        DevicePlane("sycl", _address(made[0]), (8, 6), np.dtype(np.uint16), (12, 2), made[0]),
        DevicePlane("sycl", _address(made[1]), (8, 5), np.dtype(np.uint16), (12, 2), made[1]),
    ]
    target = backend.allocate(8 * 12 + 8 * 10)
    expected = np.arange(8 * 6, dtype=np.uint16).reshape(8, 6)
    for each in made:
        queue.memcpy(each, expected, expected.nbytes)
    told: list[tuple[Any, ...]] = []
    backend._copies = Recorded("copies", backend._copies, told)
    backend.upload_planes([(planes[0], target, 0), (planes[1], target, 8 * 12)])
    assert [call[1] for call in told] == ["submit_barrier", *["memcpy_async"] * 9]
    assert len(told[0][3]) == 1
    copied = np.empty(8 * 12 + 8 * 10, np.uint8)
    backend.download(copied, target, with_uploads=True)
    backend.finish()
    np.testing.assert_array_equal(copied[: 8 * 12].view(np.uint16).reshape(8, 6), expected)
    np.testing.assert_array_equal(copied[8 * 12 :].view(np.uint16).reshape(8, 5), expected[:, :5])


def _address(memory: Any) -> int:
    address: int = memory.__sycl_usm_array_interface__["data"][0]
    return address


def test_queues_and_kernels_are_used_again() -> None:
    """The runtimes keep memory of each for good; queues also of backends that nobody closes."""

    def used(backend: SyclBackend) -> set[int]:
        return {id(backend._compute), id(backend._copies)}

    spare_queues.cache_clear()  # those of other tests
    backends = [SyclBackend(None, 2) for _ in range(2)]
    assert len(used(backends[0]) | used(backends[1])) == 4
    queues = [used(each) for each in backends]
    kernels = backends[0]._kernels
    backends.pop().close()
    again = SyclBackend(None, 2)
    assert used(again) == queues[1]
    again.close()
    again.close()
    backends.clear()
    gc.collect()
    backends = [SyclBackend(None, 2) for _ in range(3)]
    assert used(backends[0]) | used(backends[1]) == queues[0] | queues[1]
    assert used(backends[2]).isdisjoint(queues[0] | queues[1])
    assert all(backend._kernels["vif_0"] is kernels["vif_0"] for backend in backends)
    for each in backends:
        each.close()


def test_closing_a_device_that_has_failed(backend: SyclBackend) -> None:
    """There is nothing left to be done, so there is nothing to say; twice is once.

    Its queues are not used again.
    """
    taken = backend._compute, backend._copies
    waited: list[str] = []

    class Failed:
        def __init__(self, name: str) -> None:
            self._name = name

        def wait(self) -> None:
            waited.append(self._name)
            raise RuntimeError("device lost")

    backend._copies, backend._compute = Failed("copies"), Failed("compute")
    backend.close()
    backend.close()
    assert waited == ["copies", "compute"]
    others = SyclBackend(None, 2)
    assert others._compute not in taken
    assert others._copies not in taken
    others.close()
