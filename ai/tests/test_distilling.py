"""The distilled models' command lines, from a feature table to a registered model."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from oracle.fetch_libvmaf import LIBRARY
from pyvmaf_tiny_ai.commands import distilling, distilling_loso, made_rows, validate
from pyvmaf_tiny_ai.table import features_of, labelled_by, labels_of, read_table
from pyvmaf_tiny_ai.teacher import Teacher

import pyvmaf_tiny
from pyvmaf_tiny import OptionError
from pyvmaf_tiny.model import Registry, load_model
from pyvmaf_tiny.model.svr import embedded_models

ROOT = Path(__file__).resolve().parents[2]
ROWS = ROOT / "tests" / "data" / "corpus_rows.parquet"
QUICK = ("--real-rows", 700, "--made-rows", 1500, "--stages", "2x30", "1x40")

Call = Callable[..., int]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command with arguments in this process; its exit status."""

    def called(command: Callable[[str | None], int], *arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["script.py", *map(str, arguments)])
        return command(None)

    return called


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("teacher") / "vmaf_v0.6.1.json"
    path.write_bytes(embedded_models(LIBRARY)["vmaf_v0.6.1"])
    return path


def train(call: Call, folder: Path, teacher: Path, *more: object) -> None:
    given = ("--parquet", ROWS, "--teacher", teacher, *QUICK, "--out-ckpt", folder / "x.ckpt")
    assert call(distilling.train, *given, "--out-stats", folder / "x_stats.json", *more) == 0


def export(call: Call, folder: Path, name: str) -> Path:
    out = ("--out-onnx", folder / f"{name}.onnx", "--out-sidecar", folder / f"{name}.json")
    assert call(distilling.export, "--ckpt", folder / "x.ckpt", *out) == 0
    return folder / f"{name}.onnx"


@pytest.fixture
def quick(call: Call, tmp_path: Path, teacher: Path) -> Path:
    train(call, tmp_path, teacher)
    return export(call, tmp_path, "quick_d1")


def test_the_exported_file(quick: Path) -> None:
    graph = onnx.load(quick)
    assert [node.op_type for node in graph.graph.node] == [
        *("Gemm", "Sigmoid", "Mul", "Gemm", "Sigmoid", "Mul", "Gemm", "Clip", "Squeeze")
    ]
    assert graph.opset_import[0].version == 17
    assert quick.stat().st_size <= 1500
    model, rows = load_model(quick), features_of(read_table(ROWS))
    assert model.gain_limit is None
    scores = model.predict(rows)
    assert np.abs(scores - labels_of(read_table(ROWS))).max() < 0.5
    assert [model.predict_one(row) for row in rows[:20]] == scores[:20].tolist()


def test_the_sidecar_says_how_it_was_made(quick: Path) -> None:
    sidecar = json.loads(quick.with_suffix(".json").read_text())
    assert sidecar["parameters"] == 257
    assert sidecar["teacher"] == "vmaf_v0.6.1"
    assert sidecar["training_provenance"]["parameters"]["made_rows"] == 1500
    first, last = sidecar["stage_rmse"]
    assert last[0] < first[0] < first[1]
    assert sidecar["corpus"]["rows"] == len(read_table(ROWS))


def test_another_teacher(call: Call, tmp_path: Path, teacher: Path, capsys: Any) -> None:
    """Refused where it did not label the table, and named where it did."""
    document = json.loads(teacher.read_text())
    document["model_dict"]["slopes"][0] *= 1.1
    other = tmp_path / "vmaf_v0.6.1.json"
    other.write_text(json.dumps(document))
    out = ("--out-ckpt", tmp_path / "x.ckpt", "--out-stats", tmp_path / "x_stats.json")
    given = ("--parquet", ROWS, "--teacher", other, *QUICK)
    assert call(distilling.train, *given, *out) == 2
    assert "labels are not those of the teacher unnamed_" in capsys.readouterr().err
    assert call(distilling_loso.main, *given, "--out-json", tmp_path / "l.json") == 2
    assert not (tmp_path / "x.ckpt").exists()

    name = Teacher.from_json(other).name
    table = read_table(ROWS)
    scores = Teacher.from_json(other).score(features_of(table))
    table.assign(vmaf=scores, teacher=name).to_parquet(tmp_path / "t.parquet")
    given = ("--parquet", tmp_path / "t.parquet", "--teacher", other, *QUICK)
    assert call(distilling.train, *given, *out) == 0
    sidecar = json.loads(export(call, tmp_path, "student").with_suffix(".json").read_text())
    assert sidecar["teacher"] == name != "vmaf_v0.6.1"
    assert name in sidecar["notes"]
    with pytest.raises(ValueError, match=f"one table: {name}, vmaf_v0"):
        labelled_by(pd.concat([table.assign(teacher=one) for one in (name, "vmaf_v0.6.1")]))


def test_training_again_gives_the_same_bytes(
    quick: Path, call: Call, tmp_path: Path, teacher: Path
) -> None:
    first = quick.read_bytes()
    train(call, tmp_path, teacher)
    assert export(call, tmp_path, "quick_d1").read_bytes() == first
    train(call, tmp_path, teacher, "--seed", 1)
    assert export(call, tmp_path, "quick_d1").read_bytes() != first


