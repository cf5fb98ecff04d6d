"""Puts the report of a run where the documentation shows it."""

from __future__ import annotations

import shutil
from pathlib import Path

from report import Results, markdown

_DOCS = Path(__file__).resolve().parents[1] / "docs"

_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"


def publish(results: Results, folder: Path) -> None:
    """Replace the measured part of ``docs/performance.md``, and its plot by that in ``folder``."""
    page = _DOCS / "performance.md"
    before, rest = page.read_text().split(_BEGIN)
    after = rest.split(_END)[1]
    page.write_text(f"{before}{_BEGIN}\n\n{markdown(results)}\n{_END}{after}")
    if results.timings.ratios:
        shutil.copyfile(folder / "benchmark.png", _DOCS / "images" / "benchmark.png")
