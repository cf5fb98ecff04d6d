"""Messages are one line, in the words of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runs import Clips, run
from conftest import OpenFake
from fakevmaf.library import VERSIONS
from oracle.fetch_libvmaf import LIBRARY

LIBVMAF = f"libvmaf:{LIBRARY}"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips.write(tmp_path_factory.mktemp("clips"))


def said(clips: Clips, code: int, command: str, *flags: str | Path) -> str:
    """What the command says of its options; it fails with that code, in a line of its own."""
    ran = run(command, *clips.pair(), *flags)
    assert (ran.exit_code, ran.stdout) == (code, "")
    first, *see = ran.stderr.splitlines()
    assert all(line.startswith("pyvmaf-tiny: see: ") for line in see)
    for python in ("=True", "engine=", "neg=", "neg_model", "cpu_mask", "threads=", "None"):
        assert python not in first
    return first


def test_options_that_contradict(clips: Clips) -> None:
    alone = said(clips, 2, "score", "--neg-model", "vmaf_tiny_v2")
    assert alone.endswith("--neg-model scores the features of NEG; say --neg both.")
    assert "--neg both" in said(clips, 2, "score", "--neg", "--neg-model", "vmaf_tiny_v2")
    for command in ("score", "features"):
        twice = said(clips, 2, command, "--neg", "both", "--gain_limit", "1")
        assert "--gain_limit 1" in twice
    for command in ("score", "features", "compare", "bench"):
        assert "-w/--width and -h/--height belong" in said(clips, 2, command, "-w", "64")


def test_a_library_that_is_not_there(clips: Clips) -> None:
    """The advice fits ``--engine`` and compare's ``--engines``."""
    gone = "/nonexistent/libvmaf.so"
    wanted = f'the path behind "libvmaf:" names no file: given {gone}'
    assert wanted in said(clips, 5, "score", "--engine", f"libvmaf:{gone}")
    assert wanted in said(clips, 5, "compare", "--engines", "native", f"libvmaf:{gone}")
    nothing = said(clips, 2, "score", "--engine", "libvmaf:")
    assert 'given \'libvmaf:\', expected "libvmaf", or "libvmaf:/path/to/library"' in nothing


def test_a_library_in_the_home(
    clips: Clips, open_fake: OpenFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No shell expands a tilde behind a colon."""
    library = open_fake(VERSIONS[-1]).path
    monkeypatch.setenv("HOME", str(library.parent))
    engine = f"libvmaf:~/{library.name}"
    assert run("features", *clips.pair(), "--engine", engine).exit_code == 0
    same = (f"{engine},scalar", f"libvmaf:{library},scalar")
    assert run("compare", *clips.pair(), "--engines", *same).exit_code == 0


def test_two_masks_in_one_libvmaf(clips: Clips) -> None:
    """One thread each where none are asked for; else the advice is a flag."""
    engines = ("--engines", LIBVMAF, f"{LIBVMAF},scalar")
    ran = run("compare", *clips.pair(), *engines)
    assert (ran.exit_code in (0, 6), ran.stderr) == (True, "")
    assert ran.stdout.count(", 1 thread\n") == 2
    both = said(clips, 5, "compare", *engines, "--threads", "2")
    assert both.endswith("use one --cpumask, or --threads 1)")


def test_a_name_with_a_line_feed(clips: Clips, tmp_path: Path) -> None:
    odd = tmp_path / "a\nb\x1b\r.y4m"
    ran = run("score", "-r", clips.path("ref.y4m"), "-d", odd)
    assert ran.exit_code == 3
    (line,) = ran.stderr.splitlines()
    assert "a\\nb\\x1b\\r.y4m" in line
