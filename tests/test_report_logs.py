"""Log files: exact round trips, escaping, what is missing, files that are never half written."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import stat
import threading
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sample_results import NASTY, draw, drawn_result, hide_package, sample_result

from pyvmaf_tiny import report
from pyvmaf_tiny.errors import EmptyInputError, OptionError
from pyvmaf_tiny.frames import FEATURES
from pyvmaf_tiny.report import FORMATS, save, write
from pyvmaf_tiny.results import ScoreResult

LOG_NAMES = ["integer_adm2", *(f"integer_vif_scale{i}" for i in range(4)), "integer_motion2"]


def _numbers(path: Path) -> tuple[list[int], np.ndarray]:
    """Frame numbers and all values of a log, features first, then the score."""
    text = path.read_text() if path.suffix != ".parquet" else ""
    if path.suffix == ".json":
        frames = json.loads(text)["frames"]
        return [f["frameNum"] for f in frames], np.array(
            [list(f["metrics"].values()) for f in frames]
        )
    if path.suffix == ".xml":
        rows = [list(frame.attrib.values()) for frame in ET.fromstring(text).iter("frame")]
    elif path.suffix == ".csv":
        rows = [row[:-1] for row in csv.reader(io.StringIO(text))][1:]
    else:
        table = pq.read_table(path)
        values = np.column_stack([column.to_numpy() for column in table.columns[1:]])
        return table["frame"].to_pylist(), values
    return [int(row[0]) for row in rows], np.array([list(map(float, row[1:])) for row in rows])


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("scored", [True, False])
def test_every_double_survives(tmp_path: Path, suffix: str, scored: bool) -> None:
    scores, features = draw(700)
    features[0] = [0.1, 1 / 3, 1e-17, 5e-324, 1.0000000000000002, 0.0]
    result = sample_result(scores if scored else None, features, step=2)
    result.save(tmp_path / f"log.{suffix}")
    numbers, values = _numbers(tmp_path / f"log.{suffix}")
    assert numbers == list(range(0, 1400, 2))
    assert np.array_equal(values[:, :6], features)
    assert values.shape[1] == 6 + scored
    if scored:
        assert np.array_equal(values[:, 6], scores)


def test_json_pooled_figures_and_our_block(tmp_path: Path) -> None:
    result = drawn_result(50, frames=60, seconds=0.5)
    result.save(tmp_path / "log.json")
    log = json.loads((tmp_path / "log.json").read_text())
    assert log == result.to_dict()
    assert (log["version"], log["fps"], log["aggregate_metrics"]) == ("1.2.3", 120.0, {})
    assert list(log["pooled_metrics"]) == [*LOG_NAMES, "vmaf"]
    for name, metric in zip(log["pooled_metrics"], result.metrics, strict=True):
        pooled = result.pooled[metric]
        assert log["pooled_metrics"][name] == {
            "min": pooled.min,
            "max": pooled.max,
            "mean": pooled.mean,
            "harmonic_mean": pooled.harmonic_mean,
        }
        assert log["pyvmaf_tiny"]["stddev"][name] == pooled.stddev
    block = log["pyvmaf_tiny"]
    assert {key: block[key] for key in ("model_id", "model_digest", "engine", "cpu_tier", "width",
            "height", "bit_depth", "frames", "scored_frames", "frames_kept", "neg")} == {
        "model_id": "some_model", "model_digest": "ab" * 32, "engine": "native",
        "cpu_tier": "scalar", "width": 640, "height": 360, "bit_depth": 10, "frames": 60,
        "scored_frames": 50, "frames_kept": True, "neg": False,
    }  # fmt: skip


def test_xml_carries_our_block_as_attributes(tmp_path: Path) -> None:
    drawn_result(5, model_id=None, provider=None).save(tmp_path / "log.xml")
    root = ET.parse(tmp_path / "log.xml").getroot()
    assert [child.tag for child in root] == [
        "params", "fyi", "frames", "pooled_metrics", "aggregate_metrics", "pyvmaf_tiny",
    ]  # fmt: skip
    block = root.find("pyvmaf_tiny")
    assert block is not None
    assert (block.attrib["engine"], block.attrib["bit_depth"]) == ("native", "10")
    assert (block.attrib["neg"], block.attrib["frames_kept"]) == ("false", "true")
    assert "model_id" not in block.attrib  # what is not known is not there


def test_speed_that_was_not_measured(tmp_path: Path) -> None:
    result = drawn_result(5, seconds=0.0)
    for suffix in ("json", "xml"):
        result.save(tmp_path / f"log.{suffix}")
    assert json.loads((tmp_path / "log.json").read_text())["fps"] is None
    fyi = ET.parse(tmp_path / "log.xml").getroot().find("fyi")
    assert fyi is not None
    assert math.isnan(float(fyi.attrib["fps"]))


def test_a_harmonic_mean_that_does_not_exist(tmp_path: Path) -> None:
    result = sample_result(np.array([-2.0, 50.0]), np.ones((2, 6)))
    assert result.to_dict()["pooled_metrics"]["vmaf"]["harmonic_mean"] is None
    result.save(tmp_path / "log.xml")
    metrics = ET.parse(tmp_path / "log.xml").getroot().iter("metric")
    vmaf = next(metric for metric in metrics if metric.attrib["name"] == "vmaf")
    assert list(vmaf.attrib) == ["name", "min", "max", "mean"]


def test_names_with_every_special_character(tmp_path: Path) -> None:
    result = drawn_result(3, reference=NASTY, distorted=NASTY)
    for suffix in FORMATS:
        result.save(tmp_path / f"log.{suffix}")
    assert json.loads((tmp_path / "log.json").read_text())["pyvmaf_tiny"]["reference"] == NASTY
    schema = pq.read_schema(tmp_path / "log.parquet")
    assert json.loads(schema.metadata[b"pyvmaf_tiny"])["distorted"] == NASTY
    block = ET.parse(tmp_path / "log.xml").getroot().find("pyvmaf_tiny")
    assert block is not None
    # XML has no way to write a bell or a lone surrogate: they are spelled out.
    assert block.attrib["reference"] == NASTY.replace("\x07", r"\x07").replace("\udcff", r"\udcff")


def test_parquet_schema(tmp_path: Path) -> None:
    scores, features = draw(40)
    sample_result(scores, features, step=5).save(tmp_path / "log.parquet")
    schema = pq.read_schema(tmp_path / "log.parquet")
    assert schema.names == ["frame", *FEATURES, "vmaf"]
    assert schema.types == [pa.int64(), *[pa.float64()] * 7]
    assert not any(field.nullable for field in schema)
    info = json.loads(schema.metadata[b"pyvmaf_tiny"])
    assert (info["width"], info["subsample"], info["model_id"]) == (640, 5, "some_model")
    frame = pd.read_parquet(tmp_path / "log.parquet").set_index("frame")
    assert np.array_equal(frame["vmaf"].to_numpy(), scores)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_formats_of_frames_need_frames(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"log.{suffix}"
    with pytest.raises(OptionError, match="keep_frames=True"):
        drawn_result(5, keep=False).save(path)
    assert list(tmp_path.iterdir()) == []


def test_pooled_logs_without_frames_say_so(tmp_path: Path) -> None:
    kept, pooled = drawn_result(25), drawn_result(25, keep=False)
    log = pooled.to_dict()
    assert log["frames"] == []
    assert log["pyvmaf_tiny"]["frames_kept"] is False
    assert log["pyvmaf_tiny"]["scored_frames"] == 25
    assert log["pooled_metrics"] == kept.to_dict()["pooled_metrics"]
    pooled.save(tmp_path / "log.xml")
    root = ET.parse(tmp_path / "log.xml").getroot()
    assert not list(root.iter("frame"))
    assert len(list(root.iter("metric"))) == 7
    block = root.find("pyvmaf_tiny")
    assert block is not None
    assert block.attrib["frames_kept"] == "false"


@pytest.mark.parametrize("suffix", ["json", "xml"])
def test_a_log_of_no_frames_is_an_error(tmp_path: Path, suffix: str) -> None:
    result = sample_result(np.zeros(0), np.zeros((0, 6)))
    with pytest.raises(EmptyInputError):
        result.save(tmp_path / f"log.{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_choosing_the_format(tmp_path: Path) -> None:
    result = drawn_result(3)
    result.save(tmp_path / "LOG.JSON")
    assert json.loads((tmp_path / "LOG.JSON").read_text())["version"] == "1.2.3"
    result.save(str(tmp_path / "log.txt"), "csv")
    assert (tmp_path / "log.txt").read_text().startswith("Frame,integer_adm2,")
    for path, given in (("log.yaml", r"'\.yaml'"), ("log", "''"), ("log.html", r"'\.html'")):
        with pytest.raises(OptionError, match=f"{given}, expected one of json, csv, xml, parquet"):
            result.save(tmp_path / path)
    with pytest.raises(OptionError, match="'tsv', expected one of json"):
        result.save(tmp_path / "log.json", "tsv")
    with pytest.raises(OptionError, match="'tsv'"):
        write(result, io.BytesIO(), "tsv")


def test_writing_to_an_open_file_gives_the_same_bytes(tmp_path: Path) -> None:
    result = drawn_result(20)
    for kind in ("json", "csv", "xml"):
        file = io.BytesIO()
        write(result, file, kind)
        result.save(tmp_path / f"log.{kind}")
        assert (tmp_path / f"log.{kind}").read_bytes() == file.getvalue()


class _FullDiskError(OSError):
    pass


def _half(result: ScoreResult, file: BinaryIO) -> None:
    file.write(b"half a ")
    raise _FullDiskError(28, "No space left on device")


def _broken(result: ScoreResult, file: BinaryIO) -> None:
    file.write(b"half a ")
    raise KeyboardInterrupt


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.json"
    path.write_text("old")
    monkeypatch.setitem(report.FORMATS, "json", _half)
    with pytest.raises(OptionError, match="No space left on device") as caught:
        save(drawn_result(3), path)
    assert isinstance(caught.value.__cause__, _FullDiskError)
    monkeypatch.setitem(report.FORMATS, "json", _broken)
    with pytest.raises(KeyboardInterrupt):
        save(drawn_result(3), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "file").write_text("")
    for place in ("missing/log.json", "folder.json", "file/log.json"):
        with pytest.raises(OptionError, match=r"cannot write the file: given .*json"):
            drawn_result(3).save(tmp_path / place)


def test_links_and_permissions_survive(tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target.name)
    drawn_result(3).save(link)
    assert link.is_symlink()
    assert target.read_text().startswith("Frame,")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    drawn_result(3).save(tmp_path / "new.csv")
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "new.csv").stat().st_mode) == 0o666 & ~umask


def test_a_pipe_is_written_to_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
    reader.start()
    drawn_result(3).save(pipe)
    reader.join(timeout=10)
    assert received[0].count(b"\n") == 4
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_writers_of_the_same_file_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    results = [drawn_result(200, seed) for seed in range(4)]
    threads = [threading.Thread(target=result.save, args=(path,)) for result in results * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _, values = _numbers(path)
    assert any(np.array_equal(values[:, 6], result.scores) for result in results)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("module", "extra"), [("pandas", "pandas"), ("pyarrow", "parquet")], ids=["pandas", "parquet"]
)
def test_a_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, extra: str
) -> None:
    hide_package(monkeypatch, module)
    ask = drawn_result(3).to_pandas
    with pytest.raises(OptionError, match=rf'pip install "pyvmaf-tiny\[{extra}\]"'):
        ask() if extra == "pandas" else drawn_result(3).save(tmp_path / "log.parquet")
    assert list(tmp_path.iterdir()) == []
