"""Sessions: what loads and what is refused, and that scores do not depend on how they are asked."""

from __future__ import annotations

import hashlib
import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from conftest import RunPython
from hypothesis import given
from hypothesis import strategies as st
from model_graphs import (
    DOUBLE,
    INT64,
    MODELS,
    row_sums,
    save,
    two_inputs,
    two_outputs,
    whole_mean,
)
from numpy.typing import NDArray

from pyvmaf_tiny.errors import ModelError, ModelFormatError, ModelNotFoundError, OptionError
from pyvmaf_tiny.model import Model, load_model, ort, registry

SHIPPED = MODELS / "vmaf_tiny_d1.onnx"


def random_rows(count: int) -> NDArray[np.float64]:
    """Feature rows over the range that real video has, and beyond."""
    rng = np.random.default_rng(1)
    rows = rng.uniform(0.0, 1.1, (count, 6))
    rows[:, 5] *= 30
    return rows


@pytest.fixture(scope="module")
def shipped() -> Model:
    return load_model(SHIPPED)


def test_default_model_is_the_registrys() -> None:
    model = load_model()
    assert model.id == "vmaf_tiny_d1"
    assert model.trusted
    assert model.digest == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
    assert load_model("vmaf_tiny_d1").digest == model.digest
    assert load_model(neg=True).id == "vmaf_tiny_d1neg"
    assert load_model("vmaf_tiny_d1", neg=True).digest == model.digest


@pytest.mark.parametrize("kind", [str, Path], ids=["str", "Path"])
def test_own_model_by_path(tmp_path: Path, kind: type) -> None:
    path = save(row_sums(), tmp_path / "mine.ONNX")
    model = load_model(kind(path))
    assert model.id == "mine.ONNX"
    assert not model.trusted
    assert model.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert model.predict_one((1, 2, 3, 4, 5, 6)) == 21.0


@pytest.mark.parametrize("column", [False, True], ids=["[N]", "[N, 1]"])
def test_double_precision_models_lose_nothing(tmp_path: Path, column: bool) -> None:
    model = load_model(save(row_sums(type_=DOUBLE, column=column), tmp_path / "double.onnx"))
    row = (1.0, 2.0**-50, 0.0, 0.0, 0.0, 0.0)
    assert model.predict_one(row) == 1.0 + 2.0**-50
    np.testing.assert_array_equal(model.predict(np.array([row, row])), [1.0 + 2.0**-50] * 2)


@pytest.mark.parametrize("spec", ["vmaf_v0.6.1", "", "vmaf_tiny_d1.json", 42, True, b"x.onnx"])
def test_unknown_models_name_the_known_ones(spec: Any) -> None:
    with pytest.raises(ModelNotFoundError, match="vmaf_tiny_d1"):
        load_model(spec)


def test_paths_that_are_not_files(tmp_path: Path) -> None:
    (tmp_path / "folder.onnx").mkdir()
    os.mkfifo(tmp_path / "pipe.onnx")
    for name in ("missing.onnx", "folder.onnx", "pipe.onnx"):
        with pytest.raises(ModelNotFoundError, match=name):
            load_model(tmp_path / name)


