"""``pyvmaf-tiny bench``: what is timed, on what, and how it is reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_runs import FRAMES, HEIGHT, WIDTH, Clips, run
from fake_cuda import FakeDriver
from test_gpu_cuda import install

from pyvmaf_tiny.cli import measure_gpu
from pyvmaf_tiny.cli.bench_clip import drawn_clip
from pyvmaf_tiny.errors import BitDepthError, FrameSizeError

QUICK = ["--frames", "2", "--repeat", "3"]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips.write(tmp_path_factory.mktemp("clips"))


def test_json_has_every_part_tier_and_thread_count() -> None:
    ran = run("bench", "--size", "64x48", "-b", "10", "--threads", "1,2", *QUICK, "--json")
    report = json.loads(ran.stdout)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert {key: report[key] for key in ("width", "height", "bit_depth", "frames", "repeat")} == {
        "width": 64, "height": 48, "bit_depth": 10, "frames": 2, "repeat": 3,
    }  # fmt: skip
    cases = [(row["feature"], row["tier"], row["threads"]) for row in report["timings"]]
    tiers = {tier for _, tier, _ in cases}
    assert "scalar" in tiers
    assert len(cases) == len(set(cases)) == 4 * 2 * len(tiers)
    for row in report["timings"]:
        assert 0 < row["fps_min"] <= row["fps_median"] <= row["fps_max"]
        assert row["ms_per_frame"] == pytest.approx(1000 / row["fps_median"])


def test_parts_are_what_they_are_called() -> None:
    """The cheaper groups alone are several times faster than everything; vif is most of it."""
    ran = run("bench", "--size", "352x288", "--threads", "1", "--repeat", "3", "--json")
    rows = [row for row in json.loads(ran.stdout)["timings"] if row["tier"] == "scalar"]
    speed = {row["feature"]: row["fps_max"] for row in rows}
    assert speed["adm"] > speed["all"]
    assert speed["motion"] > speed["all"]


def test_table(clips: Clips) -> None:
    ran = run("bench", *clips.pair("yuv"), "-w", WIDTH, "-h", HEIGHT, "--frames", "99")
    lines = ran.stdout.splitlines()
    assert ran.exit_code == 0
    assert clips.path("ref.yuv") in lines[0]
    assert f"{WIDTH}x{HEIGHT} 8 bit, {FRAMES} frames" in lines[0]
    assert any(line.split()[:2] == ["all", "scalar"] for line in lines)


def test_a_drawn_clip_that_no_engine_takes() -> None:
    with pytest.raises(FrameSizeError, match="32x48"):
        drawn_clip((32, 48), 1, 8)
    with pytest.raises(BitDepthError, match="9 bit"):
        drawn_clip((64, 48), 1, 9)


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        (2, ["--size", "64"]),
        (2, ["--size", "64x48", "-w", "64"]),
        (2, ["-r", "only.y4m"]),
        (2, ["--threads", "0"]),
        (2, ["--threads", "1,,2"]),
        (2, ["--threads", "100000", "--size", "64x48"]),
        (2, ["--streams", "2"]),
        (2, ["--device", "sycl", "--threads", "1"]),
        (2, ["--size", "32x48"]),
        (2, ["--size", "64x48", "-b", "9"]),
        (3, ["-r", "missing.y4m", "-d", "missing.y4m"]),
    ],
)
def test_what_cannot_be_measured(code: int, flags: list[str]) -> None:
    ran = run("bench", *flags, *QUICK)
    assert (ran.exit_code, ran.stdout) == (code, "")
    assert "error: " in ran.stderr


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No repetition is longer than it has to be."""
    monkeypatch.setattr(measure_gpu, "_SECONDS", 0.0)
    monkeypatch.setattr(measure_gpu, "_LEAST_FRAMES", 1)
    monkeypatch.setattr(measure_gpu, "_TRANSFERS", 1)


GPU = ["--size", "64x48", "--streams", "1,3", "--repeat", "1"]


