"""The engine on a GPU as a stream: lateness, lanes, failures, devices; see ``gpu_device``."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import clips
import numpy as np
import pytest
from cli_runs import run
from gpu_device import DEVICE, KIND, NUMBERED, entered, needs_sycl
from oracle.fetch_libvmaf import LIBRARY

import pyvmaf_tiny
from pyvmaf_tiny import (
    BitDepthError,
    DeviceError,
    EngineStateError,
    FrameSizeError,
    OptionError,
    OutOfMemoryError,
    SampleRangeError,
    Scorer,
)
from pyvmaf_tiny.engine import EngineSpec, gpu, open_engine
from pyvmaf_tiny.engine.base import Engine, Rows
from pyvmaf_tiny.engine.gpu import sycl

WIDTH, HEIGHT, FRAMES = 70, 50, 21
_MOVING = clips.moving_planes(FRAMES, WIDTH, HEIGHT)
REF = np.stack(_MOVING)
DIS = np.stack(clips.noisy(_MOVING))
SPEC = EngineSpec(width=WIDTH, height=HEIGHT)


def opened(**options: Any) -> tuple[Engine, Engine]:
    """The native engine and the GPU's, made alike."""
    spec = dataclasses.replace(SPEC, **options)
    return open_engine("native", spec), open_engine(
        "native", dataclasses.replace(spec, device=DEVICE)
    )


def rows_of(engine: Engine, frames: int, renditions: int = 1, subsample: int = 1) -> Rows:
    rows: Rows = ()
    for index in range(frames):
        ref = REF[index]
        if index % subsample:
            rows += engine.skip(ref)
        else:
            rows += engine.push(ref, [DIS[index] >> r for r in range(renditions)])
    return rows + engine.flush()


@pytest.mark.parametrize("subsample", [1, 3])
@pytest.mark.parametrize("lag", [1, 2, 3, 4, 9, 16, 40])
def test_batches_change_no_row(lag: int, subsample: int) -> None:
    for frames in (1, 2, 7, 8, 9, FRAMES):
        native, engine = opened(lag=lag)
        expected = rows_of(native, frames, subsample=subsample)
        assert rows_of(engine, frames, subsample=subsample) == expected
        engine.reset()
        assert rows_of(engine, frames, subsample=subsample) == expected
        engine.close()


@pytest.mark.parametrize("lag", [1, 2, 5, 16])
def test_no_row_comes_later_than_it_may(lag: int) -> None:
    engine = opened(lag=lag)[1]
    come = 0
    for index in range(FRAMES):
        come += len(engine.push(REF[index], [DIS[index]]))
        assert come >= index + 1 - lag
    assert come + len(engine.flush()) == FRAMES
    assert engine.flush() == ()


@pytest.mark.parametrize("lag", [1, 8])
def test_renditions_and_gain_limits(lag: int) -> None:
    native, engine = opened(renditions=("a", "b", "c"), gain_limits=(100.0, 1.0), lag=lag)
    expected = rows_of(native, FRAMES, renditions=3)
    assert len(expected[0]) == 6
    assert rows_of(engine, FRAMES, renditions=3) == expected


@pytest.mark.parametrize("features", [("adm",), ("vif",), ("motion",), ("vif", "motion")])
def test_feature_groups(features: tuple[str, ...]) -> None:
    native, engine = opened(features=features)
    actual, expected = (np.array(rows_of(each, 4)) for each in (engine, native))
    np.testing.assert_array_equal(actual, expected)
    assert np.isnan(actual).any()


def test_a_scorer_returns_a_frame_with_the_next_push() -> None:
    with Scorer(WIDTH, HEIGHT, device=DEVICE) as scorer, Scorer(WIDTH, HEIGHT) as expected:
        for ref, dis in zip(REF[:5], DIS[:5], strict=True):
            assert scorer.push(ref, dis) == expected.push(ref, dis)
        assert scorer.flush() == expected.flush()
        info = scorer.result().info
    assert (info.engine, info.device, info.cpu_tier) == ("native", NUMBERED, KIND)


