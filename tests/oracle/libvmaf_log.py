"""The logs that the real libvmaf writes, with its own model: what our logs are compared with."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from pathlib import Path

from oracle.libvmaf import SCALAR, _Configuration, _picture, library
from oracle.libvmaf_model import _ModelConfiguration
from pyvmaf_tiny.frames import Plane

#: enum VmafOutputFormat
FORMATS = {"xml": 1, "json": 2, "csv": 3}

_MEAN = 3  # VMAF_POOL_METHOD_MEAN


@functools.cache
def _library() -> ctypes.CDLL:
    vmaf = library()
    handle, unsigned = ctypes.c_void_p, ctypes.c_uint
    configuration, double = ctypes.POINTER(_ModelConfiguration), ctypes.POINTER(ctypes.c_double)
    signatures: dict[str, list[object]] = {
        "vmaf_model_load": [ctypes.POINTER(handle), configuration, ctypes.c_char_p],
        "vmaf_use_features_from_model": [handle, handle],
        "vmaf_score_pooled": [handle, handle, ctypes.c_int, double, unsigned, unsigned],
        "vmaf_write_output": [handle, ctypes.c_char_p, ctypes.c_int],
    }
    for function, arguments in signatures.items():
        getattr(vmaf, function).argtypes = arguments
        getattr(vmaf, function).restype = vmaf.vmaf_init.restype
    vmaf.vmaf_model_destroy.argtypes = [handle]
    vmaf.vmaf_model_destroy.restype = None
    return vmaf


def libvmaf_logs(
    ref: Sequence[Plane],
    dis: Sequence[Plane],
    folder: Path,
    *,
    model: str = "vmaf_v0.6.1",
    subsample: int = 1,
) -> dict[str, str]:
    """Score 8 bit planes with a built-in model; the text of libvmaf's log in every format."""
    vmaf = _library()
    context, loaded = ctypes.c_void_p(), ctypes.c_void_p()
    vmaf.vmaf_init(ctypes.byref(context), _Configuration(0, 0, subsample, SCALAR, 0))
    try:
        configuration = _ModelConfiguration(b"vmaf", 0)
        vmaf.vmaf_model_load(ctypes.byref(loaded), ctypes.byref(configuration), model.encode())
        vmaf.vmaf_use_features_from_model(context, loaded)
        for index, planes in enumerate(zip(ref, dis, strict=True)):
            pictures = [ctypes.byref(_picture(plane, 8)) for plane in planes]
            vmaf.vmaf_read_pictures(context, *pictures, index)
        vmaf.vmaf_read_pictures(context, None, None, 0)
        mean = ctypes.c_double()
        vmaf.vmaf_score_pooled(context, loaded, _MEAN, ctypes.byref(mean), 0, len(ref) - 1)
        texts = {}
        for name, number in FORMATS.items():
            path = folder / f"libvmaf.{name}"
            vmaf.vmaf_write_output(context, str(path).encode(), number)
            texts[name] = path.read_text()
    finally:
        vmaf.vmaf_model_destroy(loaded)
        vmaf.vmaf_close(context)
    return texts
