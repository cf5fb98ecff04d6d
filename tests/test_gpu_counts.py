"""``benchmarks/gpu_counts.py``: every kernel is counted, and the figures hang together."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[1] / "benchmarks" / "gpu_counts.py"


def table(text: str) -> list[list[str]]:
    """The cells of a table in Markdown, without its head."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def test_counts() -> None:
    command = [sys.executable, str(PROGRAM), "--size", "1920x1080"]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    _, kernels, cards = ran.stdout.strip().split("\n\n")
    work = {row[0]: [float(cell) for cell in row[1:]] for row in table(kernels)}
    levels = [f"{feature}_{level}" for feature in ("vif", "adm") for level in range(4)]
    assert set(work) == {"motion", *levels}
    for kernel, (instructions, integer, double, *_) in work.items():
        assert instructions > integer / 2 > double >= 0
        assert (double == 0) == (kernel == "motion")
    # From level to level there are a quarter of the pixels, and shorter filters.
    for fine, coarse in itertools.pairwise(levels):
        if fine[:3] == coarse[:3]:
            assert work[coarse][0] < work[fine][0] / 2
    for name, microseconds, rate, further, *_ in table(cards):
        assert float(rate) == pytest.approx(1e6 / float(microseconds), rel=0.01)
        assert 0.3 < float(further) / float(microseconds) < 0.9, name
    assert float(table(cards)[0][1]) == pytest.approx(sum(row[-1] for row in work.values()), abs=1)
