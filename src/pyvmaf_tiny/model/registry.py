"""The registry of shipped models: which there are, and the digest each one must have.

``registry.json`` is the trust root. A model's bytes are read once, hashed, and those very bytes
go to the session, so nothing can change between the check and the use.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import re
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pyvmaf_tiny.errors import ModelDigestError, ModelError, ModelFormatError, ModelNotFoundError

SCHEMA_VERSION = 1
REGISTRY_FILE = "registry.json"

#: A tiny model has kilobytes; the caps keep a wrong path from filling the memory.
MAX_MODEL_BYTES = 64 << 20
MAX_JSON_BYTES = 1 << 20

#: "fr" is full reference, the only kind that this package runs.
KINDS = ("fr",)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(?<!\.onnx)")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model as the registry describes it."""

    id: str
    kind: str
    onnx: str
    sidecar: str
    sha256: str
    opset: int
    license: str
    quant_mode: str
    smoke: bool
    notes: str


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What :func:`models` says about one shipped model.

    ``digest`` is the registry's sha256; ``ok`` says that the file is here and matches it, and
    ``reason`` says why it is not (None when it is).
    """

    id: str
    kind: str
    default: bool
    digest: str
    opset: int
    license: str
    notes: str
    ok: bool
    reason: str | None


@dataclass(frozen=True)
class Registry:
    """The parsed registry of one folder of models."""

    root: Traversable
    default: str
    entries: tuple[ModelEntry, ...]

    @classmethod
    def load(cls, root: Traversable | Path | None = None) -> Registry:
        """Read and check ``registry.json`` in ``root`` (None: the models of this package).

        Raises ModelNotFoundError when there is none, ModelFormatError when it is broken.
        """
        if root is None:
            root = importlib.resources.files("pyvmaf_tiny") / "tiny_models"
        default, entries = _parse(_read_json(root / REGISTRY_FILE))
        return cls(root, default, entries)

    @property
    def ids(self) -> tuple[str, ...]:
        """The known model ids, in the registry's order."""
        return tuple(entry.id for entry in self.entries)

    def entry(self, model_id: str | None = None) -> ModelEntry:
        """Return the entry of ``model_id`` (None: the default); ModelNotFoundError if unknown."""
        wanted = self.default if model_id is None else model_id
        for entry in self.entries:
            if entry.id == wanted:
                return entry
        raise ModelNotFoundError(
            "no such model",
            given=repr(model_id),
            expected="one of " + ", ".join(self.ids),
            hint="a model of your own is given as a path that ends in .onnx",
        )

    def read(self, entry: ModelEntry) -> bytes:
        """Return the model's bytes, after their sha256 was compared with the registry's.

        Raises ModelNotFoundError (file missing), ModelDigestError (not the vouched-for bytes).
        """
        data = read_capped(self.root / entry.onnx, MAX_MODEL_BYTES)
        digest = hashlib.sha256(data).hexdigest()
        if digest != entry.sha256:
            raise ModelDigestError(
                f"the file of model {entry.id} is not the one that the registry vouches for",
                given=f"sha256 {digest}",
                expected=entry.sha256,
                hint="it was changed or damaged; reinstall pyvmaf-tiny",
            )
        return data

    def sidecar(self, entry: ModelEntry) -> dict[str, Any]:
        """Return the model's sidecar: feature order, metrics, provenance. Information only."""
        sidecar = _read_json(self.root / entry.sidecar)
        if not isinstance(sidecar, dict):
            raise ModelFormatError(
                f"broken sidecar {entry.sidecar}", given=_kind(sidecar), expected="an object"
            )
        return sidecar

    def info(self, entry: ModelEntry) -> ModelInfo:
        """Check the model's file and say whether it can be loaded."""
        try:
            self.read(entry)
        except ModelError as error:
            reason: str | None = str(error)
        else:
            reason = None
        return ModelInfo(
            id=entry.id,
            kind=entry.kind,
            default=entry.id == self.default,
            digest=entry.sha256,
            opset=entry.opset,
            license=entry.license,
            notes=entry.notes,
            ok=reason is None,
            reason=reason,
        )


