"""``benchmarks/gpu_report.py``: measured speed beside the prediction, and which targets are met."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyvmaf_tiny.engine.gpu.layout import Stream

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


Printed = Callable[[dict[str, Any]], tuple[str, list[list[str]]]]


@pytest.fixture
def printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Printed:
    """The program: the line about the GPU, and the cells of the table."""
    monkeypatch.syspath_prepend(BENCHMARKS)

    def run(report: dict[str, Any]) -> tuple[str, list[list[str]]]:
        path = tmp_path / "bench.json"
        path.write_text(json.dumps(report))
        monkeypatch.setattr(sys, "argv", ["gpu_report.py", str(path)])
        importlib.import_module("gpu_report").main()
        return cells_of(capsys.readouterr().out)

    return run


def cells_of(said: str) -> tuple[str, list[list[str]]]:
    head, table = said.strip().split("\n\n")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert {len(row) for row in cells} == {11}
    return head, cells[2:]


def test_a_known_card(printed: Printed) -> None:
    head, (motion, device, host) = printed(REPORT)
    assert "NVIDIA H100 80GB HBM3, driver_version 580.65.06, pyvmaf-tiny 1.2.3" in head
    counts, cards = map(importlib.import_module, ("gpu_counts", "gpu_cards"))
    (h100,) = (card for card in cards.CARDS if card.name == "H100 SXM")
    rate = 1 / counts.frame_seconds(h100, Stream(width=1920, height=1080, bit_depth=8))
    assert float(device[6]) == pytest.approx(rate, abs=1)
    assert device[7] == f"{4_000 / rate:.0%}"
    assert float(motion[6]) > 5 * rate
    assert device[8:] == ["-", "-", "3000: met, 6000: missed"]
    assert host[4:6] == ["7200", "7199 to 7201"]
    assert host[8:] == ["12000", "60%", "60%: met"]


def test_a_card_that_nobody_counted(printed: Printed) -> None:
    _, rows = printed(REPORT | {"device_name": "NVIDIA H100 PCIe"})
    assert [row[6:8] for row in rows] == [["-", "-"]] * 3
    assert rows[1][10] == "3000: met, 6000: missed"
