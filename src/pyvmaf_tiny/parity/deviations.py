"""Where libvmaf's SIMD code is known to differ from its scalar code.

Found with libvmaf 3.2.0, AVX2 and AVX-512; only adm2 is affected. The scalar code is the
definition: it gives the same doubles on every machine. docs/compare.md tells the same for readers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.frames import Plane

#: The features that libvmaf's SIMD code is known to change.
AFFECTED: tuple[str, ...] = ("adm2",)

#: Samples in a vector of 32-bit lanes, by instruction set.
_LANES = {"avx2": 4, "avx512": 8}

#: A level-0 coefficient of the distorted frame from which a masking term can leave 16 bits.
_LARGE_COEFFICIENT = 13807

#: Daubechies-2, Q15: output k takes samples 2k-1 to 2k+2.
_LOW = (15826, 27411, 7345, -4240)
_HIGH = (-4240, -7345, 27411, -15826)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One known deviation that can have occurred here; ``id`` does not change."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What libvmaf's SIMD code has to do with a difference.

    ``engine`` is the side that ran it, ``simd`` its instruction set. ``causes`` are the known
    deviations that these frames can show. ``frame`` was extracted again on libvmaf's scalar
    path: ``scalar_equal`` says whether that gave the other side's double; None when the frame
    was not at hand any more. ``unexplained`` features have no known deviation.
    """

    engine: str
    simd: str
    causes: tuple[Cause, ...]
    frame: int | None = None
    scalar_equal: bool | None = None
    unexplained: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether everything that differs is a known deviation, and nothing speaks against it."""
        return bool(self.causes) and self.scalar_equal is not False and not self.unexplained


def causes(
    simd: str, width: int, gain_limit: float, worst: Plane | None, bit_depth: int
) -> tuple[Cause, ...]:
    """The known deviations that are possible.

    ``simd`` is "avx2" or "avx512"; ``worst`` the distorted plane of the frame that differs most,
    None when it is not at hand.
    """
    found = []
    if band_edge_matters(simd, width):
        found.append(
            Cause(
                id="band-edge",
                text=f"frames {width} wide: libvmaf's {simd} code filters the last column of a "
                "wavelet band without mirroring, with whatever follows in its buffer",
            )
        )
    if worst is None or large_coefficients(worst, bit_depth):
        found.append(
            Cause(
                id="wide-masking",
                text="black and white side by side, full-range noise: libvmaf's scalar code cuts "
                f"a masking term to 16 bits, its {simd} code does not",
            )
        )
    if not float(gain_limit).is_integer():
        found.append(
            Cause(
                id="fractional-gain-limit",
                text=f"gain limit {gain_limit:g}: libvmaf's {simd} code rounds the boosted "
                "coefficients, its scalar code truncates them",
            )
        )
    return tuple(found)


def band_edge_matters(simd: str, width: int) -> bool:
    """Whether frames of this width show the unmirrored last column of levels 1 to 3.

    The column is wrong where the band is 1 wider than whole vectors, on the next levels the last
    two are; they count as long as the border that the feature leaves out is not wider. That
    reproduces an exhaustive sweep over all widths.
    """
    band, wrong = (width + 1) // 2, 0
    for _ in range(3):
        band = (band + 1) // 2
        wrong = 2 if wrong else int(band % _LANES[simd] == 1)
        if wrong and wrong >= max((band - 5) // 10, 0):
            return True
    return False


def large_coefficients(plane: Plane, bit_depth: int) -> bool:
    """Whether a level-0 wavelet coefficient is so large that a masking term can leave 16 bits."""
    centred = plane.astype(np.int64) - (1 << (bit_depth - 1))
    for first, second in ((_HIGH, _LOW), (_LOW, _HIGH)):
        rows = _filtered(centred, first, bit_depth)
        if np.abs(_filtered(rows.T, second, 16)).max() >= _LARGE_COEFFICIENT:
            return True
    return False


def _filtered(samples: NDArray[np.int64], taps: tuple[int, ...], shift: int) -> NDArray[np.int64]:
    """Filter and halve along the first axis, rounding half up."""
    count = len(samples)
    outputs = 2 * np.arange((count + 1) // 2)
    total = np.zeros((len(outputs), samples.shape[1]), np.int64)
    for offset, tap in enumerate(taps):
        positions = np.abs(outputs + offset - 1)
        positions = np.where(positions >= count, 2 * count - 1 - positions, positions)
        total += tap * samples[positions]
    return (total + (1 << (shift - 1))) >> shift
