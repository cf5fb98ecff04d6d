"""The test library called as a program would call libvmaf, step by step, through ctypes."""

from __future__ import annotations

import ctypes
import math
from ctypes import byref, c_char_p, c_double, c_int, c_uint, c_uint64, c_void_p

import numpy as np

from pyvmaf_tiny.frames import Plane

from .library import Fake

LUMA_ONLY = 4  # VMAF_PIX_FMT_YUV400P
YUV420 = 1


class Parameters(ctypes.Structure):
    """What a pool's pictures look like, and how many, or how they are allocated."""

    _fields_ = (("w", c_uint), ("h", c_uint), ("bpc", c_uint), ("format", c_int), ("last", c_int))


class SyclConfiguration(ctypes.Structure):
    """Which device, and whether kernels are timed."""

    _fields_ = (("device_index", c_int), ("enable_profiling", c_int))


class Client:
    """Calls functions of a variant and keeps what they answered."""

    def __init__(self, fake: Fake) -> None:
        modern = fake.variant.number >= (3, 0)
        self.lib = fake.lib

        class Configuration(ctypes.Structure):
            _fields_ = (
                ("log_level", c_int),
                ("n_threads", c_uint),
                ("n_subsample", c_uint),
                ("cpumask", c_uint64),
                *((("gpumask", c_uint64),) if modern else ()),
            )

        class Picture(ctypes.Structure):
            _fields_ = (
                ("format", c_int),
                ("bpc", c_uint),
                ("w", c_uint * 3),
                ("h", c_uint * 3),
                ("stride", ctypes.c_ssize_t * 3),
                ("data", c_void_p * 3),
                ("ref", c_void_p),
                *((("priv", c_void_p),) if modern else ()),
            )

        self._configuration, self.picture_type = Configuration, Picture
        fake.lib.vmaf_version.restype = c_char_p

    def init(self, threads: int = 0, subsample: int = 1) -> tuple[int, c_void_p]:
        """vmaf_init(): its answer and the context."""
        context = c_void_p()
        values = {"n_threads": threads, "n_subsample": subsample}
        return self.lib.vmaf_init(byref(context), self._configuration(**values)), context

    def use(self, context: c_void_p, *names: str, limit: str | None = None) -> list[int]:
        """vmaf_use_feature() for each name, with a dictionary when there is a limit to set."""
        answers = []
        for name in names:
            options = c_void_p()
            if limit is not None and "motion" not in name:
                key = f"{name[:3]}_enhn_gain_limit".encode()
                self.lib.vmaf_feature_dictionary_set(byref(options), key, limit.encode())
            answers.append(self.lib.vmaf_use_feature(context, name.encode(), options))
        return answers

    def picture(self, plane: Plane, pixel_format: int = LUMA_ONLY) -> ctypes.Structure:
        """A picture of the library's with a copy of the plane."""
        picture = self.picture_type()
        height, width = plane.shape
        depth = 8 * plane.itemsize
        assert not self.lib.vmaf_picture_alloc(byref(picture), pixel_format, depth, width, height)
        self.fill(picture, plane)
        return picture

    @staticmethod
    def fill(picture: ctypes.Structure, plane: Plane) -> None:
        """Copy the plane into the picture's luma."""
        height, width = plane.shape
        stride = picture.stride[0]
        memory = (ctypes.c_uint8 * (stride * height)).from_address(picture.data[0])
        rows = np.frombuffer(memory, dtype=plane.dtype).reshape(height, -1)
        rows[:, :width] = plane

    def read(self, context: c_void_p, index: int, *pair: ctypes.Structure) -> int:
        """vmaf_read_pictures() with the reference and the distorted picture."""
        return int(self.lib.vmaf_read_pictures(context, *map(byref, pair), index))

    def flush(self, context: c_void_p) -> int:
        """vmaf_read_pictures() without pictures."""
        return int(self.lib.vmaf_read_pictures(context, None, None, 0))

    def score(self, context: c_void_p, name: str, index: int) -> float | None:
        """vmaf_feature_score_at_index(); None when it fails."""
        value = c_double()
        name = name if "egl" in name else f"VMAF_integer_feature_{name}_score"
        function = self.lib.vmaf_feature_score_at_index
        return None if function(context, name.encode(), byref(value), index) else value.value

    def row(self, context: c_void_p, index: int, limit: str = "") -> list[float]:
        """The six features of a frame; NaN for what is not there."""
        names = ["adm2", *(f"vif_scale{scale}" for scale in range(4))]
        if limit:
            names = [f"integer_{name}_egl_{limit}" for name in names]
        scores = [self.score(context, name, index) for name in [*names, "motion2"]]
        return [math.nan if score is None else score for score in scores]
