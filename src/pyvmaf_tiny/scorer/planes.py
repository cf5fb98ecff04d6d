"""What callers push, as planes that the engine can use in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from pyvmaf_tiny.engine import EngineSpec
from pyvmaf_tiny.errors import (
    BitDepthError,
    FrameSizeError,
    FrameTypeError,
    InputError,
    OptionError,
)
from pyvmaf_tiny.frames import AnyArray, DevicePlane, Plane
from pyvmaf_tiny.source.arrays import to_luma
from pyvmaf_tiny.source.base import as_plane
from pyvmaf_tiny.source.videoframe import LumaReader, is_video_frame

if TYPE_CHECKING:
    import av

    Frame = AnyArray | av.VideoFrame
    #: A frame of every rendition, in their order or by their names.
    Frames = Sequence[Frame] | Mapping[str, Frame]


class PlaneReader:
    """Takes luma from arrays and PyAV frames, and checks that it is what the engine was made for.

    Nothing is copied, except left-aligned samples (p010le), which are shifted into a buffer that
    the next frame of the same input overwrites.
    """

    def __init__(self, spec: EngineSpec, device_memory: str | None = None) -> None:
        """``device_memory``: of which GPUs frames may be in the memory, see ``Engine``."""
        self._device_memory = device_memory
        self._bit_depth = spec.bit_depth
        self._shape = (spec.height, spec.width)
        self._reference = LumaReader("reference")
        self._renditions = [(name, LumaReader(name)) for name in spec.renditions]

    def reference(self, frame: Frame, index: int) -> Plane:
        """The luma of a reference frame."""
        return self._plane(frame, index, "reference", self._reference)

    def renditions(self, frames: Frames, index: int) -> tuple[Plane, ...]:
        """The luma of its distorted versions; an error has the ``rendition`` at fault."""
        if type(frames) is not tuple and type(frames) is not list:
            frames = self._in_order(frames, index)
        if len(frames) != len(self._renditions):
            raise OptionError(
                f"frame {index}: another number of distorted frames than of renditions",
                given=len(frames),
                expected=len(self._renditions),
            )
        planes = []
        for frame, (name, reader) in zip(frames, self._renditions, strict=True):
            try:
                planes.append(self._plane(frame, index, name, reader))
            except InputError as error:
                error.rendition = len(planes)
                raise
        return tuple(planes)

    def _in_order(self, frames: Frames, index: int) -> Sequence[Frame]:
        """The frames in the order of the renditions, which a dictionary says by their names."""
        if isinstance(frames, Mapping):
            names = [name for name, _ in self._renditions]
            if set(frames) != set(names):
                raise OptionError(
                    f"frame {index}: other names than the renditions'",
                    given=", ".join(map(repr, frames)) or "none",
                    expected=", ".join(map(repr, names)),
                )
            return [frames[name] for name in names]
        if not hasattr(frames, "__len__") or not hasattr(frames, "__getitem__"):
            raise OptionError(
                f"frame {index}: the distorted frames are not a list",
                given=repr(frames),
                expected="a list with a frame per rendition, or a dictionary by their names",
            )
        return frames

    def _plane(self, frame: Frame, index: int, name: str, reader: LumaReader) -> Plane:
        """Well under a microsecond for an array."""
        if type(frame) is np.ndarray:
            luma: AnyArray = frame
        elif is_video_frame(frame):
            luma, depth = reader.read(frame, index)
            if depth != self._bit_depth:
                raise BitDepthError(
                    f"{name}, frame {index}: another bit depth than the scorer's",
                    given=f"{frame.format.name}, {depth} bit",
                    expected=f"{self._bit_depth} bit",
                    hint=f"make the scorer with bit_depth={depth}, or convert the frame",
                )
        else:
            luma = self._where_it_is(frame, f"{name}, frame {index}")
        plane = as_plane(luma, bit_depth=self._bit_depth, name=name, index=index)
        if plane.shape != self._shape:
            height, width = plane.shape
            raise FrameSizeError(
                f"{name}, frame {index}: another size than the scorer's",
                given=f"{width}x{height}",
                expected=f"{self._shape[1]}x{self._shape[0]}",
                hint="scale it first, or make a scorer of its size",
            )
        return plane

    def _where_it_is(self, frame: object, where: str) -> AnyArray:
        """An array, or a plane on a GPU if the engine can take it from there."""
        luma = frame if type(frame) is DevicePlane else to_luma(frame, where)
        if type(luma) is DevicePlane and luma.kind != self._device_memory:
            takes = (
                f"the host's memory{f' or {self._device_memory}' if self._device_memory else ''}"
            )
            raise FrameTypeError(
                f"{where}: in memory that the engine cannot reach",
                given=f"an array on {luma.kind}",
                expected=f"one in {takes}",
                hint=f'say device="{luma.kind}", or pass frame.cpu()',
            )
        return cast(AnyArray, luma)
