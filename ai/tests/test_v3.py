"""vmaf_tiny_v3's scripts: training, gate with a second model, sweeps, subsets, int8."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from pyvmaf_tiny_ai.table import features_of, read_table

from pyvmaf_tiny.model import Registry, load_model

pytest.importorskip("torch", reason="PyTorch is not installed, see scripts/setup.sh")

from pyvmaf_tiny_ai.commands import crossval, export, quantize, train, validate

ROWS = Path(__file__).resolve().parents[2] / "tests" / "data" / "v2_gate_rows.parquet"
V2 = Path(__file__).resolve().parents[2] / "model" / "tiny" / "vmaf_tiny_v2.onnx"


@pytest.fixture(scope="module")
def call() -> Any:
    """Run a command with options: its exit status."""

    def called(main: Any, *arguments: object) -> int:
        before = sys.argv
        sys.argv = ["script.py", *map(str, arguments)]
        try:
            status: int = main()
        finally:
            sys.argv = before
        return status

    return called


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, call: Any) -> Path:
    """A folder with a v3 trained on the committed rows, and its sidecar."""
    folder = tmp_path_factory.mktemp("v3")
    given = ("--parquet", ROWS, "--epochs", 1500, "--out-ckpt", folder / "v3.pt")
    stats = ("--out-stats", folder / "v3_scaler.json")
    assert call(lambda: train.main("vmaf_tiny_v3", None), *given, *stats) == 0
    model = ("--out-onnx", folder / "v3.onnx", "--out-sidecar", folder / "v3.json")
    assert call(lambda: export.main("vmaf_tiny_v3", None), "--ckpt", folder / "v3.pt", *model) == 0
    return folder


def test_the_graph_is_v3s(built: Path) -> None:
    sidecar = json.loads((built / "v3.json").read_text())
    assert (sidecar["parameters"], sidecar["architecture"]) == (769, "mlp_medium_v3")
    graph = onnx.load(built / "v3.onnx").graph
    assert [node.op_type for node in graph.node][:2] == ["Sub", "Div"]
    scaler = json.loads((built / "v3_scaler.json").read_text())
    assert sidecar["input_mean"] == scaler["input_mean"]
    means = features_of(read_table(ROWS)).mean(axis=0)
    np.testing.assert_allclose(sidecar["input_mean"], means, rtol=1e-6)


def test_a_checkpoint_of_another_network_is_refused(
    built: Path, call: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    given = (
        "--ckpt",
        built / "v3.pt",
        "--out-onnx",
        built / "x.onnx",
        "--out-sidecar",
        built / "x",
    )
    assert call(lambda: export.main("vmaf_tiny_v2", None), *given) == 2
    assert "a checkpoint of mlp_medium_v3" in capsys.readouterr().err
    assert not (built / "x.onnx").exists()


def test_gate_beside_v2_and_by_subset(built: Path, call: Any, tmp_path: Path) -> None:
    status = call(
        lambda: validate.main(None, compare=True),
        *("--onnx", built / "v3.onnx", "--parquet", ROWS, "--rows", 5000, "--min-plcc", 0.97),
        *("--v2-onnx", V2, "--by", "source", "--out-json", tmp_path / "report.json"),
    )
    assert status == 0
    report = json.loads((tmp_path / "report.json").read_text())
    ours, v2 = report["metrics"], report["v2"]["metrics"]
    assert report["v2"]["plcc_gain"] == pytest.approx(ours["plcc"] - v2["plcc"])
    assert report["v2"]["rmse_gain"] == pytest.approx(v2["rmse"] - ours["rmse"])
    assert v2["plcc"] > 0.9999  # the shipped one, on rows of its corpus
    parts = report["by"]["source"]
    assert sorted(parts) == sorted(read_table(ROWS)["source"].unique())
    assert sum(part["rows"] for part in parts.values()) == ours["rows"]


def test_five_folds_of_sources(call: Any, tmp_path: Path) -> None:
    status = call(
        lambda: crossval.main("vmaf_tiny_v3", None, k_fold=True),
        *("--parquet", ROWS, "--epochs", 1000, "--folds", 5, "--out-json", tmp_path / "k.json"),
    )
    assert status == 0
    report = json.loads((tmp_path / "k.json").read_text())
    assert len(report["folds"]) == 5
    assert sum(fold["rows"] for fold in report["folds"].values()) == len(read_table(ROWS))
    assert report["aggregate"]["mean"]["plcc"] > 0.9


def test_only_some_rows(call: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = read_table(ROWS)
    rows.assign(subset=np.where(rows["source"] < "d", "A", "B")).to_parquet(tmp_path / "t.parquet")
    out = tmp_path / "l.json"
    given = ("--parquet", tmp_path / "t.parquet", "--epochs", 300, "--out-json", out)
    assert call(lambda: crossval.main("vmaf_tiny_v3", None), *given, "--where", "subset=A") == 0
    folds = json.loads(out.read_text())["folds"]
    assert list(folds) == sorted(source for source in rows["source"].unique() if source < "d")
    assert call(lambda: crossval.main("vmaf_tiny_v3", None), *given, "--where", "subset=C") == 2
    assert "subset has A, B" in capsys.readouterr().err


def quantise(call: Any, built: Path, out: Path, budget: float) -> int:
    status: int = call(
        lambda: quantize.main(None),
        *("--onnx", built / "v3.onnx", "--parquet", ROWS, "--max-plcc-drop", budget),
        *("--out-onnx", out / "v3.int8.onnx", "--out-sidecar", out / "v3.int8.json"),
    )
    return status


def test_int8_within_its_budget(built: Path, call: Any, tmp_path: Path) -> None:
    assert quantise(call, built, tmp_path, 0.01) == 0
    sidecar = json.loads((tmp_path / "v3.int8.json").read_text())
    measured = sidecar["quantisation"]
    assert sidecar["quant_mode"] == "int8"
    assert (
        sidecar["quantised_from"]["sha256"] == json.loads((built / "v3.json").read_text())["sha256"]
    )
    assert measured["plcc_drop"] == measured["float32"]["plcc"] - measured["int8"]["plcc"] < 0.01
    weights = onnx.load(tmp_path / "v3.int8.onnx").graph.initializer
    assert (
        sum(item.data_type == onnx.TensorProto.INT8 and len(item.dims) == 2 for item in weights)
        == 1
    )
    model, float32 = load_model(tmp_path / "v3.int8.onnx"), load_model(built / "v3.onnx")
    rows = features_of(read_table(ROWS))
    scores = model.predict(rows)
    assert 0.01 < np.abs(scores - float32.predict(rows)).max() < 10
    # Enhanced video has features that no encode has, and a score of 100.
    enhanced = rows * [2, 2, 2, 2, 2, 1]
    assert np.abs(model.predict(enhanced) - float32.predict(enhanced)).max() < 2
    # A row's score does not depend on the rows beside it.
    one_by_one = [model.predict_one(row) for row in rows[:20]]
    np.testing.assert_allclose(one_by_one, scores[:20], rtol=0, atol=1e-4)
    assert quantise(call, built, tmp_path, 0.01) == 0
    assert load_model(tmp_path / "v3.int8.onnx").digest == model.digest


def test_int8_above_its_budget_is_refused(
    built: Path, call: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert quantise(call, built, tmp_path, -1.0) == 1
    assert "REFUSED" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_int8_is_registered_as_such(built: Path, call: Any, tmp_path: Path) -> None:
    assert quantise(call, built, tmp_path, 0.01) == 0
    script = Path(__file__).resolve().parents[1] / "scripts" / "register_model.py"
    subprocess.run([sys.executable, script, "--sidecar", tmp_path / "v3.int8.json"], check=True)
    registry = Registry.load(tmp_path)
    info = registry.info(registry.entry("v3.int8"))
    assert info.ok, info.reason
    assert info.quant_mode == "int8"
