"""Puts the report of a run where the documentation shows it."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

from plan import WHOLE
from report import Results, markdown
from streams import LIBVMAF, OURS
from timings import Ratio

_CHECKOUT = Path(__file__).resolve().parents[1]

#: What the README's sentences are about.
_HEIGHT, _BITS = 1080, 8
_TIERS = {"avx512icl": "AVX-512 (VNNI)", "avx512": "AVX-512", "avx2": "AVX2", "scalar": "plain C"}


def publish(results: Results, folder: Path) -> None:
    """Replace the measured part of ``docs/performance.md``, its plot by that in ``folder``.

    The README's paragraph is replaced, too, when the run has measured all that it says.
    """
    _replace(_CHECKOUT / "docs" / "performance.md", "measured", markdown(results))
    if results.timings.ratios:
        images = _CHECKOUT / "docs" / "images"
        shutil.copyfile(folder / "benchmark.png", images / "benchmark.png")
    paragraph = summary(results)
    if paragraph:
        _replace(_CHECKOUT / "README.md", "speed", paragraph)


def summary(results: Results) -> str:
    """The README's paragraph; empty when one of its figures was not measured."""
    ratios = {
        ratio.tier: ratio
        for ratio in results.timings.ratios
        if (ratio.part, ratio.threads, ratio.height, ratio.bit_depth) == (WHOLE, 1, _HEIGHT, _BITS)
    }
    speeds = [_speed(ratios[tier]) for tier in _TIERS if tier in ratios]
    ladders = [row for row in results.renditions if (row.height, row.bit_depth) == (_HEIGHT, _BITS)]
    peaks = {
        row.engine: row.peak_bytes
        for row in results.memory
        if (row.height, row.bit_depth, row.threads) == (2160, _BITS, 1)
    }
    if not (speeds and ladders and peaks):
        return ""
    (ladder,) = ladders
    saved = peaks[LIBVMAF] / peaks[OURS]
    processor = results.facts["CPU"].rpartition(",")[0]
    sentences = (
        f"On one core, {processor}, at 1080p and 8 bit, the six features take less CPU time than "
        f"libvmaf 3.2.0 needs on the same instruction set: {', '.join(speeds)}. Every further "
        f"rendition of the same reference is {ladder.times_faster:.1f} times as fast as libvmaf; "
        f"NEG beside the default adds {ladder.neg_share:.0%} to a frame. Peak memory at 2160p is "
        f"{saved:.1f} times less."
    )
    return textwrap.fill(sentences, 110, break_on_hyphens=False) + "\n"


def _speed(ratio: Ratio) -> str:
    return f"{ratio.cpu:.1f} times less with {_TIERS[ratio.tier]}"


def _replace(page: Path, part: str, text: str) -> None:
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    before, rest = page.read_text().split(begin)
    after = rest.split(end)[1]
    page.write_text(f"{before}{begin}\n\n{text}\n{end}{after}")
