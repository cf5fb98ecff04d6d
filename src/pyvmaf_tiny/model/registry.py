"""The registry of shipped models: which there are, and the digest each one must have.

``registry.json`` is the trust root. A model's bytes are read once, hashed, and those very bytes
go to the session, so nothing can change between the check and the use.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pyvmaf_tiny.errors import ModelDigestError, ModelError, ModelFormatError, ModelNotFoundError
from pyvmaf_tiny.frames import FEATURES

from .operators import check_graph
from .registry_format import ModelEntry, json_kind, parse

REGISTRY_FILE = "registry.json"

#: A tiny model has kilobytes; the caps keep a wrong path from filling the memory.
MAX_MODEL_BYTES = 64 << 20
MAX_JSON_BYTES = 1 << 20

#: Bytes that a file is read in at a time.
_PIECE = 1 << 16

#: What entry and sidecar both say.
_SHARED = ("id", "kind", "onnx", "sha256", "opset", "license", "quant_mode")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What :func:`models` says about one shipped model.

    ``default`` and ``default_neg``: it is taken when no model is named, the latter for NEG
    features. ``digest`` is the registry's sha256; ``ok`` says that the file is here, matches it
    and passes :meth:`Registry.check`, and ``reason`` says why it does not (None when it does).
    """

    id: str
    kind: str
    default: bool
    default_neg: bool
    digest: str
    opset: int
    license: str
    quant_mode: str
    notes: str
    ok: bool
    reason: str | None


@dataclass(frozen=True)
class Registry:
    """The parsed registry of one folder of models.

    ``default`` is the model to take when none is named, ``default_neg`` the one for features with
    libvmaf's NEG gain limit; they may be the same.
    """

    root: Traversable
    default: str
    default_neg: str
    entries: tuple[ModelEntry, ...]

    @classmethod
    def load(cls, root: Traversable | Path | None = None) -> Registry:
        """Read and check ``registry.json`` in ``root`` (None: the models of this package).

        Raises ModelNotFoundError when there is none, ModelFormatError when it is broken.
        """
        if root is None:
            root = importlib.resources.files("pyvmaf_tiny") / "tiny_models"
        return cls(root, *parse(_read_json(root / REGISTRY_FILE)))

    @property
    def ids(self) -> tuple[str, ...]:
        """The known model ids, in the registry's order."""
        return tuple(entry.id for entry in self.entries)

    def entry(self, model_id: str | None = None, *, neg: bool = False) -> ModelEntry:
        """Return the entry of ``model_id``; ModelNotFoundError if unknown.

        None is the default, with ``neg`` the one for NEG features.
        """
        default = self.default_neg if neg else self.default
        wanted = default if model_id is None else model_id
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
                f"broken sidecar {entry.sidecar}", given=json_kind(sidecar), expected="an object"
            )
        return sidecar

    def check(self, entry: ModelEntry) -> None:
        """Check all that can be checked without running the model.

        Its digest; that it carries all its weights (the scaler, too) and uses allowed operators
        only; that entry and sidecar say of it what is so.

        Raises ModelNotFoundError, ModelDigestError, ModelFormatError.
        """
        graph = check_graph(self.read(entry), entry.onnx)
        quantised = any("Quantize" in operator for operator in graph.operators)
        _agree(entry.id, "opset", entry.opset, graph.opsets.get(""))
        _agree(entry.id, "quantised", entry.quant_mode != "fp32", quantised)
        sidecar = self.sidecar(entry)
        for name in _SHARED:
            _agree(entry.id, f"sidecar {name}", sidecar.get(name), getattr(entry, name))
        _agree(entry.id, "sidecar features", sidecar.get("features"), list(FEATURES))

    def info(self, entry: ModelEntry) -> ModelInfo:
        """Check the model and say whether it can be loaded."""
        try:
            self.check(entry)
        except ModelError as error:
            reason: str | None = str(error)
        else:
            reason = None
        return ModelInfo(
            id=entry.id,
            kind=entry.kind,
            default=entry.id == self.default,
            default_neg=entry.id == self.default_neg,
            digest=entry.sha256,
            opset=entry.opset,
            license=entry.license,
            quant_mode=entry.quant_mode,
            notes=entry.notes,
            ok=reason is None,
            reason=reason,
        )


def models(root: Traversable | Path | None = None) -> list[ModelInfo]:
    """List the shipped models, each of them checked, in the registry's order.

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
            data = b""
            # Piece by piece: read(n) sets n bytes aside, however short the file is.
            while len(data) <= limit and (piece := stream.read(_PIECE)):
                data += piece
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


def _agree(model_id: str, what: str, given: object, expected: object) -> None:
    if given != expected:
        raise ModelFormatError(
            f"model {model_id}: registry, sidecar and file disagree, {what}",
            given=given,
            expected=expected,
            hint="reinstall pyvmaf-tiny",
        )
