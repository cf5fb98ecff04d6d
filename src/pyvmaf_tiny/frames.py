"""The few types that every layer shares: a luma plane, a feature vector, a frame's score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: One luma plane, (height, width): uint8 at 8 bit, native-endian uint16 above. The samples of a
#: row are contiguous; rows may be any non-negative number of bytes apart.
Plane: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class DevicePlane:
    """A plane in the memory of a GPU. It goes where a :data:`Plane` goes, to an engine there.

    ``kind`` is "cuda" or "sycl"; shape, dtype and strides (in bytes) are as NumPy's. ``owner``
    keeps the memory alive. ``stream`` is the CUDA stream that may still be writing to it, None
    when nobody is. ``ordered`` says that the owner's later work on the memory goes to that stream,
    too: then it is enough that the stream waits for whoever reads the plane.
    """

    kind: str
    address: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    strides: tuple[int, ...]
    owner: object
    stream: int | None = None
    ordered: bool = False

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes of a sample."""
        return self.dtype.itemsize


#: A plane, wherever it is.
AnyPlane: TypeAlias = Plane | DevicePlane

#: Anything NumPy would call an array; what callers hand in before it has been checked.
AnyArray: TypeAlias = NDArray[Any]

#: The canonical six features, in the order of every feature row in this package.
FEATURES: tuple[str, ...] = (
    "adm2",
    "vif_scale0",
    "vif_scale1",
    "vif_scale2",
    "vif_scale3",
    "motion2",
)

#: Bit depths that the engines take.
BIT_DEPTHS: tuple[int, ...] = (8, 10, 12, 16)

#: The smallest width and height for which all four pyramid levels are defined.
MIN_SIZE = 33

#: libvmaf's enhancement gain limit where none is asked for, and the one of its NEG mode.
DEFAULT_GAIN_LIMIT = 100.0
NEG_GAIN_LIMIT = 1.0

#: The largest width and height that the native engine takes.
MAX_SIZE = 16384


class FeatureVector(NamedTuple):
    """The six features of one frame, float64, in the order of :data:`FEATURES`."""

    adm2: float
    vif_scale0: float
    vif_scale1: float
    vif_scale2: float
    vif_scale3: float
    motion2: float


@dataclass(frozen=True, slots=True)
class FrameScore:
    """One scored frame.

    ``index`` counts frames from 0 in display order (with ``subsample`` it keeps the frame's own
    number). ``score`` is 0..100, or None when the scorer runs without a model. ``teacher`` is
    what libvmaf's own model says of the frame, None where none was asked for. ``neg`` is the same
    frame without credit for enhancement (libvmaf's NEG), where both were asked for.
    """

    index: int
    score: float | None
    features: FeatureVector
    teacher: float | None = None
    neg: FrameScore | None = None
