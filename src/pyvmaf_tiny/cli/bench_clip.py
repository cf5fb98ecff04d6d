"""The frames that ``bench`` runs over, held in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyvmaf_tiny.demo.drawn import drawn_scene, softened
from pyvmaf_tiny.frames import Plane
from pyvmaf_tiny.source import open_pairs
from pyvmaf_tiny.source.base import check_bit_depth, check_size

_DRAWN = "drawn scene"


@dataclass(frozen=True, slots=True)
class Clip:
    """Pairs of luma planes (height, width), uint8 at 8 bit and uint16 above; at least one."""

    name: str
    bit_depth: int
    pairs: list[tuple[Plane, Plane]]

    @property
    def width(self) -> int:
        """Luma samples in a row."""
        return int(self.pairs[0][0].shape[1])

    @property
    def height(self) -> int:
        """Rows of luma."""
        return int(self.pairs[0][0].shape[0])

    def to_dict(self) -> dict[str, Any]:
        """What was measured on, ready for JSON."""
        return {
            "clip": self.name,
            "width": self.width,
            "height": self.height,
            "bit_depth": self.bit_depth,
            "frames": len(self.pairs),
        }


def drawn_clip(size: tuple[int, int], frames: int, bit_depth: int) -> Clip:
    """A drawn moving scene and a coarser version of it.

    Raises FrameSizeError and BitDepthError for what the engine does not take.
    """
    width, height = size
    check_size(width, height, _DRAWN)
    check_bit_depth(bit_depth, _DRAWN)
    scene = drawn_scene(width, height, frames, bit_depth=bit_depth)
    pairs = [(plane, softened(plane, bit_depth=bit_depth)) for plane in scene]
    return Clip(_DRAWN, bit_depth, pairs)


def read_clip(ref: str, dis: str, frames: int, **options: Any) -> Clip:
    """The first ``frames`` pairs of two inputs; ``options`` are those of ``open_pairs``."""
    with open_pairs(ref, dis, frames=frames, shortest=True, **options) as pairs:
        copies = [(ref_plane.copy(), dis_plane.copy()) for ref_plane, dis_plane in pairs]
        return Clip(ref, pairs.bit_depth, copies)
