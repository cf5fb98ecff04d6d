"""The scores that the real libvmaf gives to feature rows: its built-in vmaf_v0.6.1."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from oracle.libvmaf import FASTEST, _Configuration, library
from pyvmaf_tiny.frames import FEATURES


class _ModelConfiguration(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("flags", ctypes.c_uint64))


def libvmaf_scores(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Libvmaf's own scores, clipped to 0..100: float64 (N, 6) in our order -> (N,).

    The rows are handed over as features that were computed elsewhere.
    """
    vmaf = library()
    context, model, score = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_double()
    vmaf.vmaf_init(ctypes.byref(context), _Configuration(0, 0, 1, FASTEST, 0))
    configuration = _ModelConfiguration(b"vmaf", 0)
    _ok(vmaf.vmaf_model_load(ctypes.byref(model), ctypes.byref(configuration), b"vmaf_v0.6.1"))
    try:
        _ok(vmaf.vmaf_use_features_from_model(context, model))
        scores = []
        for index, row in enumerate(features.tolist()):
            for name, value in zip(FEATURES, row, strict=True):
                known_as = f"VMAF_integer_feature_{name}_score".encode()
                _ok(
                    vmaf.vmaf_import_feature_score(
                        context, known_as, ctypes.c_double(value), ctypes.c_uint(index)
                    )
                )
            _ok(vmaf.vmaf_score_at_index(context, model, ctypes.byref(score), ctypes.c_uint(index)))
            scores.append(score.value)
    finally:
        vmaf.vmaf_model_destroy(model)
        vmaf.vmaf_close(context)
    return np.array(scores)


def _ok(status: int) -> None:
    if status != 0:
        raise RuntimeError(f"libvmaf answered {status}")