@pytest.mark.parametrize("bit_depth", [8, 10])
@pytest.mark.parametrize("device", ["sycl", "cuda", "opencl"])
def test_a_gpu(device: str, bit_depth: int, monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    driver = FakeDriver("eager")
    if device == "cuda":
        install(monkeypatch, driver)
    ran = run("bench", *GPU, "--device", device, "-b", bit_depth, "--json")
    assert (ran.exit_code, ran.stderr) == (0, "")
    report = json.loads(ran.stdout)
    assert report["device"] == f"{device}:0"
    assert report["frames"] == 16
    pair_bytes = 2 * 64 * 48 * (1 if bit_depth == 8 else 2)
    assert report["upload_fps"] == pytest.approx(report["upload_gb_per_s"] * 1e9 / pair_bytes)
    cases = {(row["feature"], row["memory"], row["streams"]) for row in report["timings"]}
    memories = ("host",) if device == "opencl" else ("device", "host")
    parts = {(part, memories[0], 1) for part in ("adm", "vif", "motion")}
    parts |= {("all", place, n) for place in memories for n in (1, 3)}
    assert cases == parts | {("scored", "device", n) for n in (1, 3) if "device" in memories}
    for row in report["timings"]:
        assert 0 < row["fps_min"] <= row["fps_median"] <= row["fps_max"]
        share = row["fps_median"] / report["upload_fps"] if row["memory"] == "host" else None
        assert row["of_uploads"] == (share and pytest.approx(share))
    assert (driver.misuse, driver.live) == ([], {})
    if device == "cuda":
        assert (report["cuda_of_driver"], report["cuda_of_packages"]) == ("13.0", "13.5")


def test_repetitions_are_as_long_as_the_first_run_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """That one does not count."""
    monkeypatch.setattr(measure_gpu, "_SECONDS", 0.25)
    speeds = iter([400.0, 300.0, 100.0, 200.0])
    rounds: list[int] = []

    def run(self: measure_gpu.GpuMeasurement, case: measure_gpu.GpuCase) -> float:
        rounds.append(self._rounds[case])
        return next(speeds)

    monkeypatch.setattr(measure_gpu.GpuMeasurement, "run", run)
    pairs = drawn_clip((64, 48), 3, 8).pairs
    case = measure_gpu.GpuCase("motion", "host", 1)
    measurement = measure_gpu.GpuMeasurement(pairs, [], 8, "sycl", [case])
    measurement.warm_up()
    (timing,) = measurement.measure(3, 1000.0, lambda repetition: None)
    measurement.close()
    assert rounds == [11, 34, 34, 34]  # 32 frames, then those of a quarter of a second
    assert (timing.fps_min, timing.fps_median, timing.fps_max) == (100.0, 200.0, 300.0)
    assert timing.of_uploads == 0.2


def test_clocks_while_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    """They come from the driver's own program, of this very GPU."""
    install(monkeypatch, FakeDriver("eager"))
    program = tmp_path / "nvidia-smi"
    program.write_text(
        '#!/bin/sh\necho "$@" >"$0.asked"\necho "580.65.06, 1980, 1980, 3201, 560.10, 48, 5, 16"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    report = json.loads(run("bench", *GPU, "--frames", "1", "--device", "cuda", "--json").stdout)
    assert (report["driver_version"], report["sm_mhz"]) == ("580.65.06", "1980")
    assert (report["pcie_generation"], report["pcie_lanes"]) == ("5", "16")
    assert "--id=0000:01:00.0" in (tmp_path / "nvidia-smi.asked").read_text()
    table = run("bench", *GPU, "--frames", "1", "--device", "cuda").stdout
    assert "driver version 580.65.06, sm mhz 1980" in table
    (titles,) = (line.split() for line in table.splitlines() if "frames/s" in line)
    assert titles[-2:] == ["of", "uploads"]
    program.write_text("#!/bin/sh\nexit 9\n")
    report = json.loads(run("bench", *GPU, "--frames", "1", "--device", "cuda", "--json").stdout)
    assert "driver_version" not in report


def test_a_gpu_that_is_not_here() -> None:
    assert run("bench", "--size", "64x48", "--device", "sycl:9").exit_code == 5


def test_auto_takes_a_gpu_and_else_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """No CPU that a GPU's runtime offers."""
    options = ["bench", "--size", "64x48", "--device", "auto", *QUICK, "--json"]
    assert "cpu" in json.loads(run(*options).stdout)
    monkeypatch.setattr("pyvmaf_tiny.engine.gpu.sycl.has_gpu", lambda: True)
    assert json.loads(run(*options).stdout)["device"] == "sycl:0"
