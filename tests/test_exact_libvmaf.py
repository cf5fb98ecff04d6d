"""The native engine against the real libvmaf's scalar path: the same doubles, whatever the frames.

``pytest -m sweep`` goes on where this file stops.
"""

from __future__ import annotations

import numpy as np
import pytest
from oracle.cases import Case, random_case, round_to_depth
from oracle.compare import assert_same_features
from oracle.content import CONTENTS
from oracle.crafted import overflowing
from oracle.distortion import DISTORTIONS
from oracle.libvmaf import libvmaf_features
from reference.adm_reference import adm

import pyvmaf_tiny
from pyvmaf_tiny.frames import BIT_DEPTHS, MAX_SIZE, Plane


def compare(
    ref: Plane, dis: Plane, what: object, *, bit_depth: int, gain_limit: float = 100.0
) -> None:
    """Native against libvmaf, both on (N, H, W) arrays."""
    actual = pyvmaf_tiny.features(ref, dis, bit_depth=bit_depth, gain_limit=gain_limit)
    expected = libvmaf_features(ref, dis, bit_depth=bit_depth, gain_limit=gain_limit)
    assert_same_features(actual, expected, f"{what}, gain limit {gain_limit}")


@pytest.mark.parametrize("distortion", DISTORTIONS)
@pytest.mark.parametrize("content", CONTENTS)
def test_content_and_distortion(content: str, distortion: str) -> None:
    sizes = [(33, 33), (64, 48), (75, 131), (161, 90)]
    for seed, bit_depth in enumerate(BIT_DEPTHS):
        width, height = sizes[(seed + len(content) + len(distortion)) % len(sizes)]
        case = Case(width, height, bit_depth, content, distortion, seed)
        ref, dis = case.planes()
        for gain_limit in (100.0, 1.0):
            compare(ref, dis, case, bit_depth=bit_depth, gain_limit=gain_limit)


@pytest.mark.parametrize("side", range(33, 82))
def test_every_small_width_and_height(side: int) -> None:
    """All parities of all pyramid levels, and every vector tail up to 64 samples."""
    other = 33 + 7 * side % 48
    for width, height in ((side, other), (other, side)):
        for bit_depth in (8, 10):
            case = Case(width, height, bit_depth, "noise", "sharpen", side, frames=2)
            compare(*case.planes(), case, bit_depth=bit_depth)


@pytest.mark.parametrize(
    ("width", "height"),
    [(33, 1080), (1920, 33), (35, 701), (641, 37), (720, 405), (517, 389), (350, 624), (999, 111)],
)
def test_tall_wide_and_common_shapes(width: int, height: int) -> None:
    for bit_depth in (8, 12):
        case = Case(width, height, bit_depth, "texture", "grain", width, frames=2)
        compare(*case.planes(), case, bit_depth=bit_depth)


@pytest.mark.parametrize(
    ("width", "height", "bit_depth"),
    [
        (1920, 1080, 8),
        (4098, 66, 10),
        (4098, 66, 16),
        (33, 4321, 8),
        (8192, 40, 16),
        (MAX_SIZE, 33, 8),
        (33, MAX_SIZE, 16),
    ],
)
def test_large_frames(width: int, height: int, bit_depth: int) -> None:
    case = Case(width, height, bit_depth, "half", "blocky", seed=1, frames=2)
    compare(*case.planes(), case, bit_depth=bit_depth)


@pytest.mark.parametrize("content", ["binary", "blocks", "checker"])
def test_extremes_of_a_full_hd_frame(content: str) -> None:
    """The largest sums that an ordinary frame can bring to the accumulators."""
    case = Case(1920, 1080, 16, content, "invert", seed=3, frames=2)
    compare(*case.planes(), case, bit_depth=16)


@pytest.mark.parametrize("gain_limit", [1.0, 1.001, 1.2, 1.5, 2.75, 10.0, 99.5, 100.0])
def test_gain_limits(gain_limit: float) -> None:
    for seed, bit_depth in enumerate(BIT_DEPTHS):
        for distortion in ("sharpen", "contrast", "shift"):
            case = Case(91, 67, bit_depth, "texture", distortion, seed, frames=1)
            compare(*case.planes(), case, bit_depth=bit_depth, gain_limit=gain_limit)


def strongly_enhanced(factor: float) -> tuple[Plane, Plane]:
    """A very faint 16-bit texture, and the same with ``factor`` times the contrast."""
    ref, _ = Case(91, 67, 16, "texture", "identical", seed=11, frames=2).planes()
    deviation = ref / 65535 - 0.5
    faint = 0.002 * deviation
    return round_to_depth(0.5 + faint, 16), round_to_depth(0.5 + factor * faint, 16)


@pytest.mark.parametrize("gain_limit", [1.2, 2.75, 10.0, 50.0, 99.5, 100.0])
def test_gain_limits_that_enhancement_reaches(gain_limit: float) -> None:
    ref, dis = strongly_enhanced(1.05 * gain_limit)
    compare(ref, dis, "enhanced", bit_depth=16, gain_limit=gain_limit)
    limited = pyvmaf_tiny.features(ref, dis, bit_depth=16, gain_limit=gain_limit)
    lower = pyvmaf_tiny.features(ref, dis, bit_depth=16, gain_limit=0.98 * gain_limit)
    assert limited[0, 0] > lower[0, 0]


def test_a_gain_limit_beyond_libvmafs() -> None:
    """The real one takes limits up to 100; the arithmetic of adm2 has no such bound."""
    ref, dis = strongly_enhanced(210.0)
    actual = pyvmaf_tiny.features(ref, dis, bit_depth=16, gain_limit=200.0)[0, 0]
    assert actual == adm(ref[0], dis[0], 16, 200.0)["adm2"]
    assert actual != adm(ref[0], dis[0], 16, 100.0)["adm2"]


@pytest.mark.parametrize("everywhere", [False, True], ids=["one row", "all rows"])
@pytest.mark.parametrize("bit_depth", BIT_DEPTHS)
@pytest.mark.parametrize("width", [63, 64])
def test_row_sums_that_overflow_int64(width: int, bit_depth: int, everywhere: bool) -> None:
    for height in (33, 48, 65, 200):
        plane = overflowing(width, height, bit_depth, everywhere=everywhere)[None]
        compare(plane, plane, f"overflowing {width}x{height}", bit_depth=bit_depth)
        compare(plane, plane, f"overflowing {width}x{height}", bit_depth=bit_depth, gain_limit=1.0)


@pytest.mark.parametrize("start", range(0, 400, 20))
def test_random_cases(start: int) -> None:
    for seed in range(start, start + 20):
        case = random_case(seed)
        gain_limit = (100.0, 1.0, 1.5)[seed % 3]
        compare(*case.planes(), case, bit_depth=case.bit_depth, gain_limit=gain_limit)


def test_a_single_pixel_off_anywhere() -> None:
    """One wrong border or tail sample shows, also where it moves nothing but one sum."""
    flat = np.full((1, 41, 71), 128, dtype=np.uint8)
    for y, x in ((0, 0), (0, 70), (40, 0), (40, 70), (20, 35), (39, 69), (1, 1)):
        spot = flat.copy()
        spot[0, y, x] = 129
        compare(flat, spot, f"pixel {y},{x} of the distorted frame", bit_depth=8)
        compare(spot, flat, f"pixel {y},{x} of the reference", bit_depth=8)
        compare(np.concatenate([flat, spot]), np.concatenate([flat, flat]), f"motion at {y},{x}",
                bit_depth=8)  # fmt: skip
