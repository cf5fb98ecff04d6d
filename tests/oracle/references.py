"""The reference programs as a judge: six features of a pair of luma sequences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from reference.adm_reference import adm
from reference.vif_motion_reference import motion, motion2, vif

from pyvmaf_tiny.frames import Plane


def reference_features(
    ref: Sequence[Plane] | Plane,
    dis: Sequence[Plane] | Plane,
    *,
    bit_depth: int = 8,
    gain_limit: float = 100.0,
) -> NDArray[np.float64]:
    """Features of two luma sequences, each (N, H, W) or N planes: float64 (N, 6)."""
    motions = motion2(motion(list(ref), bit_depth))
    rows = [
        [
            adm(ref_plane, dis_plane, bit_depth, gain_limit)["adm2"],
            *vif(ref_plane, dis_plane, bit_depth, gain_limit)["score"],
            motion_of_frame,
        ]
        for ref_plane, dis_plane, motion_of_frame in zip(ref, dis, motions, strict=True)
    ]
    return np.array(rows, dtype=np.float64)
