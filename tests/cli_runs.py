"""Runs the command line: in this process, or as one of its own on pipes or a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result
from clips import moving_planes, noisy, write_video, y4m_bytes, yuv_bytes

import pyvmaf_tiny
from pyvmaf_tiny.cli.app import app

#: The command as a process.
COMMAND = [sys.executable, "-m", "pyvmaf_tiny"]

WIDTH, HEIGHT, FRAMES = 64, 48, 6


def run(*args: str | Path | int, stdin: bytes | None = None) -> Result:
    """Run a command in this process; ``stdout`` and ``stderr`` apart."""
    return CliRunner().invoke(app, [str(arg) for arg in args], input=stdin)


def environment(**changes: str) -> dict[str, str]:
    """The environment with the package under test on the path."""
    source = str(Path(pyvmaf_tiny.__file__).parents[1])
    return os.environ | {"PYTHONPATH": source} | changes


def spawn(*args: str | Path | int, stdin: bytes | None = None, **env: str) -> Finished:
    """Run a command as a process on pipes."""
    done = subprocess.run(
        [*COMMAND, *map(str, args)],
        input=stdin if stdin is not None else b"",
        capture_output=True,
        env=environment(**env),
        timeout=60,
        check=False,
    )
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def spawn_on_terminal(*args: str | Path | int, **env: str) -> Finished:
    """Run a command with stderr on a terminal, of 100 columns, and stdout in a pipe."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, args)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=environment(**{"COLUMNS": "100", "TERM": "xterm"} | env),
    )
    os.close(theirs)
    shown = bytearray()
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    stdout, _ = process.communicate(timeout=60)
    return Finished(process.returncode, stdout.decode(), shown.decode())


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's end of file on a terminal whose other side is closed
        return b""


@dataclass(frozen=True)
class Finished:
    """What a process left."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Clips:
    """One reference and its distorted version, as files of every kind."""

    folder: Path

    @classmethod
    def write(cls, folder: Path) -> Clips:
        """Write all files."""
        ref = moving_planes(FRAMES, WIDTH, HEIGHT)
        dis = noisy(ref)
        for name, planes in (("ref", ref), ("dis", dis)):
            (folder / f"{name}.yuv").write_bytes(yuv_bytes(planes))
            (folder / f"{name}.y4m").write_bytes(y4m_bytes(planes))
            write_video(folder / f"{name}.mp4", planes)
        (folder / "short.y4m").write_bytes(y4m_bytes(dis[:4]))
        (folder / "wide.y4m").write_bytes(y4m_bytes(moving_planes(2, WIDTH + 2, HEIGHT)))
        return cls(folder)

    def pair(self, kind: str = "y4m") -> list[str]:
        """-r and -d with the files of a kind."""
        return ["-r", str(self.folder / f"ref.{kind}"), "-d", str(self.folder / f"dis.{kind}")]

    def path(self, name: str) -> str:
        """A file."""
        return str(self.folder / name)