def test_files_that_are_no_models(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = SHIPPED.read_bytes()
    path = tmp_path / "bad.onnx"
    for content in (b"", b"not a model", b"\x80" * 100, data[:-10], data[:300], bytes(1000)):
        path.write_bytes(content)
        with pytest.raises(ModelFormatError, match=r"bad\.onnx"):
            load_model(path)
    assert capfd.readouterr() == ("", "")


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyvmaf_tiny.model.session.MAX_MODEL_BYTES", 1000)
    with pytest.raises(ModelFormatError, match="at most 1000 bytes"):
        load_model(SHIPPED)
    assert 10_000 * SHIPPED.stat().st_size < registry.MAX_MODEL_BYTES


def test_weights_in_another_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "split.onnx"
    onnx.save(
        onnx.load(SHIPPED),
        path,
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    assert (tmp_path / "weights.bin").stat().st_size > 1000
    monkeypatch.chdir(tmp_path)  # where ONNX Runtime itself would look for them
    with pytest.raises(ModelFormatError, match="another file"):
        load_model(path)


def test_weights_in_another_file_are_found_in_nested_graphs(tmp_path: Path) -> None:
    model = row_sums()
    hidden = onnx.helper.make_tensor("hidden", onnx.TensorProto.FLOAT, [1], [0.0])
    hidden.data_location = onnx.TensorProto.EXTERNAL
    inner = onnx.helper.make_graph([], "inner", [], [], [hidden])
    model.graph.node.append(onnx.helper.make_node("If", ["x"], ["y"], then_branch=inner))
    with pytest.raises(ModelFormatError, match="another file"):
        load_model(save(model, tmp_path / "nested.onnx"))


@pytest.mark.parametrize(
    ("graph", "given"),
    [
        (row_sums(width=5), "5"),
        (row_sums(width="any"), "any"),
        (row_sums(batch=1), r"\[1, 6\]"),
        (row_sums(type_=INT64), "int64"),
        (two_inputs(), "b tensor"),
        (two_outputs(), "Abs tensor"),
        (whole_mean(), r"\(1,\) for 3 rows"),
    ],
    ids=["5 features", "any width", "fixed batch", "integers", "2 inputs", "2 outputs", "one mean"],
)
def test_graphs_of_another_shape(tmp_path: Path, graph: onnx.ModelProto, given: str) -> None:
    with pytest.raises(ModelFormatError, match=f"given .*{given}.*expected one (in|out)put"):
        load_model(save(graph, tmp_path / "other.onnx"))


def test_graph_that_cannot_run(tmp_path: Path) -> None:
    graph = row_sums()
    shape = onnx.numpy_helper.from_array(np.array([7, 6], np.int64), "shape")
    graph.graph.initializer.append(shape)
    graph.graph.node.insert(0, onnx.helper.make_node("Reshape", ["anything", "shape"], ["seven"]))
    graph.graph.node[1].input[0] = "seven"
    with pytest.raises(ModelFormatError, match="cannot score 3 rows"):
        load_model(save(graph, tmp_path / "seven.onnx"))


def test_damaged_models_never_crash(tmp_path: Path) -> None:
    data = SHIPPED.read_bytes()
    path = tmp_path / "damaged.onnx"
    random_ = random.Random(0)
    refused = 0
    for _ in range(120):
        damaged = bytearray(data)
        for _ in range(random_.choice([1, 1, 4])):
            damaged[random_.randrange(len(data))] = random_.randrange(256)
        path.write_bytes(damaged)
        try:
            load_model(path)
        except ModelError:
            refused += 1
    assert 10 < refused < 120


def test_row_by_row_equals_all_at_once(shipped: Model) -> None:
    rows = random_rows(1000)
    whole = shipped.predict(rows)
    assert [shipped.predict_one(row) for row in rows.tolist()] == whole.tolist()
    for size in (1, 2, 3, 7, 64, 999):
        parts = [shipped.predict(rows[at : at + size]) for at in range(0, len(rows), size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_scores_stay_between_0_and_100(shipped: Model) -> None:
    scores = shipped.predict(random_rows(10_000) * [3, 3, 3, 3, 3, 10])
    assert scores.min() == 0.0
    assert scores.max() == 100.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6))
def test_no_finite_row_leaves_the_range(shipped: Model, row: list[float]) -> None:
    assert 0.0 <= shipped.predict_one(row) <= 100.0


def test_no_rows_no_scores(shipped: Model) -> None:
    scores = shipped.predict(np.empty((0, 6)))
    assert scores.shape == (0,)
    assert scores.dtype == np.float64


def test_memory_layout_does_not_matter(shipped: Model) -> None:
    rows = random_rows(50)
    expected = shipped.predict(rows)
    np.testing.assert_array_equal(shipped.predict(np.asfortranarray(rows)), expected)
    np.testing.assert_array_equal(shipped.predict(np.repeat(rows, 2, axis=0)[::2]), expected)
    np.testing.assert_array_equal(shipped.predict(rows.astype(np.float32)), expected)


@pytest.mark.parametrize("shape", [(6,), (4, 5), (4, 7), (2, 2, 6), ()])
def test_rows_of_another_shape(shipped: Model, shape: tuple[int, ...]) -> None:
    with pytest.raises(OptionError, match=r"expected \(N, 6\)"):
        shipped.predict(np.zeros(shape))


@pytest.mark.parametrize("count", [0, 1, 5, 7])
def test_one_row_of_another_length(shipped: Model, count: int) -> None:
    with pytest.raises(OptionError, match=r"expected \(6,\)"):
        shipped.predict_one([0.5] * count)


def test_threads_share_a_model(shipped: Model) -> None:
    rows = random_rows(2000)
    expected = shipped.predict(rows).tolist()

    def score(_: int) -> list[float]:
        return [shipped.predict_one(row) for row in rows.tolist()]

    with ThreadPoolExecutor(8) as pool:
        assert all(scores == expected for scores in pool.map(score, range(8)))


def test_onnx_runtime_is_imported_only_for_a_session(run_python: RunPython) -> None:
    out = run_python(
        """
        import sys
        from pyvmaf_tiny.model import Registry, load_model, models
        assert models()[0].ok
        print("onnxruntime" in sys.modules)
        load_model()
        print("onnxruntime" in sys.modules)
        """
    )
    assert out.split() == ["False", "True"]


def test_a_forked_process_ends(run_python: RunPython) -> None:
    """With ONNX Runtime's telemetry it would wait for a thread that it does not have."""
    code = """
        import os
        import sys
        import time
        os.environ.pop("ORT_DISABLE_TELEMETRY", None)
        import numpy as np
        from pyvmaf_tiny import Scorer
        scorer, plane = Scorer(70, 50), np.zeros((50, 70), np.uint8)
        scorer.push(plane, plane)
        child = os.fork()
        if child == 0:
            sys.exit(7)
        end = time.monotonic() + 20
        while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
            if time.monotonic() > end:
                os.kill(child, 9)
                sys.exit("the forked process does not end")
            time.sleep(0.01)
        print(os.waitstatus_to_exitcode(ended[1]), os.environ["ORT_DISABLE_TELEMETRY"])
    """
    assert run_python(code) == "7 1\n"


def test_telemetry_is_as_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    assert "CPUExecutionProvider" in ort.available_providers()
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "0"
