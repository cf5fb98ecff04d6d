"""The recipe from feature table to registered model, through the scripts as a user calls them."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from pyvmaf_tiny_ai.export import to_onnx
from pyvmaf_tiny_ai.mlp import Mlp
from pyvmaf_tiny_ai.recipes import SYSTEMS, Recipe
from pyvmaf_tiny_ai.table import features_of, labels_of, read_table

from pyvmaf_tiny.model import Registry, load_model

pytest.importorskip("torch", reason="PyTorch is not installed, see scripts/setup.sh")

from pyvmaf_tiny_ai.training import load_checkpoint, save_checkpoint, train, train_many

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
ROWS = Path(__file__).resolve().parents[2] / "tests" / "data" / "v2_gate_rows.parquet"


def script(name: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run one of the scripts; an option's underscores become dashes."""
    arguments = [f"--{key.replace('_', '-')}={value}" for key, value in options.items()]
    return subprocess.run(
        [sys.executable, SCRIPTS / f"{name}.py", *arguments], capture_output=True, text=True
    )


def recipe(epochs: int) -> Recipe:
    return replace(SYSTEMS["vmaf_tiny_v2"].recipe, epochs=epochs)


def succeeds(name: str, **options: object) -> str:
    done = script(name, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model trained on the committed rows, exported and registered."""
    folder = tmp_path_factory.mktemp("model")
    succeeds(
        "train_vmaf_tiny_v2",
        parquet=ROWS,
        epochs=1500,
        out_ckpt=folder / "v2.pt",
        out_stats=folder / "stats.json",
    )
    succeeds(
        "export_vmaf_tiny_v2",
        ckpt=folder / "v2.pt",
        out_onnx=folder / "small.onnx",
        out_sidecar=folder / "small.json",
    )
    succeeds("register_model", sidecar=folder / "small.json")
    return folder


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_trained_model_passes_the_gate(built: Path) -> None:
    report = built / "report.json"
    succeeds(
        "validate_vmaf_tiny_v2",
        onnx=built / "small.onnx",
        parquet=ROWS,
        rows=200,
        min_plcc=0.97,
        out_json=report,
    )
    found = json.loads(report.read_text())
    assert found["passed"]
    assert found["metrics"]["rows"] == 200
    assert found["metrics"]["plcc"] > 0.99
    assert 0.1 < found["row_latency_us"]["p50"] <= found["row_latency_us"]["p95"] < 10_000
    assert found["model"]["sha256"] == sha256(built / "small.onnx")
    assert found["run_provenance"]["inputs"]["parquet"]["sha256"] == sha256(ROWS)


def test_registered_model_scores_like_its_checkpoint(built: Path) -> None:
    model = load_model("small", registry=Registry.load(built))
    table = read_table(ROWS)
    mlp = train(features_of(table), labels_of(table), recipe(1500))
    np.testing.assert_allclose(
        model.predict(features_of(table)), mlp.predict(features_of(table)), atol=1e-3
    )
    assert mlp.parameters == 257


def test_sidecar_says_where_the_model_came_from(built: Path) -> None:
    sidecar: dict[str, Any] = json.loads((built / "small.json").read_text())
    assert sidecar["sha256"] == sha256(built / "small.onnx")
    assert sidecar["parameters"] == 257
    assert sidecar["corpus"]["sha256"] == sha256(ROWS)
    assert sidecar["corpus"]["rows"] == len(read_table(ROWS))
    assert sidecar["training_provenance"]["parameters"]["epochs"] == 1500
    assert sidecar["run_provenance"]["inputs"]["ckpt"]["sha256"] == sha256(built / "v2.pt")
    assert "--ckpt" in sidecar["run_provenance"]["argv"][0]


def test_the_same_rows_give_the_same_file(built: Path, tmp_path: Path) -> None:
    succeeds(
        "export_vmaf_tiny_v2",
        ckpt=built / "v2.pt",
        out_onnx=tmp_path / "small.onnx",
        out_sidecar=tmp_path / "small.json",
    )
    assert sha256(tmp_path / "small.onnx") == sha256(built / "small.onnx")
    table = read_table(ROWS)
    first, second = (train(features_of(table), labels_of(table), recipe(3)) for _ in range(2))
    for one, other in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_gate_refuses_a_model_that_disagrees(built: Path, tmp_path: Path) -> None:
    table = read_table(ROWS)
    table["vmaf"] = np.random.default_rng(0).permutation(table["vmaf"].to_numpy())
    table.to_parquet(tmp_path / "shuffled.parquet")
    done = script(
        "validate_vmaf_tiny_v2",
        onnx=built / "small.onnx",
        parquet=tmp_path / "shuffled.parquet",
        out_json=tmp_path / "report.json",
    )
    assert done.returncode == 1
    assert "REFUSED" in done.stdout
    assert not json.loads((tmp_path / "report.json").read_text())["passed"]


def test_gate_does_not_pass_without_a_correlation(built: Path, tmp_path: Path) -> None:
    read_table(ROWS).assign(vmaf=50.0).to_parquet(tmp_path / "constant.parquet")
    done = script(
        "validate_vmaf_tiny_v2", onnx=built / "small.onnx", parquet=tmp_path / "constant.parquet"
    )
    assert done.returncode != 0
    assert "no correlation" in done.stderr


def test_registering_again_renews_the_entry(built: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(built, tmp_path / "copy"))
    layers = (6, 16, 8, 1)
    zero = Mlp(
        weights=tuple(np.zeros((wide, deep), np.float32) for deep, wide in pairwise(layers)),
        biases=tuple(np.full(wide, 42, np.float32) for wide in layers[1:]),
    )
    (folder / "small.onnx").write_bytes(to_onnx(zero, "small").SerializeToString())
    before = (folder / "registry.json").read_text()
    stale = script("register_model", sidecar=folder / "small.json")
    assert stale.returncode == 1
    assert "sidecar says otherwise" in stale.stderr
    assert (folder / "registry.json").read_text() == before
    sidecar = json.loads((folder / "small.json").read_text())
    renewed = {**sidecar, "sha256": sha256(folder / "small.onnx")}
    (folder / "small.json").write_text(json.dumps(renewed))
    succeeds("register_model", sidecar=folder / "small.json")
    registry = Registry.load(folder)
    assert registry.ids == ("small",)
    assert load_model("small", registry=registry).predict_one((0.5,) * 6) == 42.0


def test_leave_one_source_out_never_trains_on_the_fold(tmp_path: Path) -> None:
    table = read_table(ROWS)
    sources = sorted(table["source"].unique())[:3]
    few = table[table["source"].isin(sources)].copy()
    # Labels that only the held-out source has: a fold that saw them would learn them.
    odd = few["source"] == sources[0]
    few.loc[odd, "vmaf"] = 100 - few.loc[odd, "vmaf"]
    few.to_parquet(tmp_path / "few.parquet")
    succeeds(
        "eval_loso_vmaf_tiny_v2",
        parquet=tmp_path / "few.parquet",
        epochs=600,
        seeds=2,
        out_json=tmp_path / "loso.json",
    )
    report = json.loads((tmp_path / "loso.json").read_text())
    assert list(report["folds"]) == sources
    assert report["folds"][sources[0]]["plcc"] < 0
    assert report["aggregate"]["folds"] == 3
    assert len(report["folds"][sources[1]]["per_seed"]) == 2


def test_exported_graph_is_the_documented_one(built: Path) -> None:
    graph = onnx.load(built / "small.onnx")
    assert [node.op_type for node in graph.graph.node] == [
        *("Sub", "Div", "Gemm", "Relu", "Gemm", "Relu", "Gemm", "Clip", "Squeeze"),
    ]
    assert graph.opset_import[0].version == 17
    weights = [item for item in graph.graph.initializer if item.name[0] in "wb"]
    assert sum(int(np.prod(item.dims)) for item in weights) == 257


def test_a_feature_that_never_varies_is_left_alone() -> None:
    rng = np.random.default_rng(0)
    features = rng.uniform(0, 1, (64, 6))
    features[:, 5] = 0.0
    mlp = train(features, rng.uniform(0, 100, 64), recipe(1))
    assert np.isfinite(mlp.predict(features)).all()


def test_committed_rows_cover_scores_and_sources() -> None:
    table: pd.DataFrame = read_table(ROWS)
    assert ROWS.stat().st_size < 50_000
    assert table["source"].nunique() >= 8
    assert table["vmaf"].min() < 10
    assert table["vmaf"].max() == 100.0


def test_training_side_by_side_is_training_alone() -> None:
    table = read_table(ROWS)
    features, labels = features_of(table), labels_of(table)
    odd = np.arange(1, len(labels), 2)
    small = np.arange(0, 90)  # less than a batch: its epochs are shorter than the other's
    students = train_many(features, labels, [odd, small], [3, 4], recipe(5))
    for student, rows, seed in zip(students, (odd, small), (3, 4), strict=True):
        alone = train(features[rows], labels[rows], replace(recipe(5), seed=seed))
        np.testing.assert_allclose(student.raw(features), alone.raw(features), atol=1e-3)
    assert np.abs(students[0].raw(features) - students[1].raw(features)).max() > 0.01


@pytest.mark.parametrize("model_id", SYSTEMS)
def test_checkpoint_and_graph_keep_the_network(model_id: str, tmp_path: Path) -> None:
    system = SYSTEMS[model_id].recipe
    table = read_table(ROWS)
    student = train(features_of(table), labels_of(table), replace(system, epochs=2))
    save_checkpoint(tmp_path / "s.pt", student, system, {"figure": 1.5})
    loaded, read, stats = load_checkpoint(tmp_path / "s.pt")
    assert (read, stats) == (system, {"figure": 1.5})
    assert loaded.layers == system.architecture.layers
    assert loaded.parameters == system.architecture.parameters
    graph = to_onnx(loaded, model_id)
    operators = [node.op_type for node in graph.graph.node]
    assert operators[:2] == (["Sub", "Div"] if system.standardise else ["Gemm", "Relu"])
    (tmp_path / "s.onnx").write_bytes(graph.SerializeToString())
    model = load_model(tmp_path / "s.onnx")
    scores = student.predict(features_of(table))
    np.testing.assert_allclose(model.predict(features_of(table)), scores, atol=1e-3)
