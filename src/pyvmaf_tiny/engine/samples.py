"""What engines say about samples that exceed the bit depth."""

from __future__ import annotations

from pyvmaf_tiny.errors import SampleRangeError
from pyvmaf_tiny.frames import Plane


def sample_range_error(planes: dict[str, Plane], bit_depth: int, frame: int) -> SampleRangeError:
    """Find the first sample that is too large, and say where it is."""
    limit = (1 << bit_depth) - 1
    for name, plane in planes.items():
        bad = plane > limit
        if bad.any():
            y, x = divmod(int(bad.argmax()), plane.shape[1])
            return SampleRangeError(
                f"{name}, frame {frame}: a sample exceeds the bit depth",
                given=f"{plane[y, x]} at x={x}, y={y}",
                expected=f"0 to {limit} at {bit_depth} bit",
                hint=f"largest sample {plane.max()}: is the bit depth right, or are the samples "
                "left-aligned?",
            )
    raise AssertionError("the engine and NumPy disagree on the samples")  # pragma: no cover
