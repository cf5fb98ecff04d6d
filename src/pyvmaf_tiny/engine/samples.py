"""What engines say about samples that exceed the bit depth."""

from __future__ import annotations

from collections.abc import Sequence

from pyvmaf_tiny.errors import SampleRangeError
from pyvmaf_tiny.frames import AnyPlane, DevicePlane

from .base import EngineSpec


def sample_range_error(
    spec: EngineSpec, frame: int, ref: AnyPlane, dis: Sequence[AnyPlane] = ()
) -> SampleRangeError | None:
    """The first sample of a frame that is too large and where it is; None when all fit.

    Planes in a GPU's memory are left to the engine there.
    """
    limit = (1 << spec.bit_depth) - 1
    planes = [("reference", ref), *zip(spec.renditions, dis, strict=False)]
    for position, (name, plane) in enumerate(planes):
        if isinstance(plane, DevicePlane) or plane.max() <= limit:
            continue
        bad = plane > limit
        y, x = divmod(int(bad.argmax()), plane.shape[1])
        error = SampleRangeError(
            f"{name}, frame {frame}: a sample exceeds the bit depth",
            given=f"{plane[y, x]} at x={x}, y={y}",
            expected=f"0 to {limit} at {spec.bit_depth} bit",
            hint=f"largest sample {plane.max()}: is the bit depth right, or are the samples "
            "left-aligned?",
        )
        error.rendition = position - 1 if position else None
        return error
    return None
