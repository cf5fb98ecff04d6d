"""The scores that the real libvmaf gives to feature rows, with the models it has built in."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracle.libvmaf import FASTEST, _Configuration, library
from pyvmaf_tiny.frames import FEATURES

#: VMAF_MODEL_FLAG_ENABLE_TRANSFORM
_TRANSFORM = 2


class _ModelConfiguration(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("flags", ctypes.c_uint64))


class _CollectionScore(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("bagging_score", ctypes.c_double),
        ("stddev", ctypes.c_double),
        ("low", ctypes.c_double),
        ("high", ctypes.c_double),
    )


def libvmaf_scores(
    features: NDArray[np.float64], model: str = "vmaf_v0.6.1", *, transform: bool = False
) -> NDArray[np.float64]:
    """Libvmaf's own scores, clipped to 0..100: float64 (N, 6) in our order -> (N,).

    The rows are handed over as features that were computed elsewhere, under the names that the
    model's own options give them.
    """
    vmaf = library()
    loaded, score = ctypes.c_void_p(), ctypes.c_double()
    configuration = _ModelConfiguration(b"vmaf", _TRANSFORM if transform else 0)
    _ok(vmaf.vmaf_model_load(ctypes.byref(loaded), ctypes.byref(configuration), model.encode()))
    scores = []
    try:
        use = vmaf.vmaf_use_features_from_model
        for context, index in _imported(features, model, use, loaded):
            row = ctypes.c_uint(index)
            _ok(vmaf.vmaf_score_at_index(context, loaded, ctypes.byref(score), row))
            scores.append(score.value)
    finally:
        vmaf.vmaf_model_destroy(loaded)
    return np.array(scores)


def libvmaf_bootstrap(features: NDArray[np.float64], model: str) -> NDArray[np.float64]:
    """What libvmaf says with a bootstrap collection: (N, 4), score, stddev, lower, upper end."""
    vmaf = library()
    first, collection, score = ctypes.c_void_p(), ctypes.c_void_p(), _CollectionScore()
    configuration = _ModelConfiguration(b"vmaf", 0)
    load = [ctypes.byref(first), ctypes.byref(collection), ctypes.byref(configuration)]
    _ok(vmaf.vmaf_model_collection_load(*load, model.encode()))
    rows = []
    try:
        use = vmaf.vmaf_use_features_from_model_collection
        for context, index in _imported(features, model, use, collection):
            row = ctypes.c_uint(index)
            _ok(
                vmaf.vmaf_score_at_index_model_collection(
                    context, collection, ctypes.byref(score), row
                )
            )
            rows.append((score.bagging_score, score.stddev, score.low, score.high))
    finally:
        vmaf.vmaf_model_collection_destroy(collection)
        vmaf.vmaf_model_destroy(first)
    return np.array(rows)


def _imported(
    features: NDArray[np.float64], model: str, use: Any, loaded: ctypes.c_void_p
) -> Iterator[tuple[ctypes.c_void_p, int]]:
    """A context that has the features of row n, and n, for every row."""
    vmaf = library()
    with _context() as context:
        _ok(use(context, loaded))
        for index, row in enumerate(features.tolist()):
            for name, value in zip(FEATURES, row, strict=True):
                known_as = _known_as(name, neg=model.endswith("neg")).encode()
                number, place = ctypes.c_double(value), ctypes.c_uint(index)
                _ok(vmaf.vmaf_import_feature_score(context, known_as, number, place))
            yield context, index


def _known_as(feature: str, *, neg: bool) -> str:
    """Libvmaf's name of a feature in its collector."""
    if not neg or feature == "motion2":
        return f"VMAF_integer_feature_{feature}_score"
    return f"integer_{feature}_egl_1"


@contextmanager
def _context() -> Iterator[ctypes.c_void_p]:
    vmaf, context = library(), ctypes.c_void_p()
    vmaf.vmaf_init(ctypes.byref(context), _Configuration(0, 0, 1, FASTEST, 0))
    try:
        yield context
    finally:
        vmaf.vmaf_close(context)


def _ok(status: int | None) -> None:
    if status:  # None from a function whose status is checked where it was declared
        raise RuntimeError(f"libvmaf answered {status}")
