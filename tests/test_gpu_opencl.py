"""``device="opencl"``: the kernels through pyopencl, on the CPU device of Intel's runtime."""

from __future__ import annotations

import threading
from typing import Any

import clips
import numpy as np
import pytest
from conftest import RunPython
from oracle.cases import random_case
from oracle.compare import assert_same_features
from oracle.golden import golden_cases

import pyvmaf_tiny
from pyvmaf_tiny import DeviceError, EngineError, FrameTypeError, OutOfMemoryError, Scorer
from pyvmaf_tiny.engine.gpu import opencl, opencl_devices
from pyvmaf_tiny.engine.gpu.requirements import check_device
from pyvmaf_tiny.frames import BIT_DEPTHS

WIDTH, HEIGHT, FRAMES = 70, 50, 21
_MOVING = clips.moving_planes(FRAMES, WIDTH, HEIGHT)
REF = np.stack(_MOVING)
DIS = np.stack(clips.noisy(_MOVING))


@pytest.fixture(autouse=True)
def _no_kept_programs() -> None:
    opencl_devices._program_for.cache_clear()


@pytest.mark.parametrize("neg", [False, True], ids=["default", "neg"])
def test_golden_cases(neg: bool) -> None:
    for case in list(golden_cases())[::4]:
        options: dict[str, Any] = {"bit_depth": case.bit_depth, "neg": neg, "device": "opencl"}
        actual = pyvmaf_tiny.features(case.ref, case.dis, **options)
        assert_same_features(actual, case.features(neg=neg), case)


def test_random_cases() -> None:
    depths = set()
    for seed in range(3000, 3012):
        case = random_case(seed)
        ref, dis = case.planes()
        expected = pyvmaf_tiny.features(ref, dis, bit_depth=case.bit_depth)
        actual = pyvmaf_tiny.features(ref, dis, bit_depth=case.bit_depth, device="opencl")
        assert_same_features(actual, expected, case)
        depths.add(case.bit_depth)
    assert depths == set(BIT_DEPTHS)


def test_a_stream_frame_by_frame_and_in_batches() -> None:
    """More batches than there are places for, so uploads have to wait for kernels."""
    expected = pyvmaf_tiny.features(REF, DIS)
    for batch in (1, 16):
        with Scorer(WIDTH, HEIGHT, device="opencl", model=False, batch=batch) as scorer:
            for _ in range(2):
                frames = []
                for ref, dis in zip(REF, DIS, strict=True):
                    frames += scorer.push(ref, dis)
                frames += scorer.flush()
                np.testing.assert_array_equal([frame.features for frame in frames], expected)
                assert scorer.result().info.device == "opencl:0"
                scorer.reset()


def test_renditions_and_both_gain_limits() -> None:
    versions = [DIS, DIS // 2]
    expected = pyvmaf_tiny.score_many(REF, versions, neg="both")
    actual = pyvmaf_tiny.score_many(REF, versions, neg="both", device="opencl")
    assert [dict(each.pooled) for each in actual] == [dict(each.pooled) for each in expected]


def test_streams_in_several_threads() -> None:
    expected = pyvmaf_tiny.features(REF, DIS)
    wrong: list[int] = []

    def work(number: int) -> None:
        actual = pyvmaf_tiny.features(REF, DIS, device="opencl")
        if not np.array_equal(actual, expected):
            wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# ---- failures -----------------------------------------------------------------------------------


def test_memory_runs_out() -> None:
    with pytest.raises(OutOfMemoryError, match="OpenCL device has not enough memory"):
        opencl.OpenclBackend(None, 1).allocate(1 << 50)


def test_a_failure_of_the_driver_is_an_engine_error() -> None:
    backend = opencl.OpenclBackend(None, 1)
    small, large = backend.allocate(16), np.zeros(64, np.uint8)
    with pytest.raises(EngineError, match="the OpenCL driver failed: given"), backend.entered():
        backend.upload(small, 0, large)
    backend.close()
    backend.close()


def test_kernels_that_do_not_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        opencl_devices, "kernel_source", lambda *_: "kernel void vif_0(no such type) {}"
    )
    with pytest.raises(EngineError, match=r"does not compile the kernels: given .*driver"):
        Scorer(WIDTH, HEIGHT, device="opencl")


def test_devices_that_are_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeviceError, match="no such OpenCL device: given opencl:7, expected opencl"):
        Scorer(WIDTH, HEIGHT, device="opencl:7")
    monkeypatch.setattr(opencl, "find_devices", list)
    with pytest.raises(DeviceError, match=r"no OpenCL device.*intel-opencl-rt"):
        Scorer(WIDTH, HEIGHT, device="opencl")


def test_no_driver_at_all(run_python: RunPython) -> None:
    code = """
        from pyvmaf_tiny.engine import gpu
        names, reasons = gpu.found()
        print([name for name in names if "opencl" in name], reasons["opencl"])
    """
    assert run_python(code, OCL_ICD_VENDORS="/nonexistent").strip() == "[] no device"


def test_frames_come_from_the_host() -> None:
    class OnAnotherGpu:
        __cuda_array_interface__ = {  # noqa: RUF012
            "shape": (HEIGHT, WIDTH),
            "typestr": "|u1",
            "data": (4096, True),
            "version": 3,
        }

    with (
        Scorer(WIDTH, HEIGHT, device="opencl", model=False) as scorer,
        pytest.raises(FrameTypeError, match=r"expected one in the host's memory \(say"),
    ):
        scorer.push(OnAnotherGpu(), DIS[0])  # type: ignore[arg-type]


def test_queueing_a_batch_waits_for_nothing() -> None:
    """Nor does it hold up other threads: pyopencl waits where a copy's event is let go."""
    backend = opencl.OpenclBackend(None, 1)
    source, answer = backend.allocate_host(64), backend.allocate_host(64)
    target = backend.allocate(64)
    held = backend._cl.UserEvent(backend._context)  # nothing goes on before it is set
    for queue in (backend._compute, backend._uploads):
        backend._cl.enqueue_barrier(queue, wait_for=[held])
    source[:] = 7
    backend.upload(target, 0, source)
    backend.copy(target, 32, target, 0, 16)
    backend.download(answer, target)
    marks = [backend.mark(), backend.mark(with_uploads=True)]
    held.set_status(backend._cl.command_execution_status.COMPLETE)
    for mark in marks:
        backend.wait(mark)
    assert (answer == 7).all()
    assert not any(backend._copies.values())
    backend.close()


@pytest.mark.parametrize(
    ("has_double", "local_bytes", "group_items", "said"),
    [
        (False, 1 << 16, 1024, "no double precision"),
        (True, 32 << 10, 1024, "given Little: 32 KiB of local memory, 1024 items, expected 48 KiB"),
        (True, 1 << 16, 64, "64 items"),
    ],
)
def test_devices_that_cannot_run_the_kernels(
    has_double: bool, local_bytes: int, group_items: int, said: str
) -> None:
    with pytest.raises(DeviceError, match=said):
        check_device(
            "Little ", has_double=has_double, local_bytes=local_bytes, group_items=group_items
        )


@pytest.mark.parametrize("named", [{}, {"OCL_ICD_FILENAMES": "", "OCL_ICD_VENDORS": ""}])
def test_the_runtime_that_pip_installs_is_found(
    run_python: RunPython, named: dict[str, str]
) -> None:
    """Also where the loaders' variables are set to nothing."""
    code = "from pyvmaf_tiny.engine import gpu; print(*gpu.found()[0])"
    names = run_python(code, **named).split()
    assert {"sycl:0", "opencl:0"} <= set(names)
