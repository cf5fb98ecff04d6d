"""The registry of shipped models: its format, its digests, what it says when something is wrong."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import jsonschema
import onnx
import onnxruntime
import pytest
from model_graphs import MODELS, row_sums, save

from pyvmaf_tiny import FEATURES
from pyvmaf_tiny.errors import ModelDigestError, ModelFormatError, ModelNotFoundError
from pyvmaf_tiny.model import Registry, load_model, models, registry

SHIPPED = json.loads((MODELS / "registry.json").read_text())
SCHEMA = json.loads((MODELS / "registry.schema.json").read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped models."""
    return Path(shutil.copytree(MODELS, tmp_path / "models"))


def write_registry(folder: Path, document: Any) -> None:
    (folder / "registry.json").write_text(json.dumps(document))


def test_package_carries_the_models_of_the_repository() -> None:
    packaged, here = Registry.load(), Registry.load(MODELS)
    assert packaged.entries == here.entries
    assert packaged.default == here.default == "vmaf_tiny_d1"
    assert packaged.default_neg == here.default_neg == "vmaf_tiny_d1neg"
    for entry in here.entries:
        assert packaged.read(entry) == (MODELS / entry.onnx).read_bytes()


def test_shipped_registry_follows_its_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(SHIPPED, SCHEMA)


def test_every_file_is_listed_and_every_listed_file_is_there() -> None:
    listed = {
        name for entry in Registry.load(MODELS).entries for name in (entry.onnx, entry.sidecar)
    }
    there = {path.name for path in MODELS.iterdir()} - {"registry.json", "registry.schema.json"}
    assert listed == there


@pytest.mark.parametrize("model_id", Registry.load(MODELS).ids)
def test_sidecar_describes_the_graph(model_id: str) -> None:
    shipped = Registry.load(MODELS)
    entry = shipped.entry(model_id)
    sidecar = shipped.sidecar(entry)
    graph = onnx.load_model_from_string(shipped.read(entry))
    opsets = {opset.domain: opset.version for opset in graph.opset_import}
    (given,), (taken,) = graph.graph.output, graph.graph.input
    assert sidecar["id"] == entry.id
    assert sidecar["sha256"] == entry.sha256
    assert sidecar["opset"] == entry.opset == opsets[""]
    assert (sidecar["input_name"], sidecar["output_name"]) == (taken.name, given.name)
    assert tuple(sidecar["features"]) == FEATURES
    assert sidecar["license"] == entry.license
    assert sidecar["training_provenance"]["inputs"]["parquet"]["sha256"]


def test_models_are_listed_with_the_defaults_marked() -> None:
    listed = {info.id: info for info in models(MODELS)}
    assert [info.id for info in listed.values() if info.default] == ["vmaf_tiny_d1"]
    assert [info.id for info in listed.values() if info.default_neg] == ["vmaf_tiny_d1neg"]
    assert all(info.ok and info.reason is None for info in listed.values())
    assert listed["vmaf_tiny_d1"].digest == SHIPPED["models"][0]["sha256"]


def test_a_changed_model_is_not_loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_session(*_: Any, **__: Any) -> None:
        raise AssertionError("a session was made of bytes that nobody vouches for")

    path = folder / "vmaf_tiny_d1.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    monkeypatch.setattr(onnxruntime, "InferenceSession", no_session)
    with pytest.raises(ModelDigestError, match=SHIPPED["models"][0]["sha256"]):
        load_model(registry=Registry.load(folder))
    (info,) = (info for info in models(folder) if info.id == "vmaf_tiny_d1")
    assert not info.ok
    assert "sha256" in str(info.reason)


class Swapped:
    """A folder whose model file changes each time it is opened: only the first bytes are right."""

    def __init__(self, path: Path, contents: list[bytes]) -> None:
        self.path, self.contents, self.name = path, contents, path.name

    def __truediv__(self, name: str) -> Any:
        return Swapped(self.path / name, self.contents)

    def is_file(self) -> bool:
        return self.path.is_file()

    def open(self, _mode: str) -> IO[bytes]:
        return (
            io.BytesIO(self.contents.pop(0))
            if self.path.suffix == ".onnx"
            else self.path.open("rb")
        )


def test_the_bytes_that_were_hashed_are_the_bytes_that_run(tmp_path: Path) -> None:
    right = (MODELS / "vmaf_tiny_d1.onnx").read_bytes()
    wrong = save(row_sums(), tmp_path / "other.onnx").read_bytes()
    root: Any = Swapped(MODELS, [right, wrong])
    row = (0.9, 0.5, 0.8, 0.9, 0.9, 2.0)
    assert load_model(registry=Registry.load(root)).predict_one(row) == load_model(
        MODELS / "vmaf_tiny_d1.onnx"
    ).predict_one(row)
    with pytest.raises(ModelDigestError):
        load_model(registry=Registry.load(root))