def test_the_neg_twin_takes_neg_features_alone(
    call: Call, tmp_path: Path, teacher: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(call, tmp_path, teacher, "--neg")
    path = export(call, tmp_path, "quick_d1neg")
    assert path.stat().st_size <= 1500
    assert load_model(path).gain_limit == 1.0
    assert json.loads(path.with_suffix(".json").read_text())["teacher"] == "vmaf_v0.6.1neg"
    table = read_table(ROWS, neg=True)
    assert np.abs(load_model(path).predict(features_of(table)) - labels_of(table)).max() < 0.5
    planes = np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)
    assert pyvmaf_tiny.score(planes, planes, model=path, neg=True).mean > 90
    given = ("--onnx", path, "--parquet", ROWS)
    assert call(validate.main, *given) == 2
    assert "takes NEG features (gain limit 1.0): give --neg" in capsys.readouterr().err
    assert call(validate.main, *given, "--neg") == 0
    with pytest.raises(OptionError, match="neg=True"):
        pyvmaf_tiny.score(planes, planes, model=path)


@pytest.mark.parametrize(
    ("gate", "reason"),
    [
        (("--max-rmse", 1e-9), "RMSE"),
        (("--max-error", 1e-9), "an error of"),
        (("--min-plcc", 1.1), "PLCC"),
    ],
)
def test_every_gate_refuses(
    quick: Path,
    call: Call,
    gate: tuple[str, float],
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ("--onnx", quick, "--parquet", ROWS)
    assert call(validate.main, *given, "--max-rmse", 0.1, "--max-error", 0.5) == 0
    assert capsys.readouterr().out.endswith("pass\n")
    assert call(validate.main, *given, *gate) == 1
    assert f"REFUSED: {reason}" in capsys.readouterr().out


def test_it_can_be_registered(quick: Path) -> None:
    script = ROOT / "ai" / "scripts" / "register_model.py"
    sidecar = quick.with_suffix(".json")
    subprocess.run([sys.executable, script, "--sidecar", sidecar], check=True)
    registry = Registry.load(quick.parent)
    info = registry.info(registry.entry("quick_d1"))
    assert (info.ok, info.reason, info.default) == (True, None, True)


def test_held_out_figures_of_another_model_are_refused(
    quick: Path, call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loso = tmp_path / "loso.json"
    ours = {"neg": False, "architecture": {"id": "silu_257"}}
    figures: dict[str, Any] = {"aggregate": {"folds": 3}, "run_provenance": {"parameters": ours}}
    out = ("--out-onnx", quick, "--out-sidecar", quick.with_suffix(".json"))
    for changed in ({}, {"neg": True}, {"architecture": {"id": "silu_65"}}):
        figures["run_provenance"]["parameters"] = {**ours, **changed}
        loso.write_text(json.dumps(figures))
        given = ("--ckpt", tmp_path / "x.ckpt", "--loso-json", loso, *out)
        assert call(distilling.export, *given) == (2 if changed else 0)
    assert "held-out figures of silu_65" in capsys.readouterr().err
    assert json.loads(quick.with_suffix(".json").read_text())["loso_metrics"] == {"folds": 3}


def test_other_sizes(call: Call, tmp_path: Path, teacher: Path) -> None:
    train(call, tmp_path, teacher, "--hidden", 8)
    sidecar = json.loads(export(call, tmp_path, "d65").with_suffix(".json").read_text())
    assert (sidecar["architecture"], sidecar["parameters"]) == ("silu_65", 65)
    given = ("--parquet", ROWS, "--out-ckpt", tmp_path / "x", "--out-stats", tmp_path / "y")
    assert call(distilling.train, *given, "--teacher", teacher, "--hidden", 0) == 2


def test_leave_one_source_out(
    call: Call, tmp_path: Path, teacher: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.read_parquet(ROWS)
    sources = ["bunny", "city", "crossroads", "ocean"]
    table[table["source"].isin(sources)].to_parquet(tmp_path / "four.parquet")
    out = tmp_path / "loso.json"
    given: tuple[Any, ...] = ("--parquet", tmp_path / "four.parquet", "--teacher", teacher)
    assert (
        call(
            distilling_loso.main,
            *given,
            *QUICK,
            "--seeds",
            2,
            "--runs",
            tmp_path,
            "--out-json",
            out,
        )
        == 0
    )
    report = json.loads(out.read_text())
    assert list(report["folds"]) == sources
    assert report["aggregate"]["seeds"] == len(report["folds"]["city"]["per_seed"]) == 2
    assert report["aggregate"]["mean"]["rmse"] < 0.1
    assert "4 folds, 2 seeds: RMSE" in capsys.readouterr().out


def test_errors_on_made_rows(
    quick: Path, call: Call, teacher: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert call(made_rows.main, "--onnx", quick, "--parquet", ROWS, "--teacher", teacher) == 0
    _, around, flashes, anything = (line.split() for line in capsys.readouterr().out.splitlines())
    assert float(around[-2]) < 1.0 < float(anything[-1])
    assert float(flashes[-2]) <= float(flashes[-1])
    given = ("--onnx", quick, "--parquet", ROWS, "--teacher", teacher)
    assert call(made_rows.main, *given, "--neg") == 0
    of_neg_rows = capsys.readouterr().out.splitlines()[2].split()
    assert of_neg_rows != flashes
