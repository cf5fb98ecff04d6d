"""The progress bar is drawn on a terminal and nowhere else; standard input is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli_runs import FRAMES, HEIGHT, WIDTH, Clips, spawn, spawn_on_terminal
from clips import moving_planes, noisy, y4m_bytes

import pyvmaf_tiny


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips.write(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def line(clips: Clips) -> str:
    result = pyvmaf_tiny.score(clips.path("ref.y4m"), clips.path("dis.y4m"))
    return f"vmaf_tiny_d1: {result.mean:.6f}\n"


def test_a_terminal_shows_progress_and_a_summary(tmp_path: Path) -> None:
    planes = moving_planes(40, WIDTH, HEIGHT)
    ref, dis = tmp_path / "ref.y4m", tmp_path / "dis.y4m"
    ref.write_bytes(y4m_bytes(planes))
    dis.write_bytes(y4m_bytes(noisy(planes)))
    ran = spawn_on_terminal("score", "-r", ref, "-d", dis)
    result = pyvmaf_tiny.score(ref, dis)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", ran.stderr)
    assert (ran.code, ran.stdout) == (0, f"vmaf_tiny_d1: {result.mean:.6f}\n")
    assert re.search(r"40/40 frames +[\d.]+ fps +mean \d", shown)
    assert re.search(rf"40 frames {WIDTH}x{HEIGHT} 8 bit in [\d.]+ s", shown)
    assert f"min {result.min:.3f} at frame {result.scores.argmin()}" in shown


def test_quiet_shows_nothing_on_a_terminal(clips: Clips, line: str) -> None:
    ran = spawn_on_terminal("score", *clips.pair(), "-q")
    assert (ran.code, ran.stdout, ran.stderr) == (0, line, "")


def test_a_pipe_shows_nothing(clips: Clips, line: str) -> None:
    ran = spawn("score", *clips.pair())
    assert (ran.code, ran.stdout, ran.stderr) == (0, line, "")


def test_features_show_no_mean(clips: Clips) -> None:
    ran = spawn_on_terminal("features", *clips.pair())
    assert "frames" in ran.stderr
    assert "mean" not in ran.stderr
    assert ran.stdout.startswith("Frame,integer_adm2,")


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_standard_input(clips: Clips, line: str, name: str) -> None:
    data = Path(clips.path("dis.y4m")).read_bytes()
    ran = spawn("score", "-r", clips.path("ref.y4m"), "-d", name, stdin=data)
    assert (ran.code, ran.stdout, ran.stderr) == (0, line, "")


def test_raw_video_on_standard_input(clips: Clips, line: str) -> None:
    data = Path(clips.path("ref.yuv")).read_bytes()
    ran = spawn(
        *("score", "-r", "-", "-d", clips.path("dis.yuv")),
        *("-w", str(WIDTH), "-h", str(HEIGHT)),
        stdin=data,
    )
    assert (ran.code, ran.stdout) == (0, line)


def test_the_demo_is_live_on_a_terminal(tmp_path: Path, clips: Clips) -> None:
    ran = spawn_on_terminal(
        *("demo", "--input", clips.path("ref.mp4"), "--crf", "20,40", "-o", str(tmp_path / "out"))
    )
    assert ran.code == 0
    assert f"frame {FRAMES} of {FRAMES}" in ran.stderr
    assert "score of the last" in ran.stderr


@pytest.mark.parametrize(
    ("columns", "speed", "left"), [(40, False, False), (64, True, True), (100, True, True)]
)
def test_progress_on_terminals_of_any_width(
    clips: Clips, columns: int, speed: bool, left: bool
) -> None:
    ran = spawn_on_terminal("score", *clips.pair("mp4"), COLUMNS=str(columns))
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", ran.stderr)
    lines = [each for each in re.split(r"[\r\n]+", shown) if re.search(r"\d/(\?|\d)", each)]
    bars = [each for each in lines if " frames " in each]
    assert any(re.search(rf"{FRAMES}/{FRAMES} frames", each) for each in bars)
    for each in bars:
        assert len(each) <= columns
        assert "…" not in each
        assert ("fps" in each) == speed
        assert ("left" in each) == left
        # No other time than the one that is left.
        assert len(re.findall(r"\d:\d\d|-:--", each.partition(" left ")[0])) == 0
