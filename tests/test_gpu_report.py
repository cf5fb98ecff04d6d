"""``benchmarks/gpu_report.py``: measured speed beside the prediction, and which targets are met."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def timing(feature: str, memory: str, fps: float, of_uploads: float | None) -> dict[str, Any]:
    return {
        "feature": feature,
        "memory": memory,
        "streams": 1,
        "fps_median": fps,
        "fps_min": fps - 1,
        "fps_max": fps + 1,
        "ms_per_frame": 1000 / fps,
        "of_uploads": of_uploads,
    }


REPORT = {
    "version": "1.2.3",
    "device": "cuda:0",
    "device_name": "NVIDIA H100 80GB HBM3",
    "driver_version": "580.65.06",
    "upload_gb_per_s": 50.0,
    "upload_fps": 12000.0,
    "width": 1920,
    "height": 1080,
    "bit_depth": 8,
    "repeat": 5,
    "timings": [
        timing("motion", "device", 50_000.0, None),
        timing("all", "device", 4_000.0, None),
        timing("all", "host", 7_200.0, 0.6),
    ],
}


def printed(report: dict[str, Any], folder: Path) -> tuple[str, list[list[str]]]:
    """The line about the GPU, and the cells of the table."""
    path = folder / "bench.json"
    path.write_text(json.dumps(report))
    command = [sys.executable, str(BENCHMARKS / "gpu_report.py"), str(path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    head, table = said.strip().split("\n\n")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert {len(row) for row in cells} == {11}
    return head, cells[2:]


def test_a_known_card(tmp_path: Path) -> None:
    head, (motion, device, host) = printed(REPORT, tmp_path)
    assert "NVIDIA H100 80GB HBM3, driver_version 580.65.06, pyvmaf-tiny 1.2.3" in head
    counted = subprocess.run(
        [sys.executable, str(BENCHMARKS / "gpu_counts.py"), "--size", "1920x1080"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    (h100,) = (line for line in counted.splitlines() if line.startswith("| H100"))
    rate = float(h100.split("|")[3])
    assert float(device[6]) == pytest.approx(rate, abs=1)
    assert device[7] == f"{4_000 / rate:.0%}"
    assert float(motion[6]) > 5 * rate
    assert device[8:] == ["-", "-", "3000: met, 6000: missed"]
    assert host[4:6] == ["7200", "7199 to 7201"]
    assert host[8:] == ["12000", "60%", "60%: met"]


def test_a_card_that_nobody_counted(tmp_path: Path) -> None:
    _, rows = printed(REPORT | {"device_name": "NVIDIA H100 PCIe"}, tmp_path)
    assert [row[6:8] for row in rows] == [["-", "-"]] * 3
    assert rows[1][10] == "3000: met, 6000: missed"
