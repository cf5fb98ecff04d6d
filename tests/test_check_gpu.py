"""``scripts/check-gpu.sh``: which steps it runs, and that it goes on after one that fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

#: In the place of Python: says what it was asked for, and fails where FAILING is in that.
PRETENDER = """#!/bin/sh
echo "asked: $*"
case "$*" in *"$FAILING"*) exit 3 ;; esac
"""


@pytest.fixture
def pretender(tmp_path: Path) -> Path:
    program = tmp_path / "python"
    program.write_text(PRETENDER)
    program.chmod(0o755)
    return program


def check_gpu(*steps: str, results: Path, **variables: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
    environment |= {"RESULTS": str(results / "results")}
    environment |= {name: str(value) for name, value in variables.items()}
    return subprocess.run(
        [str(ROOT / "scripts" / "check-gpu.sh"), *steps],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=60,
    )


def test_a_step_that_fails_ends_no_other(pretender: Path, tmp_path: Path) -> None:
    ran = check_gpu("test", "bench", results=tmp_path, PYTHON=pretender, FAILING="-m pytest")
    summary = (tmp_path / "results" / "summary.log").read_text().splitlines()
    assert ran.returncode == 1
    assert summary[0].startswith("test: FAILED")
    assert summary[1].startswith("bench: passed")
    assert summary == ran.stdout.splitlines()[-2:]
    assert "tests/test_gpu_exact.py" in (tmp_path / "results" / "test.log").read_text()
    reports = sorted(path.name for path in (tmp_path / "results").glob("*.json"))
    assert reports == [
        f"bench-{size}-{bits}.json" for size in ("1920x1080", "3840x2160") for bits in (10, 8)
    ]
    asked = (tmp_path / "results" / reports[0]).read_text()
    assert "bench --size 1920x1080 --bitdepth 10 --device cuda --streams 1,4 --json" in asked
    assert "gpu_report.py" in (tmp_path / "results" / "bench.log").read_text()


def test_one_size_that_fails_is_no_reason_to_leave_out_the_others(
    pretender: Path, tmp_path: Path
) -> None:
    ran = check_gpu(
        *("bench",),
        results=tmp_path,
        PYTHON=pretender,
        FAILING="3840x2160 --bitdepth 10",
        PYVMAF_TINY_TEST_DEVICE="sycl",
    )
    assert ran.returncode == 1
    assert "bench of 3840x2160 at 10 bit: exit 3" in ran.stdout
    report = next(line for line in ran.stdout.splitlines() if "gpu_report.py" in line)
    assert report.count("bench-") == 3


def test_every_tool_of_the_sanitizer_is_used(pretender: Path, tmp_path: Path) -> None:
    """What finds the program says its path, which here is a pretender again."""
    pretender.write_text(
        f'#!/bin/sh\ncase "$1" in\n-) echo "{tmp_path}/sanitizer" ;;\n*) echo frames ;;\nesac\n'
    )
    sanitizer = tmp_path / "sanitizer"
    sanitizer.write_text(PRETENDER)
    sanitizer.chmod(0o755)
    ran = check_gpu("sanitize", results=tmp_path, PYTHON=pretender, FAILING="racecheck")
    asked = [line for line in ran.stdout.splitlines() if line.startswith("asked: --tool")]
    assert [line.split()[2] for line in asked] == [
        *("memcheck", "initcheck", "racecheck", "synccheck")
    ]
    assert "--leak-check full" in asked[0]
    assert all(line.endswith("tests/gpu_frames.py") for line in asked)
    assert "== racecheck: exit 3" in ran.stdout
    assert ran.returncode == 1


def test_setting_up(tmp_path: Path) -> None:
    """Not without a driver; and an interpreter that was named is left as it is."""
    ran = check_gpu("setup", results=tmp_path, LD_LIBRARY_PATH=tmp_path)
    if "no NVIDIA driver here" not in ran.stdout:
        assert "engine" in ran.stdout  # there is one
    else:
        assert ran.returncode == 1
    ran = check_gpu(
        "setup", results=tmp_path, PYTHON=sys.executable, PYVMAF_TINY_TEST_DEVICE="sycl"
    )
    assert "without PYTHON=... it is installed" in ran.stdout or "everything is there" in ran.stdout


def test_unknown_steps(tmp_path: Path) -> None:
    ran = check_gpu("bench", "polish", results=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "usage: scripts/check-gpu.sh [setup] [test] [bench] [sanitize]" in ran.stderr
