"""``benchmarks/staging.py`` and ``gpu_push.py``: every case is there, with figures that can be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def table(script: str, *options: str) -> list[list[str]]:
    """The cells of the table that a script prints, without its head."""
    command = [sys.executable, str(BENCHMARKS / script), *options]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in said.splitlines()]
    assert {len(row) for row in rows} == {len(rows[0])}
    return rows[2:]


def test_staging() -> None:
    rows = table("staging.py", "--size", "64x48", "--rounds", "2", "--threads", "1,2")
    ways = ["NumPy", "the engine, 1 thread", "the engine, 2 threads"]
    assert [row[:2] for row in rows] == [
        [f"48p, {depth} bit", way] for depth in (8, 10) for way in ways
    ]
    for _, way, rate, ratio, pairs, *_ in rows:
        assert (ratio == "1.00") or way != "NumPy"
        assert float(rate) > 0
        assert float(pairs) > 0


def test_pushes() -> None:
    rows = table("gpu_push.py", "--size", "64x48", "--batches", "1")
    assert [row[:3] for row in rows] == [
        ["64x48", memory, call]
        for memory in ("the host", "the GPU")
        for call in ("Scorer.push", "DeviceScorer.push", "features()")
    ]
    for *_, microseconds, pairs in rows:
        assert float(microseconds) > 0
        assert float(pairs) > 0
