"""What is known of libvmaf's SIMD code, against the real libvmaf on both paths."""

from __future__ import annotations

import numpy as np
import pytest
from oracle.libvmaf import SCALAR, libvmaf_features
from reference.adm_reference import analyse

import pyvmaf_tiny
from pyvmaf_tiny.frames import AnyArray
from pyvmaf_tiny.parity.deviations import band_edge_matters, causes, large_coefficients

#: libvmaf's CPU mask that leaves the best of the two paths.
MASKS = {"avx512": 0, "avx2": 16 | 32}

#: Widths that an exhaustive sweep found affected by the unmirrored column.
SWEPT = {
    "avx512": "33-36 65-72 97-100 129-144 161-164 193-200 225-228 257-272 289-292 321-328 353-356 "
    "385-392 417-420 449-456 481-484 513-520",
    "avx2": "33-40 49-52 65-84 97-104 113-116 129-148 161-168 177-180 193-212 225-232 241-244 "
    "257-276 289-296 305-308 321-340 353-360 369-372 385-392 401-404 417-424 433-436 449-456 "
    "465-468 481-488 497-500 513-520 529-532",
}


def smooth(width: int, height: int = 80, frames: int = 2) -> tuple[AnyArray, AnyArray]:
    """Gentle gradients, and the same with a little noise: nothing that wide masking could show."""
    random = np.random.default_rng(width)
    y, x = np.mgrid[:height, :width]
    ref = [128 + 50 * np.sin(x / 9 + n) + 40 * np.cos(y / 7 - n) for n in range(frames)]
    dis = np.array(ref) * 1.15 - 20 + random.normal(0, 3, (frames, height, width))
    first, second = (np.clip(np.rint(each), 0, 255).astype(np.uint8) for each in (ref, dis))
    return first, second


def black_and_white(width: int, height: int = 80, frames: int = 2) -> tuple[AnyArray, AnyArray]:
    """Noise of two values."""
    random = np.random.default_rng(width)
    ref, dis = random.integers(0, 2, (2, frames, height, width)).astype(np.uint8) * 255
    return ref, dis


@pytest.mark.parametrize("simd", MASKS)
def test_widths_of_the_unmirrored_column(simd: str) -> None:
    swept: set[int] = set()
    for span in SWEPT[simd].split():
        first, last = map(int, span.split("-"))
        swept.update(range(first, last + 1))
    assert {width for width in range(33, 2000) if band_edge_matters(simd, width)} == swept


def has(simd: str) -> bool:
    """Whether this CPU runs the path."""
    (native,) = (info for info in pyvmaf_tiny.engines() if info.name == "native")
    return simd in native.cpu_flags


def adm2_differs(
    simd: str, clips: tuple[AnyArray, AnyArray], gain_limit: float = 100.0
) -> tuple[bool, bool]:
    """Whether libvmaf's SIMD code gives another adm2, and anything else, than its scalar code."""
    scalar, vector = (
        libvmaf_features(*clips, cpumask=mask, gain_limit=gain_limit)
        for mask in (SCALAR, MASKS[simd])
    )
    return bool((scalar[:, 0] != vector[:, 0]).any()), bool((scalar[:, 1:] != vector[:, 1:]).any())


@pytest.mark.parametrize("simd", MASKS)
@pytest.mark.parametrize(
    ("content", "width", "gain_limit", "expected"),
    [
        (smooth, 176, 100.0, []),
        (smooth, 144, 100.0, ["band-edge"]),
        (smooth, 176, 1.5, ["fractional-gain-limit"]),
        (smooth, 160, 1.0, []),
        (black_and_white, 176, 100.0, ["wide-masking"]),
        (black_and_white, 144, 1.25, ["band-edge", "wide-masking", "fractional-gain-limit"]),
    ],
)
def test_libvmaf_differs_where_a_cause_is_named(
    simd: str, content: object, width: int, gain_limit: float, expected: list[str]
) -> None:
    ref, dis = content(width)  # type: ignore[operator]
    named = [cause.id for cause in causes(simd, width, gain_limit, dis[1], 8)]
    assert named == expected
    if has(simd):
        adm2, others = adm2_differs(simd, (ref, dis), gain_limit)
        assert adm2 == bool(expected)
        assert not others


def test_without_the_frame_wide_masking_stays_possible() -> None:
    assert [cause.id for cause in causes("avx2", 640, 100.0, None, 8)] == ["wide-masking"]


@pytest.mark.parametrize("bit_depth", [8, 10, 16])
@pytest.mark.parametrize("shape", [(33, 34), (40, 37)])
def test_the_coefficients_are_those_of_the_feature(bit_depth: int, shape: tuple[int, int]) -> None:
    """Against the reference program, on contents around the limit."""
    random = np.random.default_rng(bit_depth)
    seen = set()
    for contrast in np.linspace(0.4, 1.0, 13):
        dtype = np.uint8 if bit_depth == 8 else np.uint16
        bits = random.integers(0, 2, shape)
        middle = 1 << (bit_depth - 1)
        plane = np.clip(middle + (bits * 2 - 1) * contrast * middle, 0, 2 * middle - 1)
        plane = plane.astype(dtype)
        bands = analyse(plane, bit_depth)[0]
        expected = max(np.abs(bands.h).max(), np.abs(bands.v).max()) >= 13807
        assert large_coefficients(plane, bit_depth) == expected
        seen.add(expected)
    assert len(seen) == 2
