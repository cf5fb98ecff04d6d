"""``benchmarks/run.py``: what a run measures and writes, on frames small enough for a test.

The run itself compares every feature with libvmaf's scalar path and stops at the first difference.
"""

from __future__ import annotations

import csv
import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

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
    only = ("--only", "timings,renditions,threads,memory,overhead", "--size", "64x48")
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


def test_ladders_and_both_gain_limits(folder: Path) -> None:
    rows = rows_of(folder / "renditions.csv")
    assert [(row["bit_depth"], row["renditions"]) for row in rows] == [("8", "6"), ("10", "6")]
    for row in rows:
        times = [float(row[key]) for key in ("one_ms", "all_ms", "both_ms", "libvmaf_ms")]
        assert all(0 < time < 1000 for time in times)
        ratios = [float(row[f"times_faster{part}"]) for part in ("_q1", "", "_q3")]
        assert ratios == sorted(ratios)


def test_threads_of_one_context_and_contexts_of_a_thread(folder: Path) -> None:
    path = folder / "threads.csv"
    if usable_cpus() == 1:
        assert not path.exists()
        return
    rows = rows_of(path)
    assert {(row["how"], row["threads"]) for row in rows} >= {
        (how, count)
        for how in ("threads of one context", "contexts, a thread each")
        for count in "12"
    }
    assert {float(row["gain"]) for row in rows if row["threads"] == "1"} == {1.0}


def test_overhead_of_python(folder: Path) -> None:
    """Far above the limits on a busy machine, but neither nothing nor a frame's extraction."""
    rows = {row["what"]: float(row["value"]) for row in rows_of(folder / "overhead.csv")}
    assert len(rows) == 7
    assert 0.5 < rows["a push"] < 200
    assert 0 < rows["import pyvmaf_tiny after NumPy"] < 500


def test_report_and_plot(folder: Path) -> None:
    report = (folder / "report.md").read_text()
    assert "64x48" in report
    assert "--size 64x48" in report  # the command
    assert "libvmaf" in report
    assert (folder / "benchmark.png").read_bytes().startswith(b"\x89PNG")


def test_unknown_table() -> None:
    finished = run("--only", "timings,colours")
    assert finished.returncode == 2
    assert "colours: not one of timings, renditions, threads, memory" in finished.stderr


def test_publishing(tmp_path: Path) -> None:
    """The pages have the places, and only those change."""
    checkout = PROGRAM.parents[1]
    (tmp_path / "docs").mkdir()
    pages = ("README.md", "docs/performance.md")
    for page in pages:
        shutil.copy(checkout / page, tmp_path / page)
    code = """
    import sys
    from pathlib import Path

    sys.path[:0] = sys.argv[1:3]
    import publish
    from memory import Memory
    from renditions import Renditions
    from report import Results
    from timings import Ratio, Timings

    publish._CHECKOUT = Path(sys.argv[3])
    results = Results({"CPU": "Some CPU, of some family, 2 usable"})
    publish.publish(results, Path())
    assert publish.summary(results) == ""
    ratio = dict(width=1920, height=1080, bit_depth=8, part="all", threads=1)
    spread = dict(cpu_q1=1, cpu_q3=1, wall=1, wall_q1=1, wall_q3=1)
    ratios = [Ratio(**ratio, **spread, tier=tier, cpu=cpu) for tier, cpu in
              (("avx512icl", 3.21), ("avx2", 2.34), ("scalar", 2.0))]
    ladder = Renditions(1920, 1080, 8, "avx512icl", 6, 1, 1, 1, 1, 1, 1, 1, 4.56, 1, 1, 0.12)
    peaks = [Memory(3840, 2160, 8, 1, engine, peak) for engine, peak in
             (("pyvmaf-tiny", 10), ("libvmaf", 57))]
    results.timings.ratios.extend(ratios)
    results.renditions.append(ladder)
    results.memory.extend(peaks)
    print(publish.summary(results))
    """
    arguments = [str(PROGRAM.parent), str(PROGRAM.parents[1] / "tests"), str(tmp_path)]
    finished = subprocess.run(
        [sys.executable, "-c", dedent(code), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    told = " ".join(finished.stdout.split())
    for figure in (
        "On one core, Some CPU, of some family, at 1080p",
        "3.2 times less with AVX-512 (VNNI), 2.3 times",
        "4.6 times as fast",
        "adds 12%",
        "5.7 times less.",
    ):
        assert figure in told
    for page in pages:
        old, new = (root / page for root in (checkout, tmp_path))
        kept = [
            re.sub(r"(begin -->).*(<!-- \w+: end)", r"\1\2", text.read_text(), flags=re.S)
            for text in (old, new)
        ]
        assert kept[0] == kept[1]
    assert "not measured" in (tmp_path / "docs" / "performance.md").read_text()


def test_the_command_that_is_timed_as_a_process(tmp_path: Path) -> None:
    """Without ffmpeg, which is not among the test dependencies."""
    code = """
    import json
    import subprocess
    import sys
    from pathlib import Path

    sys.path[:0] = sys.argv[1:3]
    from footage import make_clip, write_raw
    from installed import environment_of, installed_copy
    from plan import Format
    from processes import OURS, log_of, our_command

    kind = Format(64, 48, 10)
    files = write_raw(make_clip(kind, 3), Path(sys.argv[3]), 5)
    with installed_copy() as copy:
        options = {"check": True, "env": environment_of(copy), "stdout": subprocess.PIPE}
        subprocess.run(our_command(kind, *files, 1), **options)
        code = "import pyvmaf_tiny; print(pyvmaf_tiny.__file__)"
        taken = subprocess.run([sys.executable, "-c", code], **options, text=True).stdout
        assert taken.startswith(str(copy)), taken
    print(len(json.loads(log_of(OURS, files[0]).read_text())["frames"]))
    """
    command = [sys.executable, "-c", dedent(code)]
    command += [str(PROGRAM.parent), str(PROGRAM.parents[1] / "tests"), str(tmp_path)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout) == (0, "5\n"), finished.stderr
