"""What was measured on a GPU beside what was predicted for it, as a table in Markdown.

    pyvmaf-tiny bench --size 1920x1080 --device cuda --json >build/bench.json
    python benchmarks/gpu_report.py build/bench.json ...

The prediction is that of ``gpu_counts.py`` with all pipes full; it is there for the cards that
program knows. "-" is what cannot be told.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from gpu_cards import CARDS, Card
from gpu_counts import costs, frame_seconds

from pyvmaf_tiny.engine.gpu.layout import Stream

#: Frames per second that are to be reached at 8 bit: from the device's memory, and stretched.
TARGETS = {(1920, 1080): (3000, 6000), (3840, 2160): (800, 1600)}

#: What bench says of a GPU at work, where it can.
KNOWN = (
    *("driver_version", "cuda_of_driver", "cuda_of_packages", "sm_mhz", "sm_mhz_max"),
    *("memory_mhz", "watts", "celsius", "pcie_generation", "pcie_lanes"),
)

#: Share of the rate of uploads that is to be reached from the host's memory.
UPLOAD_TARGET = 0.6


#: What the driver calls the cards whose limits are known; not their slower relatives.
DRIVERS_NAMES = {
    "T4": "Tesla T4",
    "RTX 2080 Ti": "NVIDIA GeForce RTX 2080 Ti",
    "A100 SXM": "NVIDIA A100-SXM4-80GB",
    "RTX 4090": "NVIDIA GeForce RTX 4090",
    "H100 SXM": "NVIDIA H100 80GB HBM3",
    "H200": "NVIDIA H200",
}


def card_of(name: str) -> Card | None:
    """The card that the driver calls so."""
    for card in CARDS:
        if DRIVERS_NAMES.get(card.name) == name:
            return card
    return None


def predicted(report: dict[str, Any]) -> dict[str, float]:
    """Part -> frames per second with the busiest pipes full; nothing for a card unknown."""
    card = card_of(report["device_name"])
    if card is None:
        return {}
    stream = Stream(width=report["width"], height=report["height"], bit_depth=report["bit_depth"])
    kernels = costs(card, stream)
    seconds = {
        part: sum(cost.seconds for name, cost in kernels.items() if name.startswith(part))
        for part in ("adm", "vif", "motion")
    }
    seconds["all"] = seconds["scored"] = frame_seconds(card, stream)
    return {part: 1 / each for part, each in seconds.items()}


def rows(report: dict[str, Any]) -> list[str]:
    """One line of the table per timing."""
    limits = predicted(report)
    lines = []
    for timing in report["timings"]:
        fps, limit = timing["fps_median"], limits.get(timing["feature"])
        share = timing["of_uploads"]
        cells = (
            f"{report['height']}p, {report['bit_depth']} bit",
            timing["feature"],
            timing["memory"],
            str(timing["streams"]),
            f"{fps:.0f}",
            f"{timing['fps_min']:.0f} to {timing['fps_max']:.0f}",
            "-" if limit is None else f"{limit:.0f}",
            "-" if limit is None else f"{fps / limit:.0%}",
            f"{report['upload_fps']:.0f}" if timing["memory"] == "host" else "-",
            "-" if share is None else f"{share:.0%}",
            verdict(report, timing),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def verdict(report: dict[str, Any], timing: dict[str, Any]) -> str:
    """Whether a target is met, where there is one."""
    if timing["feature"] not in ("all", "scored"):
        return "-"
    if timing["memory"] == "host":
        return f"{UPLOAD_TARGET:.0%}: {_met(timing['of_uploads'], UPLOAD_TARGET)}"
    targets = TARGETS.get((report["width"], report["height"]))
    if targets is None or report["bit_depth"] != 8:
        return "-"
    return ", ".join(f"{target}: {_met(timing['fps_median'], target)}" for target in targets)


def _met(value: float, target: float) -> str:
    return "met" if value >= target else "missed"


def main() -> None:
    """Print a line per report, and the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reports", nargs="+", type=Path, help="what bench --device --json printed")
    reports = [json.loads(path.read_text()) for path in parser.parse_args().reports]
    for report in reports:
        facts = [f"{key} {report[key]}" for key in KNOWN if key in report]
        print(
            f"{report['width']}x{report['height']} {report['bit_depth']} bit, "
            f"{report['device_name']}, {', '.join([*facts, 'pyvmaf-tiny ' + report['version']])}, "
            f"uploads {report['upload_gb_per_s']:.1f} GB/s, median of {report['repeat']}\n"
        )
    print(
        "| frames | features | from | streams | frames/s | slowest to fastest | pipes full "
        "| of that | uploads allow | of that | targets |"
    )
    print("|" + " --- |" * 11)
    for report in reports:
        print("\n".join(rows(report)))


if __name__ == "__main__":
    main()
