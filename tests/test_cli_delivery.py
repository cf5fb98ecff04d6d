"""A log or a plot that cannot be written takes nothing else with it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from cli_runs import COMMAND, Clips, environment, run, spawn

from pyvmaf_tiny.errors import OptionError


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips.write(tmp_path_factory.mktemp("clips"))


def test_the_score_is_printed_where_the_log_cannot_be_written(clips: Clips, tmp_path: Path) -> None:
    """The log is a full disk; score line and plot come all the same."""
    plot = tmp_path / "plot.html"
    ran = spawn("score", *clips.pair(), "-o", "/dev/full", "--plot", plot)
    assert (ran.code, ran.stdout) == (2, run("score", *clips.pair()).stdout)
    assert "No space left" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert "svg" in plot.read_text()


def test_the_table_is_printed_where_the_log_cannot_be_written(clips: Clips) -> None:
    several = [*clips.pair(), "-d", clips.path("dis.mp4")]
    ran = spawn("score", *several, "-o", "/dev/full")
    assert (ran.code, ran.stdout) == (2, run("score", *several).stdout)
    assert len(ran.stdout.splitlines()) == 3


def test_every_failure_is_said(
    clips: Clips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both at once: the first one's exit code, and a line for each."""

    def broken(*_arguments: object, **_options: object) -> None:
        raise OptionError("the plot broke")

    monkeypatch.setattr("pyvmaf_tiny.report.save_plot", broken)
    ran = run("score", *clips.pair(), "-o", "/dev/full", "--plot", tmp_path / "plot.html")
    assert (ran.exit_code, ran.stdout) == (2, run("score", *clips.pair()).stdout)
    first, second = sorted(ran.stderr.splitlines(), key=lambda line: "plot" in line)
    assert "No space left" in first
    assert second == "pyvmaf-tiny: error: the plot broke"


def test_a_log_that_fails_hides_no_error_of_the_run(clips: Clips) -> None:
    """An input that ends early is exit code 3, whatever becomes of the partial log."""
    ran = spawn(
        *("score", "-r", clips.path("ref.y4m"), "-d", clips.path("short.y4m"), "-o", "/dev/full")
    )
    assert ran.code == 3
    assert ran.stdout.startswith("vmaf_tiny_d1: ")
    note, log, error = ran.stderr.splitlines()
    assert "first 4 scored frames" in note
    assert "No space left" in log
    assert "--shortest" in error


@pytest.mark.parametrize("command", ["score", "features", "compare"])
@pytest.mark.parametrize("stdout", ["full", "closed pipe"])
def test_nor_does_standard_output(clips: Clips, command: str, stdout: str) -> None:
    inputs = ["-r", clips.path("ref.y4m"), "-d", clips.path("short.y4m")]
    engines = ["--engines", "native", "native:scalar"] if command == "compare" else []
    if stdout == "full":
        sink = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, sink = os.pipe()
        os.close(reader)
    ran = subprocess.run(
        [*COMMAND, command, *inputs, *engines],
        stdout=sink,
        stderr=subprocess.PIPE,
        env=environment(),
        timeout=60,
        check=False,
    )
    os.close(sink)
    lines = ran.stderr.decode().splitlines()
    assert ran.returncode == 3
    assert "--shortest" in lines[-1]
    assert len(lines) == (3 if stdout == "full" else 2)


def test_one_input_where_one_is_taken(clips: Clips) -> None:
    """Where a command takes one -d or -r it says so instead of dropping the others."""
    for command in ("compare", "bench"):
        ran = run(command, *clips.pair(), "-d", clips.path("nope.y4m"))
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert f"{command} takes one -d/--distorted, not 2" in ran.stderr
    for command in ("score", "features", "compare", "bench"):
        ran = run(command, *clips.pair(), "-r", clips.path("nope.y4m"))
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert f"{command} takes one -r/--reference, not 2." in ran.stderr
    engines = ("--engines", "native", "native:scalar")
    ran = run("compare", *clips.pair(), *engines, "--json")
    assert json.loads(ran.stdout)["distorted"] == clips.path("dis.y4m")
