"""The evaluation: students of every fold, what is said of them, and the files that come out."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyvmaf_tiny_ai.evaluation_report import BEGIN, END, fill, number
from pyvmaf_tiny_ai.judging import by_score, errors_of, judge
from pyvmaf_tiny_ai.splits import Fold, SplitError, leave_one_source_out
from pyvmaf_tiny_ai.table import features_of, labels_of, read_table
from test_teacher import document

from pyvmaf_tiny.model import load_model

pytest.importorskip("torch", reason="PyTorch is not installed, see scripts/setup.sh")

from pyvmaf_tiny_ai import contenders
from pyvmaf_tiny_ai.commands import evaluate, export
from pyvmaf_tiny_ai.commands import train as train_command
from pyvmaf_tiny_ai.outoffold import Workshop
from pyvmaf_tiny_ai.recipes import SYSTEMS
from pyvmaf_tiny_ai.training import train

CORPUS = Path(__file__).resolve().parents[2] / "tests" / "data" / "corpus_rows.parquet"
V2 = Path(__file__).resolve().parents[2] / "model" / "tiny" / "vmaf_tiny_v2.onnx"
SOURCES = ("bikes", "city", "face")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rows = read_table(CORPUS)
    return rows[rows["source"].isin(SOURCES)].reset_index(drop=True)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> list[contenders.Contender]:
    """A recipe of 20 epochs and its int8 twin, in place of the family."""
    recipe = replace(SYSTEMS["vmaf_tiny_v3"].recipe, epochs=20, learning_rate=0.03)
    trained = replace(contenders.by_adam("vmaf_tiny_v3", recipe), together=2, seeds=3)
    family: list[contenders.Contender] = [
        trained,
        contenders.Quantised("vmaf_tiny_v3.int8", trained),
    ]
    monkeypatch.setattr(evaluate, "family", lambda _: family)
    return family


def make(workshop: Workshop, contender: contenders.Contender, seed: int = 0) -> dict[str, bytes]:
    workshop.make(contender, seed, lambda _: None)
    place = workshop.place(contender, seed)
    return {path.name: path.read_bytes() for path in sorted(place.iterdir())}


def test_rows_are_scored_by_a_student_that_has_not_seen_their_source(
    table: pd.DataFrame, short: list[contenders.Contender], tmp_path: Path
) -> None:
    workshop = Workshop(table, leave_one_source_out(table), tmp_path)
    trained = short[0]
    assert workshop.missing(trained, 1) == 3
    assert list(make(workshop, trained, 1)) == [f"{source}.onnx" for source in SOURCES]
    scores = workshop.scores(trained, 1)
    recipe = replace(SYSTEMS["vmaf_tiny_v3"].recipe, epochs=20, learning_rate=0.03, seed=1)
    for source in SOURCES:
        inside = (table["source"] == source).to_numpy()
        alone = train(features_of(table)[~inside], labels_of(table)[~inside], recipe)
        expected = alone.predict(features_of(table)[inside])
        np.testing.assert_allclose(scores[inside], expected, rtol=0, atol=0.05)


def test_a_run_that_was_stopped_ends_with_the_same_bytes(
    table: pd.DataFrame, short: list[contenders.Contender], tmp_path: Path
) -> None:
    workshop = Workshop(table, leave_one_source_out(table), tmp_path)
    trained, int8 = short
    whole = make(workshop, trained)
    (workshop.place(trained, 0) / "city.onnx").unlink()
    (workshop.place(trained, 0) / "face.onnx").unlink()
    assert workshop.missing(trained, 0) == 2
    assert make(workshop, trained) == whole
    quantised = make(workshop, int8)
    assert all(b"QuantizeLinear" in graph for graph in quantised.values())
    assert np.abs(workshop.scores(int8, 0) - workshop.scores(trained, 0)).max() < 10


def test_other_rows_and_recipes_have_other_folders(
    table: pd.DataFrame, short: list[contenders.Contender], tmp_path: Path
) -> None:
    workshop = Workshop(table, leave_one_source_out(table), tmp_path)
    changed = table.assign(vmaf=table["vmaf"].where(table.index != 3, 1.0))
    other = Workshop(changed, workshop.folds, tmp_path)
    recipe = replace(SYSTEMS["vmaf_tiny_v3"].recipe, epochs=21)
    places = {
        workshop.place(short[0], 0),
        workshop.place(short[0], 1),
        workshop.place(short[1], 0),
        workshop.place(contenders.by_adam("vmaf_tiny_v3", recipe), 0),
        other.place(short[0], 0),
    }
    assert len(places) == 5


def test_a_split_by_frame_is_refused(table: pd.DataFrame, tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(len(table))
    with pytest.raises(SplitError, match="both sides"):
        Workshop(table, [Fold("random", order[:90], order[90:])], tmp_path)


def test_a_published_file_whose_weights_lie_beside_it_under_another_name(tmp_path: Path) -> None:
    import onnx

    model = onnx.load(V2)
    onnx.save(
        model,
        tmp_path / "mlp_small_final.onnx",
        save_as_external_data=True,
        location="mlp_small_final.onnx.data",
        size_threshold=0,
    )
    (tmp_path / "mlp_small_final.onnx").rename(tmp_path / "v1.onnx")
    (tmp_path / "mlp_small_final.onnx.data").rename(tmp_path / "v1.onnx.data")
    (found,) = contenders.published(tmp_path)
    assert found.id == "published v1"
    (tmp_path / "whole.onnx").write_bytes(found.graph())
    rows = np.random.default_rng(0).random((9, 6))
    again = load_model(tmp_path / "whole.onnx").predict(rows)
    assert again.tolist() == load_model(V2).predict(rows).tolist()
    with pytest.raises(FileNotFoundError, match=r"no \.onnx file"):
        contenders.published(tmp_path / "nowhere")


def test_figures_of_known_errors() -> None:
    table = pd.DataFrame(
        {
            "source": ["a"] * 4 + ["b"] * 4,
            "clip": ["a"] * 4 + ["b"] * 4,
            "distortion": ["x", "x", "y", "y"] * 2,
            "codec": ["c", "c", "none", "none"] * 2,
            "vmaf": [0.0, 10.0, 50.0, 100.0, 40.0, 40.0, 40.0, 40.0],
        }
    )
    labels = labels_of(table)
    off = labels + np.array([3, -3, 3, -3, 1, 1, 1, 1])
    found = judge(table, [off, labels + 1])
    assert (found["seeds"], found["undefined_correlations"]) == (2, 1)
    assert found["folds"]["a"]["rmse"] == pytest.approx(2.0)  # 3 and 1
    assert found["folds"]["a"]["max_error"] == 3.0
    assert found["mean"]["rmse"] == pytest.approx((3 + 1 + 1 + 1) / 4)
    assert found["worst"]["rmse"] == found["worst"]["max_error"] == 3.0
    assert found["worst"]["plcc"] < 1 - 1e-3
    assert np.isnan(found["folds"]["b"]["plcc"])  # all labels are the same
    assert found["per_seed_rmse"] == pytest.approx([2.0, 1.0])
    # Both frames of clip a/x are wrong, its mean is not.
    clips = judge(table, [off])["clips"]
    assert clips["mean"]["rows"] == 4
    assert clips["mean"]["rmse"] == pytest.approx(np.sqrt(0.5))
    assert clips["harmonic_mean"]["max_error"] == pytest.approx(
        2 / (1 / 4 + 1 / 8) - 1 - (2 / (1 + 1 / 11) - 1)
    )
    assert found["by_codec"]["none"]["rows"] == 8
    bins = by_score(np.array([1.0, -2.0, 4.0]), np.array([0.0, 9.9, 100.0]))
    assert list(bins) == ["0-10", "100"]
    assert bins["0-10"] == errors_of(np.array([1.0, -2.0]))
    assert bins["0-10"]["bias"] == -0.5


def test_numbers_are_short() -> None:
    shown = [number(x) for x in (12.345, 1.2345, 0.12345, 0.00123, 6.2e-9, 0.0, None, float("nan"))]
    assert shown == ["12.3", "1.23", "0.123", "0.00123", "6.2e-09", "0", "–", "–"]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Pages with marks, as in docs/."""
    (tmp_path / "docs" / "models").mkdir(parents=True)
    for name in ("evaluation", "evaluation_folds", "vmaf_tiny_v3", "vmaf_tiny_v2"):
        page = tmp_path / "docs" / "models" / f"{name}.md"
        page.write_text(f"# {name}\n\n{BEGIN}\nold\n{END}\n\nafter\n")
    (tmp_path / "docs" / "models" / "plain.md").write_text("no marks\n")
    return tmp_path / "docs"


