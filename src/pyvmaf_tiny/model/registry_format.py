"""The format of ``registry.json``, checked by hand: jsonschema is not needed to load a model.

``registry.schema.json`` beside the registry states the same rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pyvmaf_tiny.errors import ModelError, ModelFormatError

SCHEMA_VERSION = 1

#: "fr" is full reference, the only kind that this package runs.
KINDS = ("fr",)

#: float32 throughout, or weights and activations in 8-bit integers.
QUANT_MODES = ("fp32", "int8")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(?<!\.onnx)")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LICENSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .()+-]*")


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


def parse(document: Any) -> tuple[str, str, tuple[ModelEntry, ...]]:
    """Return the default's id, the id of the default for NEG features, and the entries.

    A registry without ``default_neg`` has one default for both. ModelFormatError when the document
    is broken.
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
    default = _default(document, "default", ids)
    neg = _default(document, "default_neg", ids) if "default_neg" in document else default
    return default, neg, entries


def _default(document: Any, field: str, ids: list[str]) -> str:
    model_id: str = _field(document, field, str, "registry")
    if model_id not in ids:
        raise _broken(field, repr(model_id), "one of " + ", ".join(ids))
    return model_id


def _parse_entry(item: Any, where: str) -> ModelEntry:
    entry = ModelEntry(
        id=_text(item, "id", where, _ID, "letters, digits, _ . -, not ending in .onnx"),
        kind=_field(item, "kind", str, where),
        onnx=_text(item, "onnx", where, _FILE, "a plain file name"),
        sidecar=_text(item, "sidecar", where, _FILE, "a plain file name"),
        sha256=_text(item, "sha256", where, _SHA256, "64 lower-case hexadecimal digits"),
        opset=_field(item, "opset", int, where),
        license=_text(item, "license", where, _LICENSE, "an SPDX expression"),
        quant_mode=_field(item, "quant_mode", str, where),
        smoke=_field(item, "smoke", bool, where),
        notes=_field(item, "notes", str, where),
    )
    if entry.kind not in KINDS:
        raise _broken(f"{where}.kind", repr(entry.kind), "one of " + ", ".join(KINDS))
    if entry.quant_mode not in QUANT_MODES:
        raise _broken(
            f"{where}.quant_mode", repr(entry.quant_mode), "one of " + ", ".join(QUANT_MODES)
        )
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
        raise _broken(where, json_kind(item), "an object")
    if key not in item:
        raise _broken(where, f"no {key!r}", f"a {_JSON_NAMES[kind]}")
    value = item[key]
    if type(value) is not kind:
        raise _broken(f"{where}.{key}", json_kind(value), f"a {_JSON_NAMES[kind]}")
    return value


_JSON_NAMES = {bool: "boolean", int: "integer", str: "string", list: "list", dict: "object"}


def json_kind(value: object) -> str:
    return _JSON_NAMES.get(type(value), type(value).__name__)


def _broken(field: str, given: object, expected: object, hint: str | None = None) -> ModelError:
    return ModelFormatError(
        f"broken model registry, {field}",
        given=given,
        expected=expected,
        hint=hint or "reinstall pyvmaf-tiny",
    )