def test_missing_model_file(folder: Path) -> None:
    (folder / "vmaf_tiny_d1.onnx").unlink()
    with pytest.raises(ModelNotFoundError, match=r"vmaf_tiny_d1\.onnx"):
        load_model("vmaf_tiny_d1", registry=Registry.load(folder))
    assert [info.ok for info in models(folder) if info.id == "vmaf_tiny_d1"] == [False]


def test_unknown_id_names_the_known_ones() -> None:
    with pytest.raises(ModelNotFoundError, match="vmaf_tiny_d1"):
        Registry.load(MODELS).entry("vmaf_v0.6.1")


def changed(**fields: Any) -> dict[str, Any]:
    """The shipped registry with other fields at the top."""
    return {**SHIPPED, **fields}


def changed_model(**fields: Any) -> dict[str, Any]:
    """The shipped registry with other fields in its first model."""
    first, *others = SHIPPED["models"]
    return changed(models=[{**first, **fields}, *others])


def without(key: str) -> dict[str, Any]:
    """The shipped registry whose first model lacks a field."""
    first, *others = SHIPPED["models"]
    return changed(models=[{k: v for k, v in first.items() if k != key}, *others])


BROKEN: dict[str, Any] = {
    "a list": [],
    "null": None,
    "no version": {key: value for key, value in SHIPPED.items() if key != "schema_version"},
    "a newer version": changed(schema_version=2),
    "a text as version": changed(schema_version="1"),
    "true as version": changed(schema_version=True),
    "no default": {key: value for key, value in SHIPPED.items() if key != "default"},
    "a number as default": changed(default=2),
    "null as default for NEG": changed(default_neg=None),
    "no models": changed(models=[]),
    "models by name": changed(models={"vmaf_tiny_d1": SHIPPED["models"][0]}),
    "a text as model": changed(models=["vmaf_tiny_d1"]),
    "an id that is a path": changed_model(id="../vmaf"),
    "an id that looks like a file": changed_model(id="vmaf.onnx"),
    "an empty id": changed_model(id=""),
    "an unknown kind": changed_model(kind="nr"),
    "a path outside": changed_model(onnx="../vmaf_tiny_d1.onnx"),
    "an absolute path": changed_model(onnx="/etc/passwd"),
    "a hidden file": changed_model(sidecar=".json"),
    "a short digest": changed_model(sha256="ab12"),
    "an upper-case digest": changed_model(sha256="A" * 64),
    "a number as digest": changed_model(sha256=12),
    "opset 0": changed_model(opset=0),
    "opset as text": changed_model(opset="17"),
    "smoke as number": changed_model(smoke=0),
    "an unknown kind of quantisation": changed_model(quant_mode="int4"),
    "no licence": changed_model(license=""),
    **{f"no {key}": without(key) for key in SHIPPED["models"][0]},
}


@pytest.mark.parametrize("document", BROKEN.values(), ids=BROKEN.keys())
def test_broken_registry(folder: Path, document: Any) -> None:
    write_registry(folder, document)
    with pytest.raises(ModelFormatError, match="expected"):
        Registry.load(folder)
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(document)


@pytest.mark.parametrize(
    "document",
    [
        changed(default="vmaf_tiny_v9"),
        changed(default_neg="vmaf_tiny_v9"),
        changed(models=[SHIPPED["models"][0]] * 2),
    ],
    ids=["a default that is not listed", "one for NEG that is not", "an id twice"],
)
def test_broken_references(folder: Path, document: Any) -> None:
    write_registry(folder, document)
    with pytest.raises(ModelFormatError, match="expected"):
        Registry.load(folder)


def test_without_a_default_for_neg_there_is_one_for_both(folder: Path) -> None:
    write_registry(folder, {key: SHIPPED[key] for key in SHIPPED if key != "default_neg"})
    found = Registry.load(folder)
    assert found.default_neg == found.default
    assert load_model(registry=found, neg=True).id == "vmaf_tiny_d1"


@pytest.mark.parametrize(
    "text", ["", "{", "\xff", "[" * 200_000], ids=["empty", "cut", "latin", "deep"]
)
def test_registry_that_is_not_json(folder: Path, text: str) -> None:
    (folder / "registry.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelFormatError, match="not JSON"):
        Registry.load(folder)


def test_sidecar_that_is_not_an_object(folder: Path) -> None:
    (folder / "vmaf_tiny_d1.json").write_text("[]")
    shipped = Registry.load(folder)
    with pytest.raises(ModelFormatError, match="an object"):
        shipped.sidecar(shipped.entry())


def test_no_registry(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"registry\.json"):
        models(tmp_path)


@pytest.mark.parametrize("reader", [Registry.load, models], ids=["load", "models"])
def test_oversized_files_are_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, reader: Callable[[Path], Any]
) -> None:
    monkeypatch.setattr(registry, "MAX_JSON_BYTES", 100)
    with pytest.raises(ModelFormatError, match="too large"):
        reader(folder)
