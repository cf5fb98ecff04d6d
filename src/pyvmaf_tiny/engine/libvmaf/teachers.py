"""The teacher's name or file. libvmaf crashes on damaged models, so they are read here first."""

from __future__ import annotations

import json
import os
import re
from typing import Any, NoReturn

from pyvmaf_tiny.engine.base import EngineSpec
from pyvmaf_tiny.errors import ModelFormatError, ModelNotFoundError, OptionError

#: What libsvm's header must have; the rest of it is libvmaf's business.
_HEADER = frozenset({"svm_type", "kernel_type", "nr_class", "total_sv", "rho"})

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"

_VECTOR = re.compile(rf"{_NUMBER}(?:\s+\d+:{_NUMBER})*\s*")


def teacher_of(spec: EngineSpec) -> tuple[str, bool] | None:
    """The teacher's name or path, and whether it is a path.

    Raises OptionError, ModelNotFoundError and ModelFormatError.
    """
    if spec.teacher is None:
        return None
    if not isinstance(spec.teacher, (str, os.PathLike)) or not os.fspath(spec.teacher):
        raise OptionError(
            "teacher is neither a name nor a path",
            given=repr(spec.teacher),
            expected='libvmaf\'s "vmaf_v0.6.1" or the like, or the path of a .json',
        )
    name = os.fspath(spec.teacher)
    is_path = not isinstance(spec.teacher, str) or name.endswith(".json") or os.sep in name
    if is_path:
        if not os.path.isfile(name):
            raise ModelNotFoundError("the teacher names no file", given=name)
        _check_file(name)
    return name, is_path


def _check_file(path: str) -> None:
    """Refuse what libvmaf would crash on, or read numbers from where there are none."""
    try:
        with open(path, "rb") as file:
            document = json.load(file)
    except OSError as error:
        raise ModelNotFoundError("the teacher cannot be read", given=str(error)) from error
    except (ValueError, RecursionError) as error:
        _refuse(path, f"it is not JSON ({error})")
    if isinstance(document, dict) and isinstance(document.get("0"), dict):
        _refuse(path, "it is a collection of models; the teacher is one")
    model = document.get("model_dict") if isinstance(document, dict) else None
    if not isinstance(model, dict):
        _refuse(path, 'it has no object "model_dict"')
    names = model.get("feature_names")
    if not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
        _refuse(path, '"feature_names" is no list of names')
    _check_normalisation(path, model, len(names))
    options = model.get("feature_opts_dicts")
    if options is not None and not (isinstance(options, list) and len(options) == len(names)):
        _refuse(path, f'"feature_opts_dicts" is no list of {len(names)} objects')
    _check_vectors(path, model.get("model"))


def _check_normalisation(path: str, model: dict[str, Any], features: int) -> None:
    kind = model.get("norm_type")
    if kind not in ("linear_rescale", "none"):
        _refuse(path, f'"norm_type" is {kind!r}')
    for field in ("slopes", "intercepts") if kind == "linear_rescale" else ():
        values = model.get(field)
        if not (
            isinstance(values, list)
            and len(values) == features + 1
            and all(type(value) in (int, float) for value in values)
        ):
            _refuse(path, f'"{field}" is no list of {features + 1} numbers')


def _check_vectors(path: str, text: object) -> None:
    if not isinstance(text, str):
        _refuse(path, 'it has no text "model"')
    head, separator, body = text.partition("\nSV\n")
    header = dict(line.strip().partition(" ")[::2] for line in head.splitlines())
    if not separator or not header.keys() >= _HEADER:
        _refuse(path, '"model" is no text of libsvm')
    lines = body.splitlines()
    if not lines or header["total_sv"].strip() != str(len(lines)):
        _refuse(path, f'"model" has {len(lines)} vectors, says {header["total_sv"]!r}')
    if not all(_VECTOR.fullmatch(line) for line in lines):
        _refuse(path, '"model" has vectors that are no numbers')


def _refuse(path: str, why: str) -> NoReturn:
    raise ModelFormatError(
        "the teacher is not a model of libvmaf",
        given=f"{path}: {why}",
        expected="a libvmaf model as JSON",
    )
