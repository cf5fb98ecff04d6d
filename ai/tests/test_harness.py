"""The three-architecture harness through its command lines: smoke run, tables, a corpus folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyvmaf_tiny_ai import harness
from pyvmaf_tiny_ai.metrics import agreement
from pyvmaf_tiny_ai.splits import SplitError
from pyvmaf_tiny_ai.table import features_of, labels_of, read_table
from test_datasets import netflix_corpus
from test_teacher import document

from pyvmaf_tiny import FEATURES
from pyvmaf_tiny.model import load_model

pytest.importorskip("torch", reason="PyTorch is not installed, see scripts/setup.sh")

from pyvmaf_tiny_ai.commands import harness as command
from pyvmaf_tiny_ai.commands import loso_3arch
from pyvmaf_tiny_ai.training import load_checkpoint, train

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
ROWS = Path(__file__).resolve().parents[2] / "tests" / "data" / "v2_gate_rows.parquet"


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Any:
    """Run a command in ``tmp_path``: its exit status and what it printed."""
    monkeypatch.chdir(tmp_path)

    def called(main: Any, *arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["script.py", *map(str, arguments)])
        status = main(None)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return called


def test_smoke_run_needs_no_corpus(tmp_path: Path) -> None:
    """As continuous integration of the published project runs it, through the shell script."""
    done = subprocess.run(
        ["bash", SCRIPTS / "run_training.sh", "--epochs", "0", "--assume-dims", "64x48"],
        cwd=tmp_path,
        env={**os.environ, "PYTHON": sys.executable, "VMAF_TRAIN_OUT_DIR": str(tmp_path / "out")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "eval_report.json").read_text())
    # Zero-filled clips have nothing to agree about, but an error.
    metrics = report["metrics"]
    assert (metrics["plcc"], metrics["srocc"], metrics["krocc"]) == (None, None, None)
    assert metrics["max_error"] >= metrics["rmse"] >= 0
    assert report["parameters"] == 257
    assert report["val_source"] == "Tennis"
    model = load_model(tmp_path / "out" / "mlp_small_final.onnx")
    assert model.digest == report["onnx"]["sha256"]
    assert len(model.predict(np.zeros((5, 6)))) == 5


@pytest.mark.parametrize("arch", harness.ARCHS)
def test_a_source_is_held_out_and_measured(arch: str, call: Any, tmp_path: Path) -> None:
    status, _, error = call(
        command.main,
        *("--model-arch", arch, "--epochs", 40, "--val-source", "bikes"),
        *("--parquet", ROWS, "--out-dir", tmp_path / "out"),
    )
    assert status == 0, error
    report = json.loads((tmp_path / "out" / "eval_report.json").read_text())
    rows = read_table(ROWS)
    held_out = rows[rows["source"] == "bikes"]
    assert report["val_rows"] == len(held_out)
    assert report["train_rows"] == len(rows) - len(held_out)
    assert report["parameters"] == {"linear": 7, "mlp_small": 257, "mlp_medium": 2561}[arch]
    assert 0.1 < report["latency_us"]["p50"] <= report["latency_us"]["p95"] < 10_000
    scores = load_model(tmp_path / "out" / f"{arch}_final.onnx").predict(features_of(held_out))
    found = agreement(scores, labels_of(held_out))
    for name in ("plcc", "srocc", "krocc", "rmse"):
        assert report["metrics"][name] == pytest.approx(getattr(found, name))
    student, recipe, _ = load_checkpoint(tmp_path / "out" / f"{arch}_final.pt")
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (40, 256, 1e-3)
    assert not recipe.standardise
    rest = rows[rows["source"] != "bikes"]
    again = train(features_of(rest), labels_of(rest), recipe)
    np.testing.assert_array_equal(again.weights[0], student.weights[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", 3, "--assume-dims", "64x48"], "--epochs 0"),
        (["--epochs", 0, "--assume-dims", "64"], "expected WxH"),
        (["--epochs", 0, "--assume-dims", "16x16"], "16x16: expected at least 33x33"),
        (["--epochs", 0, "--assume-dims", "0x48"], "0x48: expected at least 33x33"),
        (["--parquet", ROWS, "--val-source", "nobody"], "no source 'nobody'"),
        (["--parquet", "gone.parquet"], "gone.parquet"),
        ([], "workingdir2/netflix/ref: no such folder"),
        (["--parquet", ROWS, "--targets-source", "mos"], "--mos FILE"),
    ],
)
def test_what_cannot_be_trained(arguments: list[object], message: str, call: Any) -> None:
    status, _, error = call(command.main, *arguments)
    assert status == 2
    assert message in error
    assert error.startswith("script.py: error: ")


def test_a_corpus_folder_goes_through_the_cache(
    call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netflix_corpus(tmp_path / "data", 1920, 1080, frames=2)
    (tmp_path / "teacher.json").write_text(json.dumps(document()))
    monkeypatch.setenv("VMAF_TINY_AI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("VMAF_DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("VMAF_TRAIN_OUT_DIR", str(tmp_path / "out"))
    (tmp_path / "mos.csv").write_text("clip,mos\nTennis_20_288_375.yuv,2\n")
    given = ("--epochs", 1, "--teacher", tmp_path / "teacher.json")
    status, _, error = call(command.main, *given)
    assert status == 0, error
    kept = sorted(path.relative_to(tmp_path / "cache") for path in tmp_path.glob("cache/*/*"))
    assert [str(path) for path in kept] == [
        "BigBuckBunny/BigBuckBunny_20_288_375.json",
        "BigBuckBunny/BigBuckBunny_90_1080_4300.json",
        "Tennis/Tennis_20_288_375.json",
        "Tennis/Tennis_90_1080_4300.json",
    ]
    report = json.loads((tmp_path / "out" / "eval_report.json").read_text())
    assert (report["train_rows"], report["val_rows"], report["rated_rows"]) == (4, 4, 0)
    # The pixels are not needed again, and opinion scores replace labels where there are any.
    for path in (tmp_path / "data").glob("*/*.yuv"):
        stamp = path.stat()
        with path.open("r+b") as file:
            file.write(b"\xff" * 4096)
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    status, _, error = call(
        command.main,
        *(*given, "--targets-source", "hybrid"),
        *("--mos", tmp_path / "mos.csv", "--mos-range", 1, 5),
    )
    assert status == 0, error
    report = json.loads((tmp_path / "out" / "eval_report.json").read_text())
    assert report["rated_rows"] == 2
    labels = read_table(tmp_path / "out" / "val_rows.parquet").groupby("name")["vmaf"]
    assert labels.get_group("Tennis_20_288_375").tolist() == [25.0, 25.0]
    assert 25.0 not in labels.get_group("Tennis_90_1080_4300").tolist()


def named_rows() -> pd.DataFrame:
    """The committed rows as if each distorted clip were a file."""
    rows = read_table(ROWS)
    return rows.assign(name=rows["clip"] + "_" + rows["distortion"])


def test_targets_by_clip() -> None:
    rows = named_rows()
    first, second = rows["name"].unique()[:2]
    mos = {first: 12.0, second: 88.0}
    only = harness.with_targets(rows, "mos", mos)
    assert set(only["name"]) == {first, second}
    assert set(only["vmaf"]) == {12.0, 88.0}
    both = harness.with_targets(rows, "hybrid", mos)
    assert len(both) == len(rows)
    assert both["rated"].sum() == len(only)
    unrated = both[~both["rated"]]
    assert unrated["vmaf"].tolist() == rows.loc[unrated.index, "vmaf"].tolist()
    with pytest.raises(ValueError, match="no opinion score for any"):
        harness.with_targets(rows, "mos", {"other": 3.0})
    with pytest.raises(ValueError, match="no column name"):
        harness.with_targets(read_table(ROWS), "mos", mos)


def test_opinion_scores_are_compared_per_clip() -> None:
    rows = read_table(ROWS)
    rows = rows.assign(name=rows["clip"])
    mos = {name: float(at % 90) for at, name in enumerate(rows["name"].unique())}
    rated = harness.with_targets(rows, "mos", mos)
    scores = rated["vmaf"].to_numpy() + np.where(np.arange(len(rated)) % 2, 1.0, -1.0)
    found = harness.measured(scores, rated)
    assert found["clips"]["rows"] == rated["name"].nunique() < len(rated)


def test_constant_scores_have_errors_and_no_correlation() -> None:
    rows = harness.with_targets(read_table(ROWS), "distill", None)
    found = harness.measured(np.full(len(rows), 50.0), rows)
    assert (found["plcc"], found["srocc"], found["krocc"]) == (None, None, None)
    errors = np.abs(50.0 - labels_of(rows))
    assert found["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert (found["rows"], found["max_error"]) == (len(rows), errors.max())


def test_three_architectures_from_runs_and_from_a_table(call: Any, tmp_path: Path) -> None:
    rows = read_table(ROWS)
    sources = sorted(rows["source"].unique())[:2]
    few = tmp_path / "few.parquet"
    rows[rows["source"].isin(sources)].to_parquet(few)
    for arch in harness.ARCHS:
        for source in sources:
            status, _, error = call(
                command.main,
                *("--model-arch", arch, "--epochs", 400, "--val-source", source, "--parquet", few),
                *("--out-dir", f"model/tiny/training_runs/loso_{arch}/fold_{source}"),
            )
            assert status == 0, error
    status, text, error = call(loso_3arch.main)
    assert status == 0, error
    read = json.loads((tmp_path / "runs/loso_eval/loso_3arch_eval.json").read_text())["archs"]
    assert (tmp_path / "runs/loso_eval/loso_3arch_eval.md").read_text() in text
    status, _, error = call(
        loso_3arch.main, "--parquet", few, "--epochs", 400, "--out", tmp_path / "trained"
    )
    assert status == 0, error
    trained = json.loads((tmp_path / "trained.json").read_text())["archs"]
    for arch in harness.ARCHS:
        assert list(read[arch]["folds"]) == list(trained[arch]["folds"]) == sources
        for source in sources:
            one, other = read[arch]["folds"][source], trained[arch]["folds"][source]
            assert one["rmse"] == pytest.approx(other["rmse"], abs=0.01)
        assert re.search(
            rf"^\| {arch} \| {read[arch]['parameters']} \| 0\.\d{{4}} ± ", text, re.MULTILINE
        )


def test_three_architectures_without_runs(call: Any) -> None:
    status, _, error = call(loso_3arch.main)
    assert status == 2
    assert "bash ai/scripts/run_training.sh --model-arch linear" in error


def test_three_architectures_need_the_same_folds(call: Any, tmp_path: Path) -> None:
    for arch, source in (("linear", "bikes"), ("mlp_small", "city"), ("mlp_medium", "bikes")):
        call(
            command.main,
            *("--model-arch", arch, "--epochs", 30, "--val-source", source, "--parquet", ROWS),
            *("--out-dir", f"model/tiny/training_runs/loso_{arch}/fold_{source}"),
        )
    status, _, error = call(loso_3arch.main)
    assert status == 2
    assert "the same folds: bikes, city" in error


def test_a_table_of_one_source_has_nothing_to_train_on(tmp_path: Path) -> None:
    rows = harness.with_targets(read_table(ROWS).query("source == 'bikes'"), "distill", None)
    with pytest.raises(SplitError, match="0 rows to train on"):
        harness.run(rows, "linear", "bikes", tmp_path, lambda *_: pytest.fail("trained"))


def test_a_network_that_died_is_measured_all_the_same(call: Any, tmp_path: Path) -> None:
    """Hardly trained, it gives 0 to every row: errors, no correlations, and a report."""
    status, text, error = call(
        loso_3arch.main, "--parquet", few_rows(tmp_path), "--epochs", 1, "--out", tmp_path / "few"
    )
    assert status == 0, error
    found = json.loads((tmp_path / "few.json").read_text())["archs"]["linear"]["folds"]["bikes"]
    assert found["plcc"] is None
    assert found["rmse"] > 20
    assert re.search(r"^\| bikes \| \d+ \| – \| – \| \d+\.\d{3} \|$", text, re.MULTILINE)


def few_rows(folder: Path) -> Path:
    """Two sources with features below 0: whatever a network begins with, its scores are clipped."""
    rows = read_table(ROWS)
    rows = rows[rows["source"].isin(["bikes", "city"])]
    features = features_of(rows) - 1e6
    rows.assign(**dict(zip(FEATURES, features.T, strict=True))).to_parquet(folder / "few.parquet")
    return folder / "few.parquet"
