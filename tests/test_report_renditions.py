"""Files of several renditions, and of results that have NEG beside the default."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sample_results import NASTY, draw, drawn_result, sample_info

from pyvmaf_tiny import OptionError, ScoreResult, ScoreResults
from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.pooling import Pooling
from pyvmaf_tiny.report import RENDITIONS
from pyvmaf_tiny.rows import FrameRows

COUNT = 7

#: What libvmaf 3.2.0 calls the features under gain limit 1.
NEG_NAMES = [*(f"integer_{name}_egl_1" for name in FEATURES[:5]), "vmaf_neg"]


def with_neg(seed: int = 1, *, keep: bool = True) -> ScoreResult:
    """A drawn result, and another one as its NEG."""
    neg = drawn_result(COUNT, seed + 100, keep=keep, gain_limit=1.0)
    scores, features = draw(COUNT, seed)
    pooling = Pooling(with_score=True)
    pooling.add_many(scores, features)
    rows = None
    if keep:
        rows = FrameRows(np.arange(COUNT), scores, features, neg=neg.frames)
    return ScoreResult(pooling, sample_info(neg_model_id="n"), frames=rows, neg=neg)


def test_every_format_has_the_metrics_of_neg(tmp_path: Path) -> None:
    result = with_neg()
    assert result.neg is not None
    names = [*(f"integer_{name}" for name in FEATURES), "vmaf", *NEG_NAMES]
    values = np.column_stack([result.series(metric) for metric in result.metrics])
    np.testing.assert_array_equal(values[:, -1], result.neg.scores)
    np.testing.assert_array_equal(values[:, 7:12], result.neg.features[:, :5])
    for suffix in ("csv", "json", "xml", "parquet"):
        result.save(tmp_path / f"log.{suffix}")
    header, *lines = (tmp_path / "log.csv").read_text().splitlines()
    assert header == ",".join(["Frame", *names]) + ","
    assert [float(cell) for cell in lines[2].split(",")[1:-1]] == values[2].tolist()
    log = json.loads((tmp_path / "log.json").read_text())
    assert list(log["frames"][2]["metrics"]) == list(log["pooled_metrics"]) == names
    assert log["pooled_metrics"]["vmaf_neg"]["mean"] == result.neg.mean
    root = ET.parse(tmp_path / "log.xml").getroot()
    assert [metric.get("name") for metric in root.findall("pooled_metrics/metric")] == names
    columns = pq.read_table(tmp_path / "log.parquet").column_names
    assert columns == ["frame", *result.metrics]
    frame = result.to_pandas()
    assert frame["adm2_neg"].tolist() == result.neg.features[:, 0].tolist()
    assert "motion2_neg" not in frame


def test_frames_carry_their_neg() -> None:
    result = with_neg()
    assert result.neg is not None
    frame = result.frames[-1]
    assert frame.neg is not None
    assert frame.neg.score == result.neg.scores[-1]
    assert [each.neg for each in result.frames[2:4]] == list(result.neg.frames[2:4])
    assert with_neg(keep=False).pooled["vmaf_neg"].mean == result.neg.mean


def test_neg_frames_of_other_numbers_are_refused() -> None:
    scores, features = draw(COUNT)
    with pytest.raises(OptionError, match="NEG frames"):
        FrameRows(np.arange(COUNT), scores, features, neg=drawn_result(COUNT - 1).frames)


def ladder() -> ScoreResults:
    return ScoreResults([with_neg(1), with_neg(2)], [NASTY, "b, c"])


def test_csv_of_several(tmp_path: Path) -> None:
    results = ladder()
    results.save(tmp_path / "log.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "log.csv").read_text("utf-8"), newline="")))
    assert rows[0][:3] == ["rendition", "Frame", "integer_adm2"]
    assert rows[0][-1] == "vmaf_neg"
    assert len(rows) == 1 + 2 * COUNT
    name = NASTY.encode("utf-8", "backslashreplace").decode()
    assert [row[0] for row in rows[1:]] == [name] * COUNT + ["b, c"] * COUNT
    assert float(rows[COUNT + 3][8]) == results[1].scores[2]


def test_json_of_several(tmp_path: Path) -> None:
    results = ladder()
    results.save(tmp_path / "log", format="json")
    content = json.loads((tmp_path / "log").read_text())
    assert list(content) == ["version", "renditions", "summary"]
    assert content == results.to_dict()
    for each, result, name in zip(content["renditions"], results, results.names, strict=True):
        assert each == {"name": name, **result.to_dict()}
    row = content["summary"][1]
    assert row["rendition"] == "b, c"
    assert row["p5"] == results[1].percentile(5)
    assert results[1].neg is not None
    assert row["neg_min"] == results[1].neg.min


def test_data_frame_and_parquet_of_several(tmp_path: Path) -> None:
    results = ladder()
    together = results.to_pandas()
    assert together.index.names == ["rendition", "frame"]
    assert together.loc["b, c"]["vmaf"].tolist() == results[1].scores.tolist()
    assert together.attrs["pyvmaf_tiny"]["b, c"] == results[1].info.to_dict()
    results.save(tmp_path / "log.parquet")
    read = pd.read_parquet(tmp_path / "log.parquet")
    assert read["vmaf_neg"].tolist() == together["vmaf_neg"].tolist()
    assert read["rendition"].tolist()[-1] == "b, c"
    meta = pq.read_schema(tmp_path / "log.parquet").metadata[b"pyvmaf_tiny"]
    assert json.loads(meta) == json.loads(json.dumps(together.attrs["pyvmaf_tiny"]))


def test_without_model_or_frames(tmp_path: Path) -> None:
    bare = ScoreResults([drawn_result(keep=False), drawn_result(seed=2, keep=False)], ["a", "b"])
    assert [row["p5"] for row in bare.summary()] == [None, None]
    assert len(bare.to_dict()["renditions"]) == 2
    with pytest.raises(OptionError, match="not kept"):
        bare.save(tmp_path / "log.csv")
    assert not (tmp_path / "log.csv").exists()
    with pytest.raises(OptionError, match=r"unknown format for several renditions.*'xml'"):
        bare.save(tmp_path / "log.json", format="xml")


@pytest.mark.parametrize("format", RENDITIONS)
def test_no_rendition_at_all(format: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no rendition"):
        ScoreResults([], []).save(tmp_path / "log", format=format)


def test_names_are_unique_and_as_many_as_results() -> None:
    results = ScoreResults([drawn_result(seed=seed) for seed in range(3)], ["x", "y", "x"])
    assert results.names == ("x 0", "y", "x 2")
    assert results[1:].names == ("y", "x 2")
    assert results["y"] is results[1]
    assert "3 renditions" in repr(results)
    with pytest.raises(OptionError, match="given 1, expected 2"):
        ScoreResults([drawn_result(), drawn_result()], ["x"])
