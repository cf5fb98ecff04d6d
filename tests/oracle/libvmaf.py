"""The real libvmaf as a judge: six features of a pair of luma sequences, through ctypes.

Only the public C interface is used. libvmaf keeps its CPU mask in a global, so calls from
several threads at once would disturb each other: call from one thread.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oracle import fetch_libvmaf
from pyvmaf_tiny.frames import Plane

#: Every instruction set masked off: the portable scalar path, which defines the right numbers.
SCALAR = 2**64 - 1

#: Nothing masked off: the fastest path of this machine.
FASTEST = 0

#: libvmaf's feature extractors, the option that holds their gain limit, the names they publish.
EXTRACTORS: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "adm": ("adm_enhn_gain_limit", ("adm2",)),
    "vif": ("vif_enhn_gain_limit", ("vif_scale0", "vif_scale1", "vif_scale2", "vif_scale3")),
    "motion": (None, ("motion2",)),
}

DEFAULT_GAIN_LIMIT = 100.0

_LUMA_ONLY = 4  # VMAF_PIX_FMT_YUV400P


class _Configuration(ctypes.Structure):
    _fields_ = (
        ("log_level", ctypes.c_int),
        ("n_threads", ctypes.c_uint),
        ("n_subsample", ctypes.c_uint),
        ("cpumask", ctypes.c_uint64),
        ("gpumask", ctypes.c_uint64),
    )


class _Picture(ctypes.Structure):
    _fields_ = (
        ("pix_fmt", ctypes.c_int),
        ("bpc", ctypes.c_uint),
        ("w", ctypes.c_uint * 3),
        ("h", ctypes.c_uint * 3),
        ("stride", ctypes.c_ssize_t * 3),
        ("data", ctypes.c_void_p * 3),
        ("ref", ctypes.c_void_p),
        ("priv", ctypes.c_void_p),
    )


@functools.cache
def library() -> ctypes.CDLL:
    """The pinned libvmaf 3.2.0; an error that names the command to run when it is not there."""
    if not fetch_libvmaf.in_place():
        raise FileNotFoundError(
            f"{fetch_libvmaf.LIBRARY} is missing or not the pinned one; "
            f"run `{fetch_libvmaf.COMMAND}` to fetch it"
        )
    vmaf = load(fetch_libvmaf.LIBRARY)
    assert vmaf.vmaf_version() == b"3.2.0"
    return vmaf


@functools.cache
def load(path: Path) -> ctypes.CDLL:
    """Any libvmaf from 2.3 on. 2.x takes a shorter configuration; what follows it does no harm."""
    vmaf = ctypes.CDLL(str(path))
    handle, picture = ctypes.c_void_p, ctypes.POINTER(_Picture)
    unsigned, name = ctypes.c_uint, ctypes.c_char_p
    signatures: dict[str, list[object]] = {
        "vmaf_init": [ctypes.POINTER(handle), _Configuration],
        "vmaf_close": [handle],
        "vmaf_feature_dictionary_set": [ctypes.POINTER(handle), name, name],
        "vmaf_use_feature": [handle, name, handle],
        "vmaf_picture_alloc": [picture, ctypes.c_int, unsigned, unsigned, unsigned],
        "vmaf_read_pictures": [handle, picture, picture, unsigned],
        "vmaf_feature_score_at_index": [handle, name, ctypes.POINTER(ctypes.c_double), unsigned],
    }
    for function, arguments in signatures.items():
        getattr(vmaf, function).argtypes = arguments
        getattr(vmaf, function).restype = _check
    vmaf.vmaf_version.restype = name
    return vmaf


def _check(status: int) -> None:
    if status != 0:
        raise RuntimeError(f"libvmaf answered {status}")


def libvmaf_features(
    ref: Sequence[Plane] | Plane,
    dis: Sequence[Plane] | Plane,
    *,
    bit_depth: int = 8,
    gain_limit: float = DEFAULT_GAIN_LIMIT,
    subsample: int = 1,
    cpumask: int = SCALAR,
    path: Path | None = None,
) -> NDArray[np.float64]:
    """Features of two luma sequences, each (N, H, W) or N planes: float64 (N, 6).

    ``gain_limit`` is the enhancement gain limit, 1 (NEG) to 100. With ``subsample`` n only every
    n-th frame has a row. ``cpumask`` has a bit for each instruction set that must not be used.
    ``path`` names another libvmaf than the pinned one.
    """
    vmaf = library() if path is None else load(path)
    context = ctypes.c_void_p()
    # log level 0: libvmaf prints nothing; 0 threads: it works in the caller's
    vmaf.vmaf_init(ctypes.byref(context), _Configuration(0, 0, subsample, cpumask, 0))
    try:
        for extractor, (option, _) in EXTRACTORS.items():
            options = ctypes.c_void_p()
            if option and gain_limit != DEFAULT_GAIN_LIMIT:
                value = f"{gain_limit:.17g}".encode()
                vmaf.vmaf_feature_dictionary_set(ctypes.byref(options), option.encode(), value)
            vmaf.vmaf_use_feature(context, extractor.encode(), options)  # takes the options over
        for index, (ref_plane, dis_plane) in enumerate(zip(ref, dis, strict=True)):
            pictures = [_picture(plane, bit_depth, vmaf) for plane in (ref_plane, dis_plane)]
            vmaf.vmaf_read_pictures(context, *map(ctypes.byref, pictures), index)
        vmaf.vmaf_read_pictures(context, None, None, 0)  # flush: motion2 is known only now
        rows = [
            [_score(vmaf, context, name, index) for name in _names(gain_limit)]
            for index in range(0, len(ref), subsample)
        ]
    finally:
        vmaf.vmaf_close(context)
    return np.array(rows, dtype=np.float64)


def _names(gain_limit: float) -> list[bytes]:
    """What libvmaf calls the six features; a limit of its own becomes part of the name."""
    names = []
    for option, features in EXTRACTORS.values():
        for feature in features:
            if option and gain_limit != DEFAULT_GAIN_LIMIT:
                names.append(f"integer_{feature}_egl_{gain_limit:g}")
            else:
                names.append(f"VMAF_integer_feature_{feature}_score")
    return [name.encode() for name in names]


def _score(vmaf: ctypes.CDLL, context: ctypes.c_void_p, name: bytes, index: int) -> float:
    value = ctypes.c_double()
    vmaf.vmaf_feature_score_at_index(context, name, ctypes.byref(value), index)
    return value.value


def _picture(plane: Plane, bit_depth: int, vmaf: ctypes.CDLL) -> _Picture:
    """A luma-only picture of libvmaf's own with a copy of ``plane``; libvmaf frees it."""
    height, width = plane.shape
    picture = _Picture()
    vmaf.vmaf_picture_alloc(ctypes.byref(picture), _LUMA_ONLY, bit_depth, width, height)
    stride = picture.stride[0]
    memory = (ctypes.c_uint8 * (stride * height)).from_address(picture.data[0])
    rows = np.frombuffer(memory, dtype=plane.dtype).reshape(height, stride // plane.itemsize)
    rows[:, :width] = plane
    return picture
