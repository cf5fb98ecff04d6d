"""Exit codes, messages and what is still delivered when something goes wrong."""

from __future__ import annotations

import fcntl
import inspect
import json
import os
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import BinaryIO

import pytest
from cli_runs import COMMAND, HEIGHT, WIDTH, Clips, environment, run, spawn
from conftest import OpenFake
from fakevmaf.library import VERSIONS

import pyvmaf_tiny
from pyvmaf_tiny import errors
from pyvmaf_tiny.cli.exits import exit_code


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips.write(tmp_path_factory.mktemp("clips"))


@pytest.mark.parametrize(
    ("code", "flags"),
    [
        (2, ["-r", "{ref.y4m}"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--nonsense"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "stray"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "-w", "wide"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--threads", "-1"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--threads", "4294967296"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "-p", "411"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--engine", "abacus"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--tiny-device", "abacus"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--neg", "--gain_limit", "3"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "-o", "{nowhere}/log"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "-o", "{.}"]),
        (2, ["-r", "-", "-d", "/dev/stdin"]),
        (2, ["-r", "{ref.yuv}", "-d", "{dis.yuv}"]),
        (3, ["-r", "{missing.y4m}", "-d", "{dis.y4m}"]),
        (3, ["-r", "{ref.y4m}", "-d", "{wide.y4m}"]),
        (2, ["-r", "{ref.yuv}", "-d", "{dis.yuv}", "-w", "32", "-h", "48"]),
        (2, ["-r", "{ref.yuv}", "-d", "{dis.yuv}", "-w", "64", "-h", "16385"]),
        (2, ["-r", "{ref.yuv}", "-d", "{dis.yuv}", "-w", "64", "-h", "48", "-b", "9"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--gain_limit", "0.5"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--gain_limit", "nan"]),
        (2, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--threads", "100000"]),
        (4, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--tiny-model", "vmaf_tiny_v0"]),
        (4, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--tiny-model", "{missing.onnx}"]),
        (4, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--tiny-device", "cuda"]),
        (5, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--device", "sycl:99"]),
        (5, ["-r", "{ref.y4m}", "-d", "{dis.y4m}", "--device", "cuda:99"]),
    ],
)
def test_exit_code_and_a_short_message(clips: Clips, code: int, flags: list[str]) -> None:
    named = [
        clips.path(flag[1:-1]) if flag[:1] == "{" and flag[-1:] == "}" else flag for flag in flags
    ]
    named = [flag.replace("{nowhere}", clips.path("nowhere")) for flag in named]
    ran = run("score", *named)
    assert (ran.exit_code, ran.stdout) == (code, "")
    lines = ran.stderr.splitlines()
    assert 1 <= len(lines) <= 2
    assert lines[0].startswith("pyvmaf-tiny: error: ")


@pytest.mark.parametrize("command", ["features", "bench", "compare"])
def test_the_features_device_is_the_engines(
    clips: Clips, open_fake: OpenFake, command: str
) -> None:
    """What ``--device`` names is no model's: exit code 5, of the native engine and of libvmaf."""
    engines: list[list[str]] = [["--device", "cuda:99"]]
    if command == "features":  # of a libvmaf without functions for GPUs
        library = open_fake(VERSIONS[-1]).path
        engines.append(["--engine", f"libvmaf:{library}", "--device", "cuda"])
    if command == "compare":
        engines = [["--engines", "native", "native:device=cuda:99"]]
    for engine in engines:
        ran = run(command, *clips.pair(), *engine)
        assert (ran.exit_code, ran.stdout) == (5, "")
        assert "cuda" in ran.stderr


def test_every_error_has_the_code_of_its_branch() -> None:
    branches = {
        errors.OptionError: 2,
        errors.InputError: 3,
        errors.ModelError: 4,
        errors.EngineError: 5,
    }
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.VmafTinyError) and kind is not errors.VmafTinyError
    ]
    assert len(kinds) > len(branches)
    for kind in kinds:
        code, *more = (code for branch, code in branches.items() if issubclass(kind, branch))
        assert not more or kind is errors.ModelDeviceError  # a DeviceError, too
        assert exit_code(kind("it broke")) == code


@pytest.mark.parametrize("where", ["file", "stdout"])
def test_what_was_scored_before_an_error_is_delivered(
    clips: Clips, tmp_path: Path, where: str
) -> None:
    log = tmp_path / "log.json"
    output = ["-o", str(log)] if where == "file" else []
    ran = run(
        "score", "-r", clips.path("ref.y4m"), "-d", clips.path("short.y4m"), "--json", *output
    )
    expected = pyvmaf_tiny.score(clips.path("ref.y4m"), clips.path("short.y4m"), shortest=True)
    text = log.read_text() if output else ran.stdout
    assert ran.exit_code == 3
    assert "first 4 scored frames" in ran.stderr
    assert "--shortest" in ran.stderr
    assert [row["metrics"]["vmaf"] for row in json.loads(text)["frames"]] == list(expected.scores)
    if output:
        assert ran.stdout == f"vmaf_tiny_d1: {expected.mean:.6f}\n"


def test_shortest_makes_it_no_error(clips: Clips) -> None:
    ran = run("score", "-r", clips.path("ref.y4m"), "-d", clips.path("short.y4m"), "--shortest")
    assert (ran.exit_code, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_delivers_what_was_scored(
    clips: Clips, tmp_path: Path, number: signal.Signals, code: int, word: str
) -> None:
    pipe, log = tmp_path / "pipe.yuv", tmp_path / "log.json"
    os.mkfifo(pipe)
    frame_bytes = WIDTH * HEIGHT * 3 // 2
    inputs = ["-r", clips.path("ref.yuv"), "-d", str(pipe), "-w", str(WIDTH), "-h", str(HEIGHT)]
    process = subprocess.Popen(
        [*COMMAND, "score", *inputs, "-o", str(log), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    with pipe.open("wb") as feed:
        feed.write(Path(clips.path("dis.yuv")).read_bytes()[: 3 * frame_bytes])
        feed.flush()
        _wait_until_read(feed)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
    scores = [row["metrics"]["vmaf"] for row in json.loads(log.read_text())["frames"]]
    expected = pyvmaf_tiny.score(
        clips.path("ref.y4m"), clips.path("dis.y4m"), frames=max(len(scores), 1)
    )
    assert process.returncode == code
    assert scores == expected.scores.tolist()
    assert stdout.decode() == f"vmaf_tiny_d1: {expected.mean:.6f}\n"
    assert stderr.decode().splitlines()[-1] == f"pyvmaf-tiny: {word}"


def _wait_until_read(feed: BinaryIO) -> None:
    """Until the reader has emptied the pipe, and has had time to score what it took."""
    deadline = time.monotonic() + 30
    while struct.unpack("i", fcntl.ioctl(feed, termios.FIONREAD, b"\0" * 4))[0]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.5)


def test_a_closed_pipe_ends_quietly(clips: Clips) -> None:
    process = subprocess.Popen(
        [*COMMAND, "features", *clips.pair()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    stderr = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=60), stderr) == (141, b"")


def test_a_full_disk_is_one_line(clips: Clips) -> None:
    log = spawn("score", *clips.pair(), "-o", "/dev/full")
    with open("/dev/full", "wb") as full:
        stdout = subprocess.run(
            [*COMMAND, "score", *clips.pair()],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            timeout=60,
            check=False,
        )
    assert log.code == 2
    assert stdout.returncode == 1
    for stderr in (log.stderr, stdout.stderr.decode()):
        assert len(stderr.splitlines()) == 1
        assert "No space left" in stderr


_BROKEN = """
import pyvmaf_tiny
from pyvmaf_tiny.cli import main

def score(*args, **options):
    raise RuntimeError("a bug")

pyvmaf_tiny.score_many = score
main()
"""


@pytest.mark.parametrize("traceback", ["0", "1"])
def test_an_unexpected_failure_is_short_unless_asked(clips: Clips, traceback: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _BROKEN, "score", *clips.pair()],
        capture_output=True,
        text=True,
        env=environment(PYVMAF_TINY_TRACEBACK=traceback),
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "RuntimeError: a bug" in ran.stderr
    assert ("Traceback" in ran.stderr) == (traceback == "1")


def test_the_traceback_of_a_deliberate_error(clips: Clips) -> None:
    ran = spawn(
        *("score", "-r", clips.path("missing"), "-d", clips.path("dis.y4m")),
        PYVMAF_TINY_TRACEBACK="1",
    )
    assert ran.code == 3
    assert "Traceback" in ran.stderr
    assert ran.stderr.splitlines()[-1].startswith("pyvmaf-tiny: error: ")


def test_no_command_shows_the_help() -> None:
    ran = run()
    assert ran.exit_code == 2
    assert "Usage: " in ran.stderr
    assert run("--help").stdout.count("Exit codes") == 1
