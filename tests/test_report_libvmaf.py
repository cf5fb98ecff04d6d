"""Our logs beside those of the real libvmaf, for the same frames, text against text."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from clips import moving_planes, noisy
from oracle.libvmaf_log import libvmaf_logs
from sample_results import sample_result

from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.results import ScoreResult

Log = tuple[list[tuple[int, dict[str, float]]], dict[str, dict[str, float]]]

#: What libvmaf calculates and we do not; the names of its metrics end in an option's value.
_THEIRS_ALONE = r"(?:integer_(?:aim|adm3|adm_scale\d|motion3)(?:_egl_1)?|VMAF_\w+)"
_NUMBER = r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


@pytest.fixture(scope="module", params=[(False, 1), (True, 2)], ids=["default", "neg-subsample"])
def logs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, str], dict[str, str]]:
    """Libvmaf's log and ours in every format, ours from the numbers that libvmaf wrote."""
    neg, subsample = request.param
    folder = tmp_path_factory.mktemp("logs")
    ref = moving_planes(5, 96, 64)
    model = "vmaf_v0.6.1neg" if neg else "vmaf_v0.6.1"
    theirs = libvmaf_logs(ref, noisy(ref), folder, model=model, subsample=subsample)
    result = _result_of(theirs["json"], neg=neg, subsample=subsample)
    ours = {}
    for kind in theirs:
        result.save(folder / f"ours.{kind}")
        ours[kind] = (folder / f"ours.{kind}").read_text()
    return theirs, ours


def _result_of(log: str, *, neg: bool, subsample: int) -> ScoreResult:
    frames = [frame["metrics"] for frame in json.loads(log)["frames"]]
    suffix = {name: "_egl_1" if neg and name != "motion2" else "" for name in FEATURES}
    features = [[row[f"integer_{name}{suffix[name]}"] for name in FEATURES] for row in frames]
    scores = np.array([row["vmaf"] for row in frames])
    return sample_result(
        scores,
        np.array(features),
        step=subsample,
        width=96,
        height=64,
        gain_limit=1.0 if neg else 100.0,
        seconds=0.7,
    )


def _read_json(text: str) -> Log:
    log = json.loads(text)
    return [(f["frameNum"], f["metrics"]) for f in log["frames"]], log["pooled_metrics"]


def _read_xml(text: str) -> Log:
    root = ET.fromstring(text)
    frames = []
    for frame in root.find("frames") or ():
        metrics = {name: float(value) for name, value in frame.attrib.items()}
        frames.append((int(metrics.pop("frameNum")), metrics))
    pooled = {
        metric.attrib["name"]: {k: float(v) for k, v in metric.attrib.items() if k != "name"}
        for metric in root.find("pooled_metrics") or ()
    }
    return frames, pooled


def _read_csv(text: str) -> Log:
    rows = []
    for row in csv.DictReader(io.StringIO(text)):
        assert row.pop("") == ""  # every line ends in a comma
        rows.append((int(row.pop("Frame")), {name: float(value) for name, value in row.items()}))
    return rows, {}


READERS = {"json": _read_json, "xml": _read_xml, "csv": _read_csv}


@pytest.mark.parametrize("kind", READERS)
def test_one_parser_reads_both(logs: tuple[dict[str, str], dict[str, str]], kind: str) -> None:
    (their_frames, their_pooled), (frames, pooled) = (READERS[kind](log[kind]) for log in logs)
    assert [number for number, _ in frames] == [number for number, _ in their_frames]
    for (_, ours), (_, theirs) in zip(frames, their_frames, strict=True):
        assert list(ours) == [name for name in theirs if not re.fullmatch(_THEIRS_ALONE, name)]
        assert len(ours) == 7
        assert ours == {name: theirs[name] for name in ours}
    assert list(pooled) == [name for name in their_pooled if not re.fullmatch(_THEIRS_ALONE, name)]
    for name, figures in pooled.items():
        assert list(figures) == list(their_pooled[name])
        # Theirs are the pooled unrounded values, then rounded to six decimals.
        assert figures == pytest.approx(their_pooled[name], abs=1.01e-6)


@pytest.mark.parametrize("kind", READERS)
def test_the_layout_is_theirs_line_by_line(
    logs: tuple[dict[str, str], dict[str, str]], kind: str
) -> None:
    theirs, ours = (log[kind] for log in logs)
    if kind == "json":
        theirs = re.sub(rf'^ *"{_THEIRS_ALONE}": {_NUMBER},\n', "", theirs, flags=re.M)
        theirs = re.sub(rf'^ *"{_THEIRS_ALONE}": {{[^}}]*}},\n', "", theirs, flags=re.M)
        theirs = theirs.replace('"aggregate_metrics": {\n  }', '"aggregate_metrics": {}')
        ours = re.sub(r'(?s),\n  "pyvmaf_tiny": {.*', "\n}\n", ours)
    elif kind == "xml":
        theirs = re.sub(rf' {_THEIRS_ALONE}="{_NUMBER}"', "", theirs)
        theirs = re.sub(rf'^ *<metric name="{_THEIRS_ALONE}".*\n', "", theirs, flags=re.M)
        ours = re.sub(r"^  <pyvmaf_tiny .*\n", "", ours, flags=re.M)
    else:
        keep = [not re.fullmatch(_THEIRS_ALONE, name) for name in theirs.split("\n")[0].split(",")]
        theirs = "".join(
            ",".join(cell for cell, kept in zip(line.split(","), keep, strict=True) if kept) + "\n"
            for line in theirs.splitlines()
        )
    shapes = [
        re.sub(r'"\d+\.\d+\.\d+"|' + _NUMBER + r"(?!\w)", "N", text) for text in (theirs, ours)
    ]
    assert shapes[1] == shapes[0]


def test_fps_has_two_decimals(logs: tuple[dict[str, str], dict[str, str]]) -> None:
    for log in logs:
        assert re.search(r'"fps": \d+\.\d{1,2},', log["json"])
        assert re.search(r'<fyi fps="\d+\.\d\d" />', log["xml"])


def test_the_gain_limit_in_names_is_printed_as_c_prints_it(tmp_path: Path) -> None:
    result = sample_result(np.array([50.0]), np.ones((1, 6)), gain_limit=1.2)
    result.save(tmp_path / "log.csv")
    header = (tmp_path / "log.csv").read_text().splitlines()[0]
    assert header.startswith("Frame,integer_adm2_egl_1.2,integer_vif_scale0_egl_1.2,")
    assert header.endswith(",integer_motion2,vmaf,")