def results_of(docs: Path) -> Any:
    return json.loads((docs / "models" / "evaluation.json").read_text())


def test_from_a_table_to_pages(
    short: list[contenders.Contender],
    docs: Path,
    tmp_path: Path,
    table: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    everything = pd.read_parquet(CORPUS)
    kept = everything["source"].isin((*SOURCES, "life", "cat"))
    everything[kept].to_parquet(tmp_path / "rows.parquet")
    anchors = tmp_path / "anchors"
    anchors.mkdir()
    shutil.copyfile(V2, anchors / "old.onnx")

    def call(*options: object) -> int:
        given = ("--parquet", tmp_path / "rows.parquet", "--docs", docs, "--runs", tmp_path / "r")
        monkeypatch.setattr(sys, "argv", ["evaluate_models.py", *map(str, (*given, *options))])
        return evaluate.main(None)

    assert call("--seeds", 2, "--anchors", anchors) == 0, capsys.readouterr().err
    assert "vmaf_tiny_v2.md: no figures of vmaf_tiny_v2, left" in capsys.readouterr().out
    found = json.loads((docs / "models" / "evaluation.json").read_text())
    assert list(found["contenders"]) == ["vmaf_tiny_v3", "vmaf_tiny_v3.int8", "published old"]
    assert found["contenders"]["vmaf_tiny_v3"]["judged"]["seeds"] == 2
    assert found["corpus"]["sources"] == list(SOURCES)
    page = (docs / "models" / "evaluation.md").read_text()
    assert page.startswith("# evaluation")
    assert page.endswith(f"{END}\n\nafter\n")
    published = found["contenders"]["published old"]["judged"]
    errors = load_model(V2).predict(features_of(table)) - labels_of(table)
    assert published["all_rows"]["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert f"| published old | {number(published['mean']['rmse'])} ± " in page
    assert "| bikes |" in (docs / "models" / "evaluation_folds.md").read_text()
    card = (docs / "models" / "vmaf_tiny_v3.md").read_text()
    assert number(found["contenders"]["vmaf_tiny_v3"]["judged"]["worst"]["rmse"]) in card
    assert (docs / "models" / "plain.md").read_text() == "no marks\n"
    for name in ("evaluation_score.png", "evaluation_folds.png"):
        assert (docs / "images" / name).read_bytes().startswith(b"\x89PNG")

    assert call("--reserved") == 0, capsys.readouterr().err
    reserved = json.loads((docs / "models" / "evaluation.json").read_text())["reserved"]
    assert reserved["sources"] == ["cat", "life"]
    assert "vmaf_tiny_v2" in reserved["models"]
    assert "### Reserved sources" in (docs / "models" / "evaluation.md").read_text()
    assert "reserved sources, once" in (docs / "models" / "vmaf_tiny_v2.md").read_text()
    capsys.readouterr()
    assert call("--reserved") == 0
    assert "vmaf_tiny_v2: scored before, not again" in capsys.readouterr().out
    # Published files that are not given this time stay, each with its digest.
    assert call("--reserved", "--anchors", anchors) == 0
    with_anchors = results_of(docs)["reserved"]["models"]
    assert with_anchors["published old"]["sha256"] == load_model(V2).digest
    assert call("--reserved") == 0
    assert results_of(docs)["reserved"]["models"] == with_anchors
    # A file in the place of another is counted.
    document = results_of(docs)
    document["reserved"]["models"]["vmaf_tiny_v2"]["sha256"] = "0" * 64
    (docs / "models" / "evaluation.json").write_text(json.dumps(document))
    assert call("--reserved") == 0
    assert "vmaf_tiny_v2: file 2 of it" in capsys.readouterr().out
    assert results_of(docs)["reserved"]["models"]["vmaf_tiny_v2"]["files"] == 2
    page = (docs / "models" / "evaluation.md").read_text()
    assert "scored, one after the other: vmaf_tiny_v2: 2." in page
    # Another table: refused, and nothing is written.
    everything[kept].iloc[1:].to_parquet(tmp_path / "rows.parquet")
    before = results_of(docs)
    for options in (["--reserved"], ["--only", "vmaf_tiny_v3"]):
        assert call(*options) == 2
        assert "is not the table of the" in capsys.readouterr().err
    assert results_of(docs) == before
    assert call("--seeds", 1, "--only", "vmaf_tiny_v3", "--fresh") == 0
    assert list(results_of(docs)["contenders"]) == ["vmaf_tiny_v3"]
    assert "reserved" not in results_of(docs)


def test_a_part_leaves_the_rest_as_it_is(
    short: list[contenders.Contender],
    docs: Path,
    tmp_path: Path,
    table: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table.to_parquet(tmp_path / "rows.parquet")
    results = docs / "models" / "evaluation.json"

    def found(*options: object) -> Any:
        given = ("--parquet", tmp_path / "rows.parquet", "--docs", docs, "--runs", tmp_path / "r")
        monkeypatch.setattr(sys, "argv", ["evaluate_models.py", *map(str, (*given, *options))])
        assert evaluate.main(None) == 0
        return json.loads(results.read_text())["contenders"]

    both = found("--seeds", 1)
    part = found("--seeds", 2, "--only", "vmaf_tiny_v3")
    assert list(part) == list(both)
    assert part["vmaf_tiny_v3.int8"] == both["vmaf_tiny_v3.int8"]
    assert part["vmaf_tiny_v3"]["judged"]["seeds"] == 2
    assert list(found("--seeds", 1, "--only", "vmaf_tiny_v3", "--fresh")) == ["vmaf_tiny_v3"]
    # As many seeds as are asked for, also beyond the recipe's own number.
    assert short[0].seeds == 3  # type: ignore[union-attr]
    four = found("--seeds", 4, "--fresh")
    assert [one["judged"]["seeds"] for one in four.values()] == [4, 4]
    assert found("--only", "vmaf_tiny_v3")["vmaf_tiny_v3"]["judged"]["seeds"] == 3
    found("--seeds", 1, "--only", "vmaf_tiny_v3")

    onnx, sidecar = tmp_path / "vmaf_tiny_v3.onnx", tmp_path / "vmaf_tiny_v3.json"
    checkpoint = tmp_path / "v3.pt"
    given = ("--parquet", tmp_path / "rows.parquet", "--epochs", 2, "--out-ckpt", checkpoint)
    monkeypatch.setattr(
        sys, "argv", ["t.py", *map(str, (*given, "--out-stats", tmp_path / "stats.json"))]
    )
    assert train_command.main("vmaf_tiny_v3", None) == 0
    options = ("--ckpt", checkpoint, "--out-onnx", onnx, "--out-sidecar", sidecar)
    monkeypatch.setattr(sys, "argv", ["e.py", *map(str, (*options, "--loso-json", results))])
    assert export.main("vmaf_tiny_v3", None) == 0
    held_out = json.loads(sidecar.read_text())["loso_metrics"]
    assert (held_out["folds"], held_out["seeds"]) == (3, 1)
    assert held_out["worst"]["rmse"] > held_out["mean"]["rmse"] > 0


def test_an_unknown_model_is_named(
    docs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (docs / "teacher.json").write_text(json.dumps(document()))
    given = ["--parquet", CORPUS, "--docs", docs, "--teacher", docs / "teacher.json"]
    monkeypatch.setattr(sys, "argv", ["evaluate_models.py", *map(str, given), "--only", "v9"])
    assert evaluate.main(None) == 2
    assert "no model 'v9', there are linear, vmaf_tiny_v1" in capsys.readouterr().err
    sys.argv[-1] = "vmaf_tiny_d1"
    assert evaluate.main(None) == 2
    assert "labels are not those of the teacher" in capsys.readouterr().err


def test_a_page_without_marks_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(f"{BEGIN}\n")
    with pytest.raises(ValueError, match="expected one"):
        fill(tmp_path / "page.md", "block")
