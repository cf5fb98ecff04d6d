"""``pyvmaf-tiny bench``: what is timed, on what, and how it is reported."""

from __future__ import annotations

import json

import pytest
from cli_runs import FRAMES, HEIGHT, WIDTH, Clips, run
from fake_cuda import FakeDriver
from test_gpu_cuda import install

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
        (2, ["--size", "32x48"]),
        (2, ["--size", "64x48", "-b", "9"]),
        (3, ["-r", "missing.y4m", "-d", "missing.y4m"]),
    ],
)
def test_what_cannot_be_measured(code: int, flags: list[str]) -> None:
    ran = run("bench", *flags, *QUICK)
    assert (ran.exit_code, ran.stdout) == (code, "")
    assert "error: " in ran.stderr


@pytest.mark.parametrize("device", ["sycl", "cuda"])
def test_a_gpu(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = FakeDriver("eager")
    if device == "cuda":
        install(monkeypatch, driver)
    options = ["--size", "64x48", "--device", device, "--streams", "1,2", "--repeat", "2"]
    ran = run("bench", *options, "--json")
    assert (ran.exit_code, ran.stderr) == (0, "")
    report = json.loads(ran.stdout)
    assert report["device"] == f"{device}:0"
    assert report["upload_fps"] == pytest.approx(report["upload_gb_per_s"] * 1e9 / (2 * 64 * 48))
    cases = {(row["feature"], row["memory"], row["streams"]) for row in report["timings"]}
    parts = {(part, "device", 1) for part in ("adm", "vif", "motion")}
    assert cases == parts | {("all", place, n) for place in ("device", "host") for n in (1, 2)}
    assert all(0 < row["fps_min"] <= row["fps_median"] for row in report["timings"])
    assert (driver.misuse, driver.live) == ([], {})


def test_a_gpu_that_is_not_here() -> None:
    assert run("bench", "--size", "64x48", "--device", "sycl:9").exit_code == 5