def test_many_renditions_of_a_clip() -> None:
    versions = [DIS, DIS // 2]
    expected = pyvmaf_tiny.score_many(REF, versions, neg="both")
    actual = pyvmaf_tiny.score_many(REF, versions, neg="both", device=DEVICE)
    assert [dict(each.pooled) for each in actual] == [dict(each.pooled) for each in expected]


# ---- failures -----------------------------------------------------------------------------------


def test_a_refused_frame_changes_nothing() -> None:
    ref, dis = (planes.astype(np.uint16) << 2 for planes in (REF, DIS))
    hot = dis[2].copy()
    hot[3, 4] = 1024
    native, engine = opened(bit_depth=10)
    rows: Rows = ()
    for index in range(5):
        with pytest.raises(SampleRangeError, match=f"distorted, frame {index}.*x=4, y=3"):
            engine.push(ref[index], [hot])
        with pytest.raises(SampleRangeError, match="reference"):
            engine.skip(hot)
        with pytest.raises(OptionError, match="given 2, expected 1"):
            engine.push(ref[index], [dis[index], dis[index]])
        rows += engine.push(ref[index], [dis[index]])
        native.push(ref[index], [dis[index]])
    expected = open_engine("native", dataclasses.replace(SPEC, bit_depth=10))
    wanted: Rows = ()
    for index in range(5):
        wanted += expected.push(ref[index], [dis[index]])
    assert rows + engine.flush() == wanted + expected.flush()


def test_states() -> None:
    engine = opened()[1]
    engine.push(REF[0], [DIS[0]])
    assert len(engine.flush()) == 1
    with pytest.raises(EngineStateError, match="flushed"):
        engine.push(REF[0], [DIS[0]])
    engine.close()
    engine.close()
    with pytest.raises(EngineStateError, match="closed"):
        engine.flush()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"width": 32}, FrameSizeError),
        ({"height": 16385}, FrameSizeError),
        ({"bit_depth": 9}, BitDepthError),
        ({"gain_limits": (0.5,)}, OptionError),
        ({"features": ("psnr",)}, OptionError),
        ({"gpu_mask": 1}, OptionError),
    ],
)
def test_what_no_engine_takes(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error) as native:
        open_engine("native", dataclasses.replace(SPEC, **options))
    with pytest.raises(error) as on_gpu:
        open_engine("native", dataclasses.replace(SPEC, device=DEVICE, **options))
    assert str(on_gpu.value) == str(native.value)


def test_memory_runs_out() -> None:
    """The device says no to a petabyte, whatever the machine has."""
    with entered() as backend, pytest.raises(OutOfMemoryError, match="not enough memory"):
        backend.allocate(1 << 50)


# ---- devices ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "device", ["gpu", "", "cpu:0", "auto:1", "cuda:x", "SYCL", "sycl:00", "sycl:\u0663", None, 0]
)
def test_unknown_devices(device: Any) -> None:
    with pytest.raises(OptionError, match=r'unknown device: given .*expected "cpu"'):
        Scorer(WIDTH, HEIGHT, device=device)


@needs_sycl
def test_a_device_that_is_not_here() -> None:
    with pytest.raises(DeviceError, match="no such SYCL device: given sycl:7, expected sycl:0"):
        Scorer(WIDTH, HEIGHT, device="sycl:7")
    assert run("score", "-r", "x", "-d", "y", "--device", "abacus").exit_code != 0


@needs_sycl
def test_auto_takes_a_gpu_and_else_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU that is a SYCL device, as the one here, is no GPU."""

    def nothing(kind: str) -> Any:
        def devices() -> bool:
            raise DeviceError(f"no {kind}")

        return devices

    monkeypatch.setattr("pyvmaf_tiny.engine.gpu.cuda.has_gpu", nothing("cuda"))
    auto = dataclasses.replace(SPEC, device="auto")
    assert open_engine("auto", auto).device == "cpu"
    monkeypatch.setattr(sycl, "has_gpu", lambda: True)
    assert open_engine("auto", auto).device == "sycl:0"
    monkeypatch.setattr(sycl, "has_gpu", nothing("sycl"))
    assert open_engine("auto", auto).device == "cpu"


def test_libvmaf_is_told_where_it_works() -> None:
    with pytest.raises(OptionError, match="libvmaf engine is told"):
        Scorer(WIDTH, HEIGHT, engine=f"libvmaf:{LIBRARY}", device="auto")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("dpctl", "cuda.bindings.driver", "pyopencl"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    for kind in gpu.KINDS:
        with pytest.raises(DeviceError, match=rf'pip install "pyvmaf-tiny\[{kind}\]"'):
            Scorer(WIDTH, HEIGHT, device=kind)
    names, reasons = gpu.found()
    assert not names
    assert set(reasons) == set(gpu.KINDS)


@needs_sycl
def test_the_command_line() -> None:
    outcome = run("engines", "--json")
    native = json.loads(outcome.stdout)[0]
    assert native["devices"][:1] == ["cpu"]
    assert "sycl:0" in native["devices"]
    assert native["device_names"]["sycl:0"]
    assert "sycl:0" in run("engines").stdout


def test_importing_brings_no_gpu_package(run_python: Any) -> None:
    """Nor does working on the CPU."""
    code = """
        import sys
        import numpy as np
        import pyvmaf_tiny
        plane = np.zeros((40, 40), np.uint8)
        pyvmaf_tiny.features(plane, plane)
        brought = {name.partition(".")[0] for name in sys.modules}
        print(sorted(brought & {"dpctl", "cuda", "pyopencl"}))
    """
    assert run_python(code).strip() == "[]"
