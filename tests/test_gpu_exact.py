"""The GPU kernels give the native engine's features, as doubles.

They run for real, on the device of ``gpu_device``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gpu_device import DEVICE
from gpu_guard import GuardedBackend
from numpy.typing import NDArray
from oracle.cases import Case, random_case
from oracle.compare import assert_same_features
from oracle.crafted import overflowing
from oracle.golden import golden_cases

import pyvmaf_tiny
from pyvmaf_tiny.engine.base import EngineSpec, Rows
from pyvmaf_tiny.engine.gpu.stream import GpuEngine
from pyvmaf_tiny.frames import BIT_DEPTHS, Plane


def on_gpu(ref: Plane, dis: Plane, **options: Any) -> NDArray[np.float64]:
    return pyvmaf_tiny.features(ref, dis, device=DEVICE, **options)


@pytest.mark.parametrize("neg", [False, True], ids=["default", "neg"])
def test_golden_cases(neg: bool) -> None:
    for case in golden_cases():
        actual = on_gpu(case.ref, case.dis, bit_depth=case.bit_depth, neg=neg)
        assert_same_features(actual, case.features(neg=neg), case)


@pytest.mark.parametrize("gain_limit", [100.0, 1.0, 1.2, 2.75])
def test_random_cases(gain_limit: float) -> None:
    for seed in range(1000, 1040):
        case = random_case(seed)
        ref, dis = case.planes()
        options: dict[str, Any] = {"bit_depth": case.bit_depth, "gain_limit": gain_limit}
        expected = pyvmaf_tiny.features(ref, dis, **options)
        assert_same_features(on_gpu(ref, dis, **options), expected, case)


@pytest.mark.parametrize("bit_depth", BIT_DEPTHS)
def test_every_size_around_the_tiles(bit_depth: int) -> None:
    """Work groups do tiles of 240 by 8, 252 by 16 and, of every second sample, 29 by 30."""
    sizes = [(33, 33), (34, 36), (63, 64), (121, 129), (240, 40), (241, 41), (253, 49), (499, 65)]
    for seed, (width, height) in enumerate(sizes):
        case = Case(width, height, bit_depth, "noise", "sharpen", seed)
        ref, dis = case.planes()
        expected = pyvmaf_tiny.features(ref, dis, bit_depth=bit_depth)
        assert_same_features(on_gpu(ref, dis, bit_depth=bit_depth), expected, case)


def test_a_large_frame() -> None:
    for bit_depth in (8, 10):
        case = Case(1921, 1083, bit_depth, "texture", "grain", 5, frames=2)
        ref, dis = case.planes()
        expected = pyvmaf_tiny.features(ref, dis, bit_depth=bit_depth)
        assert_same_features(on_gpu(ref, dis, bit_depth=bit_depth), expected, case)


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("width", [63, 64])
def test_sums_that_leave_int64_wrap_alike(width: int, everywhere: bool) -> None:
    plain = overflowing(width, 48, 8, everywhere=everywhere)[None]
    expected = pyvmaf_tiny.features(plain, plain)
    assert_same_features(on_gpu(plain, plain), expected, width)


# ---- memory -------------------------------------------------------------------------------------


def guarded_rows(case: Case, fill: int) -> Rows:
    """The rows of a case, computed in buffers between guard bands, which must stay intact."""
    spec = EngineSpec(
        width=case.width,
        height=case.height,
        bit_depth=case.bit_depth,
        renditions=("a", "b"),
        gain_limits=(100.0, 1.0),
        lag=4,
    )
    backends: list[GuardedBackend] = []

    def open_backend(sample_bytes: int, limits: int) -> GuardedBackend:
        backends.append(GuardedBackend(sample_bytes, limits, fill))
        return backends[0]

    engine = GpuEngine(spec, open_backend)
    rows: Rows = ()
    for ref, dis in zip(*case.planes(), strict=True):
        rows += engine.push(ref, (dis, ref))
    rows += engine.flush()
    assert backends[0].intact()
    engine.close()
    return rows


@pytest.mark.parametrize("bit_depth", [8, 10])
@pytest.mark.parametrize("size", [(33, 33), (131, 77), (257, 64)])
def test_kernels_stay_in_their_buffers(size: tuple[int, int], bit_depth: int) -> None:
    """Nothing is written outside, and what was in the buffers before changes no result."""
    case = Case(*size, bit_depth, "texture", "blur", 3, frames=5)
    rows = guarded_rows(case, 0x00)
    assert len(rows) == case.frames
    assert rows == guarded_rows(case, 0xFF)


@pytest.mark.parametrize("offset", [-1, 100])
def test_the_guard_notices_a_single_byte(offset: int) -> None:
    backend = GuardedBackend(1, 1, 0)
    with backend.entered():
        buffer = backend.allocate(100)
        backend.upload(buffer, 0, np.zeros(100, np.uint8))
        assert backend.intact()
        backend.upload(buffer, offset, np.zeros(1, np.uint8))
        assert not backend.intact()
    backend.close()
