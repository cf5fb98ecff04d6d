"""Closed standard streams, and errors in the words of the command line."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from cli_runs import COMMAND, HEIGHT, WIDTH, Clips, environment, run

import pyvmaf_tiny
from pyvmaf_tiny.cli.exits import message_of
from pyvmaf_tiny.errors import OptionError


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips.write(tmp_path_factory.mktemp("clips"))


def in_shell(redirection: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a shell that redirects, or closes, its streams."""
    return subprocess.run(
        ["sh", "-c", f"exec {shlex.join([*COMMAND, *args])} {redirection}"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("streams", ["2>&-", "2>&- <&-"])
@pytest.mark.parametrize("kind", ["y4m", "mp4"])
def test_without_stderr_the_score_is_printed(clips: Clips, streams: str, kind: str) -> None:
    ran = in_shell(streams, "score", *clips.pair(kind))
    mean = pyvmaf_tiny.score(clips.path("ref.y4m"), clips.path("dis.y4m")).mean
    assert (ran.returncode, ran.stdout) == (0, f"vmaf_tiny_d1: {mean:.6f}\n")


def test_without_stderr_an_error_keeps_its_code(clips: Clips) -> None:
    ran = in_shell("2>&-", "score", "-r", clips.path("missing"), "-d", clips.path("dis.y4m"))
    assert (ran.returncode, ran.stdout) == (3, "")


@pytest.mark.parametrize(
    "command", [["engines"], ["bench", "--size", "64x48", "--frames", "1", "--repeat", "1"]]
)
def test_other_commands_without_stderr(command: list[str]) -> None:
    ran = in_shell("2>&-", *command)
    assert ran.returncode == 0
    assert "native" in ran.stdout or "scalar" in ran.stdout


@pytest.mark.parametrize("command", ["score", "features"])
def test_without_stdout_nothing_is_scored(clips: Clips, command: str) -> None:
    ran = in_shell(">&-", command, *clips.pair())
    assert ran.returncode == 2
    (line,) = ran.stderr.splitlines()
    assert "standard output is closed" in line
    assert "bug" not in line


def test_without_any_stream(clips: Clips) -> None:
    assert in_shell("<&- >&- 2>&-", "score", *clips.pair()).returncode == 2


def test_a_file_name_is_printed_as_it_is() -> None:
    ran = run("score", "-r", "bit_depth=10.y4m", "-d", "shortest=True.y4m")
    assert ran.exit_code == 3
    assert "bit_depth=10.y4m" in ran.stderr
    assert "--bitdepth" not in ran.stderr


def test_advice_is_given_in_flags() -> None:
    error = OptionError(
        "bit_depth=10.y4m: broken",
        given="shortest=True",
        expected="bit_depth=10",
        hint="say shortest=True",
    )
    assert message_of(error) == (
        "bit_depth=10.y4m: broken: given shortest=True, expected --bitdepth 10 (say --shortest)"
    )


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("call seek(0) first", ""),
        ("make a copy with np.ascontiguousarray(frame)", ""),
        ('rename the file, or pass open(path, "rb") with width and height', " (rename the file)"),
        (
            'convert it, for example with frame.reformat(format="yuv420p") or ffmpeg -pix_fmt gray',
            " (convert it, for example with ffmpeg -pix_fmt gray)",
        ),
        ('pip install "pyvmaf-tiny[plot]"', ' (pip install "pyvmaf-tiny[plot]")'),
    ],
)
def test_advice_for_python_stays_there(hint: str, shown: str) -> None:
    assert message_of(OptionError("broken", hint=hint)) == "broken" + shown


def test_messages_of_real_runs_hold_no_python(clips: Clips, tmp_path: Path) -> None:
    unknown = tmp_path / "clip.dat"
    unknown.write_bytes(bytes(WIDTH * HEIGHT * 3 // 2))
    for flags in (
        ["-r", str(unknown), "-d", str(unknown)],
        ["-r", clips.path("ref.yuv"), "-d", clips.path("dis.yuv")],
        [*clips.pair(), "--threads", "100000"],
        [*clips.pair(), "--neg", "--gain_limit", "2"],
    ):
        ran = run("score", *flags)
        assert ran.exit_code in (2, 3)
        for code in ("None", "open(", "BytesIO", "=True", "reformat"):
            assert code not in ran.stderr
