"""``pyvmaf-tiny features``: the numbers of ``pyvmaf_tiny.features``, every digit of them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runs import Clips, run
from numpy.typing import NDArray

import pyvmaf_tiny

COLUMNS = ["integer_" + name for name in pyvmaf_tiny.FEATURES]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips.write(tmp_path_factory.mktemp("clips"))


def extracted(clips: Clips, **options: Any) -> NDArray[np.float64]:
    return pyvmaf_tiny.features(clips.path("ref.y4m"), clips.path("dis.y4m"), **options)


def rows_of(text: str) -> list[list[float]]:
    return [[float(row[name]) for name in COLUMNS] for row in csv.DictReader(io.StringIO(text))]


def test_csv_on_stdout(clips: Clips) -> None:
    ran = run("features", *clips.pair())
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert rows_of(ran.stdout) == extracted(clips).tolist()


def test_options_reach_the_extraction(clips: Clips) -> None:
    ran = run("features", *clips.pair(), "--neg", "--subsample", "2", "--frame_cnt", "5")
    wanted = extracted(clips, neg=True, subsample=2, frames=5)
    rows = list(csv.reader(io.StringIO(ran.stdout)))
    assert [row[0] for row in rows[1:]] == ["0", "2", "4"]
    assert [[float(value) for value in row[1:7]] for row in rows[1:]] == wanted.tolist()


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet"])
def test_files(clips: Clips, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows.{suffix}"
    ran = run("features", *clips.pair(), "-o", path)
    assert (ran.exit_code, ran.stdout) == (0, "")
    if suffix == "csv":
        rows = rows_of(path.read_text())
    elif suffix == "json":
        frames = json.loads(path.read_text())["frames"]
        rows = [[frame["metrics"][name] for name in COLUMNS] for frame in frames]
    else:
        import pandas as pd

        rows = pd.read_parquet(path)[list(pyvmaf_tiny.FEATURES)].to_numpy().tolist()
    assert rows == extracted(clips).tolist()


def test_an_unknown_suffix_is_refused_before_extraction(clips: Clips, tmp_path: Path) -> None:
    ran = run("features", *clips.pair(), "-o", tmp_path / "rows.txt")
    assert ran.exit_code == 2
    assert ".csv" in ran.stderr
    assert list(tmp_path.iterdir()) == []
