"""``benchmarks/run.py``: what a run measures and writes, on frames small enough for a test.

The run itself compares every feature with libvmaf's scalar path and stops at the first difference.
"""

from __future__ import annotations

import csv
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyvmaf_tiny.cli.measure import PARTS, available_tiers
from pyvmaf_tiny.engine.base import usable_cpus

PROGRAM = Path(__file__).resolve().parents[1] / "benchmarks" / "run.py"

Rows = list[dict[str, str]]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The program with these arguments."""
    return subprocess.run(
        [sys.executable, str(PROGRAM), *arguments],
        env=os.environ | {"PYTHONWARNINGS": "error"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a quick run leaves."""
    output = tmp_path_factory.mktemp("benchmarks")
    only = ("--only", "timings,memory", "--size", "64x48")
    finished = run("--quick", *only, "--output", str(output))
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == f"{output / 'report.md'}\n"
    return output


def rows_of(path: Path) -> Rows:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_case_is_timed_once_for_either_engine(folder: Path) -> None:
    rows = rows_of(folder / "timings.csv")
    keys = ("bit_depth", "part", "tier", "threads", "engine")
    found = [tuple(row[key] for key in keys) for row in rows]
    cases = [*itertools.product(PARTS, available_tiers(), "1")]
    if usable_cpus() > 1:
        tiers = [tier for tier in available_tiers() if tier != "scalar"]
        cases += [("all", tier, str(usable_cpus())) for tier in tiers]
    expected = {
        (depth, *case, engine)
        for depth, case, engine in itertools.product(("8", "10"), cases, ("pyvmaf-tiny", "libvmaf"))
    }
    assert len(found) == len(expected)
    assert set(found) == expected


def test_our_features_equal_the_scalar_path(folder: Path) -> None:
    rows = rows_of(folder / "timings.csv")
    assert {row["exact"] for row in rows if row["engine"] == "pyvmaf-tiny"} == {"True"}


def test_figures_are_in_order(folder: Path) -> None:
    for row in rows_of(folder / "timings.csv"):
        for clock in "cpu_ms", "wall_ms":
            figures = [float(row[key]) for key in (f"{clock}_q1", clock, f"{clock}_q3")]
            assert 0 < figures[0] <= figures[1] <= figures[2]
    for row in rows_of(folder / "ratios.csv"):
        assert 0 < float(row["cpu_q1"]) <= float(row["cpu"]) <= float(row["cpu_q3"])


def test_memory_of_either_engine(folder: Path) -> None:
    rows = rows_of(folder / "memory.csv")
    threads = {1, usable_cpus()}
    assert len(rows) == 2 * len(threads) * 2
    # Far more than a frame, far less than an interpreter: neither baseline nor nothing.
    assert all(64 * 48 < int(row["peak_bytes"]) < 2**24 for row in rows)


def test_report_and_plot(folder: Path) -> None:
    report = (folder / "report.md").read_text()
    assert "64x48" in report
    assert "--size 64x48" in report  # the command
    assert "libvmaf" in report
    assert (folder / "benchmark.png").read_bytes().startswith(b"\x89PNG")


def test_unknown_table() -> None:
    finished = run("--only", "timings,colours")
    assert finished.returncode == 2
    assert "colours: not one of timings, memory, processes, instructions" in finished.stderr