def models(root: Traversable | Path | None = None) -> list[ModelInfo]:
    """List the shipped models, each with its digest checked, in the registry's order.

    Raises ModelNotFoundError or ModelFormatError when the registry itself is missing or broken.
    """
    registry = Registry.load(root)
    return [registry.info(entry) for entry in registry.entries]


def read_capped(file: Traversable, limit: int) -> bytes:
    """Read a regular file of at most ``limit`` bytes.

    Raises ModelNotFoundError when it is missing or cannot be read, ModelFormatError above the
    limit.
    """
    if not file.is_file():
        raise ModelNotFoundError(
            "no such model file", given=file, hint="check the path, or reinstall pyvmaf-tiny"
        )
    try:
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise ModelNotFoundError(
            f"the model file cannot be read ({error.strerror})", given=file
        ) from error
    if len(data) > limit:
        raise ModelFormatError(
            "the file is too large for a tiny model", given=file, expected=f"at most {limit} bytes"
        )
    return data


def _read_json(file: Traversable) -> Any:
    data = read_capped(file, MAX_JSON_BYTES)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelFormatError(f"{file.name} is not JSON ({error})", given=file) from error


def _parse(document: Any) -> tuple[str, tuple[ModelEntry, ...]]:
    """Check a parsed registry by hand: jsonschema is not needed to load a model.

    ``registry.schema.json`` beside the registry states the same rules.
    """
    version = _field(document, "schema_version", int, "registry")
    if version != SCHEMA_VERSION:
        raise _broken("schema_version", version, SCHEMA_VERSION, hint="update pyvmaf-tiny")
    listed = _field(document, "models", list, "registry")
    entries = tuple(_parse_entry(item, f"models[{index}]") for index, item in enumerate(listed))
    ids = [entry.id for entry in entries]
    for name in ids:
        if ids.count(name) > 1:
            raise _broken("models", f"the id {name!r} twice", "unique ids")
    default = _field(document, "default", str, "registry")
    if default not in ids:
        raise _broken("default", repr(default), "one of " + ", ".join(ids))
    return default, entries


def _parse_entry(item: Any, where: str) -> ModelEntry:
    entry = ModelEntry(
        id=_text(item, "id", where, _ID, "letters, digits, _ . -, not ending in .onnx"),
        kind=_field(item, "kind", str, where),
        onnx=_text(item, "onnx", where, _FILE, "a plain file name"),
        sidecar=_text(item, "sidecar", where, _FILE, "a plain file name"),
        sha256=_text(item, "sha256", where, _SHA256, "64 lower-case hexadecimal digits"),
        opset=_field(item, "opset", int, where),
        license=_field(item, "license", str, where),
        quant_mode=_field(item, "quant_mode", str, where),
        smoke=_field(item, "smoke", bool, where),
        notes=_field(item, "notes", str, where),
    )
    if entry.kind not in KINDS:
        raise _broken(f"{where}.kind", repr(entry.kind), "one of " + ", ".join(KINDS))
    if entry.opset < 1:
        raise _broken(f"{where}.opset", entry.opset, "at least 1")
    return entry


def _text(item: Any, key: str, where: str, pattern: re.Pattern[str], expected: str) -> str:
    value: str = _field(item, key, str, where)
    if not pattern.fullmatch(value):
        raise _broken(f"{where}.{key}", repr(value), expected)
    return value


def _field(item: Any, key: str, kind: type, where: str) -> Any:
    """Return ``item[key]``, which must be there and be a ``kind`` (True is not an int here)."""
    if not isinstance(item, dict):
        raise _broken(where, _kind(item), "an object")
    if key not in item:
        raise _broken(where, f"no {key!r}", f"a {_JSON_NAMES[kind]}")
    value = item[key]
    if type(value) is not kind:
        raise _broken(f"{where}.{key}", _kind(value), f"a {_JSON_NAMES[kind]}")
    return value


_JSON_NAMES = {bool: "boolean", int: "integer", str: "string", list: "list", dict: "object"}


def _kind(value: object) -> str:
    return _JSON_NAMES.get(type(value), type(value).__name__)


def _broken(field: str, given: object, expected: object, hint: str | None = None) -> ModelError:
    return ModelFormatError(
        f"broken model registry, {field}",
        given=given,
        expected=expected,
        hint=hint or "reinstall pyvmaf-tiny",
    )
