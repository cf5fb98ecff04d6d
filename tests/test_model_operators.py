"""What a model file may run: read without the onnx package, refused before a session exists."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from cli_runs import run
from model_graphs import MODELS, row_sums, save
from onnx import TensorProto, helper, numpy_helper

from pyvmaf_tiny.errors import ModelError, ModelFormatError
from pyvmaf_tiny.model import Registry, load_model, models
from pyvmaf_tiny.model.onnxfile import read_graph
from pyvmaf_tiny.model.operators import ALLOWED, VARIABLE


def with_node(node: onnx.NodeProto, domain: str = "") -> onnx.ModelProto:
    """The model of row sums with one more node, whose result nobody uses."""
    model = row_sums()
    model.graph.node.append(node)
    if domain:
        model.opset_import.append(helper.make_opsetid(domain, 1))
    return model


def branch() -> onnx.ModelProto:
    """An If whose branches hold further operators."""
    yes = numpy_helper.from_array(np.array(True), "yes")
    body = helper.make_graph(
        [helper.make_node("RandomNormal", [], ["drawn"], shape=[1])],
        "body",
        [],
        [helper.make_tensor_value_info("drawn", TensorProto.FLOAT, [1])],
    )
    node = helper.make_node("If", ["yes"], ["either"], then_branch=body, else_branch=body)
    model = with_node(node)
    model.graph.initializer.append(yes)
    return model


def function() -> onnx.ModelProto:
    """A function of the file's own, whose body allocates what it likes."""
    model = with_node(helper.make_node("Mine", ["anything"], ["more"], domain="own"), "own")
    body = [helper.make_node("ConstantOfShape", ["x"], ["y"])]
    model.functions.append(
        helper.make_function("own", "Mine", ["x"], ["y"], body, [helper.make_opsetid("", 17)])
    )
    return model


REFUSED: dict[str, tuple[Callable[[], onnx.ModelProto], str]] = {
    "a size of its own": (
        lambda: with_node(helper.make_node("ConstantOfShape", ["axis"], ["big"])),
        "ConstantOfShape",
    ),
    "another vendor": (
        lambda: with_node(
            helper.make_node("Gelu", ["anything"], ["g"], domain="com.microsoft"), "com.microsoft"
        ),
        "com.microsoft:Gelu",
    ),
    "inside a branch": (branch, "If, RandomNormal"),
    "inside a function": (function, "ConstantOfShape, own:Mine"),
}


@pytest.mark.parametrize(("make", "named"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_before_a_session(
    make: Callable[[], onnx.ModelProto],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_session(*_: Any, **__: Any) -> None:
        raise AssertionError("a session was made of operators that are not allowed")

    monkeypatch.setattr(onnxruntime, "InferenceSession", no_session)
    with pytest.raises(ModelFormatError, match=f"given {named},") as caught:
        load_model(save(make(), tmp_path / "own.onnx"))
    assert VARIABLE in str(caught.value)


def test_the_user_can_allow_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(with_node(helper.make_node("Sinh", ["anything"], ["s"])), tmp_path / "own.onnx")
    monkeypatch.setenv(VARIABLE, "Cosh")
    with pytest.raises(ModelFormatError, match="Sinh"):
        load_model(path)
    monkeypatch.setenv(VARIABLE, "Cosh, Sinh")
    assert load_model(path).predict_one((1.0,) * 6) == 6.0


def test_the_long_name_of_the_domain_hides_nothing(tmp_path: Path) -> None:
    long = with_node(helper.make_node("Loop", ["axis"], ["l"], domain="ai.onnx"))
    with pytest.raises(ModelFormatError, match="given Loop,"):
        load_model(save(long, tmp_path / "own.onnx"))


def test_what_a_file_holds_is_what_onnx_says() -> None:
    for path in MODELS.glob("*.onnx"):
        model = onnx.load(path)
        facts = read_graph(path.read_bytes(), path.name)
        assert facts.operators == {node.op_type for node in model.graph.node}
        assert facts.opsets == {item.domain: item.version for item in model.opset_import}
        assert facts.operators <= ALLOWED


@pytest.mark.parametrize("cut", [1, 7, 40, 200])
def test_a_cut_file_is_an_error(cut: int, tmp_path: Path) -> None:
    data = (MODELS / "vmaf_tiny_d1.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(data[:-cut])
    with pytest.raises(ModelError):
        load_model(tmp_path / "cut.onnx")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped models, used as the package's own."""
    copy = Path(shutil.copytree(MODELS, tmp_path / "tiny_models"))
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path)
    return copy


def edit(path: Path, change: Callable[[Any], None]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def first_model(**fields: Any) -> Callable[[Any], None]:
    return lambda document: document["models"][0].update(fields)


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        ("sidecar", lambda sidecar: sidecar.update(sha256="0" * 64), "sidecar sha256"),
        ("sidecar", lambda sidecar: sidecar.update(license="MIT"), "sidecar license"),
        ("sidecar", lambda sidecar: sidecar.update(id="other"), "sidecar id"),
        ("sidecar", lambda sidecar: sidecar.pop("features"), "sidecar features"),
        ("sidecar", lambda sidecar: sidecar["features"].reverse(), "sidecar features"),
        ("registry", first_model(opset=13), "opset"),
        ("registry", first_model(quant_mode="int8"), "quantised"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_verify_notices_disagreement(
    folder: Path, file: str, change: Callable[[Any], None], reason: str
) -> None:
    first = Registry.load(folder).entries[0]
    edit(folder / ("registry.json" if file == "registry" else first.sidecar), change)
    (info,) = (info for info in models(folder) if info.id == first.id)
    assert not info.ok
    assert f"disagree, {reason}" in str(info.reason)
    ran = run("models", "verify")
    assert ran.exit_code == 4
    assert f"{first.id}: " in ran.stdout
    assert f"{first.id}: ok" not in ran.stdout


def test_verify_notices_a_missing_sidecar(folder: Path) -> None:
    first = Registry.load(folder).entries[0]
    (folder / first.sidecar).unlink()
    assert run("models", "verify").exit_code == 4


def test_a_registered_model_must_keep_to_the_list(folder: Path) -> None:
    """Even a digest that is right does not let a loop in."""
    model = with_node(helper.make_node("ConstantOfShape", ["axis"], ["big"]))
    first = Registry.load(folder).entries[0]
    path = save(model, folder / first.onnx)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    edit(folder / "registry.json", first_model(sha256=digest))
    edit(folder / first.sidecar, lambda sidecar: sidecar.update(sha256=digest))
    (info,) = (info for info in models(folder) if info.id == first.id)
    assert "ConstantOfShape" in str(info.reason)
    with pytest.raises(ModelFormatError, match="ConstantOfShape"):
        load_model(first.id, registry=Registry.load(folder))
