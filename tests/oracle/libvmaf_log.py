"""What the real libvmaf says with its own models: its logs, and its score of every frame."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from oracle.libvmaf import SCALAR, _Configuration, _picture, library, load
from oracle.libvmaf_model import _ModelConfiguration
from pyvmaf_tiny.frames import Plane

#: enum VmafOutputFormat
FORMATS = {"xml": 1, "json": 2, "csv": 3}

_MEAN = 3  # VMAF_POOL_METHOD_MEAN


@functools.cache
def _declared(path: Path | None) -> ctypes.CDLL:
    vmaf = library() if path is None else load(path)
    handle, unsigned, text = ctypes.c_void_p, ctypes.c_uint, ctypes.c_char_p
    configuration, double = ctypes.POINTER(_ModelConfiguration), ctypes.POINTER(ctypes.c_double)
    signatures: dict[str, list[object]] = {
        "vmaf_model_load": [ctypes.POINTER(handle), configuration, text],
        "vmaf_model_load_from_path": [ctypes.POINTER(handle), configuration, text],
        "vmaf_use_features_from_model": [handle, handle],
        "vmaf_score_at_index": [handle, handle, double, unsigned],
        "vmaf_score_pooled": [handle, handle, ctypes.c_int, double, unsigned, unsigned],
        "vmaf_write_output": [handle, text, ctypes.c_int],
    }
    for function, arguments in signatures.items():
        getattr(vmaf, function).argtypes = arguments
        getattr(vmaf, function).restype = vmaf.vmaf_init.restype
    vmaf.vmaf_model_destroy.argtypes = [handle]
    vmaf.vmaf_model_destroy.restype = None
    return vmaf


class _Scored(NamedTuple):
    """A context that has read all frames, and the model."""

    vmaf: ctypes.CDLL
    context: ctypes.c_void_p
    model: ctypes.c_void_p


@contextmanager
def _scored(
    ref: Sequence[Plane],
    dis: Sequence[Plane],
    model: str | Path,
    *,
    bit_depth: int = 8,
    subsample: int = 1,
    path: Path | None = None,
) -> Iterator[_Scored]:
    """Give all frames to a libvmaf with a built-in model, or one from a file."""
    vmaf = _declared(path)
    context, loaded = ctypes.c_void_p(), ctypes.c_void_p()
    vmaf.vmaf_init(ctypes.byref(context), _Configuration(0, 0, subsample, SCALAR, 0))
    try:
        configuration = _ModelConfiguration(b"vmaf", 0)
        load_model = (
            vmaf.vmaf_model_load_from_path if isinstance(model, Path) else vmaf.vmaf_model_load
        )
        load_model(ctypes.byref(loaded), ctypes.byref(configuration), str(model).encode())
        vmaf.vmaf_use_features_from_model(context, loaded)
        for index, planes in enumerate(zip(ref, dis, strict=True)):
            pictures = [ctypes.byref(_picture(plane, bit_depth, vmaf)) for plane in planes]
            vmaf.vmaf_read_pictures(context, *pictures, index)
        vmaf.vmaf_read_pictures(context, None, None, 0)
        yield _Scored(vmaf, context, loaded)
    finally:
        vmaf.vmaf_close(context)
        vmaf.vmaf_model_destroy(loaded)


def libvmaf_frame_scores(
    ref: Sequence[Plane],
    dis: Sequence[Plane],
    model: str | Path,
    *,
    bit_depth: int = 8,
    path: Path | None = None,
) -> list[float]:
    """Libvmaf's own score of every frame, from its pictures to its prediction, in one context."""
    scores = []
    with _scored(ref, dis, model, bit_depth=bit_depth, path=path) as (vmaf, context, loaded):
        for index in range(len(ref)):
            score = ctypes.c_double()
            vmaf.vmaf_score_at_index(context, loaded, ctypes.byref(score), index)
            scores.append(score.value)
    return scores


def libvmaf_logs(
    ref: Sequence[Plane],
    dis: Sequence[Plane],
    folder: Path,
    *,
    model: str = "vmaf_v0.6.1",
    subsample: int = 1,
) -> dict[str, str]:
    """Score 8 bit planes with a built-in model; the text of libvmaf's log in every format."""
    texts = {}
    with _scored(ref, dis, model, subsample=subsample) as (vmaf, context, loaded):
        mean = ctypes.c_double()
        vmaf.vmaf_score_pooled(context, loaded, _MEAN, ctypes.byref(mean), 0, len(ref) - 1)
        for name, number in FORMATS.items():
            file = folder / f"libvmaf.{name}"
            vmaf.vmaf_write_output(context, str(file).encode(), number)
            texts[name] = file.read_text()
    return texts
