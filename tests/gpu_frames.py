"""A few frames through every kernel and every kind of copy, compared with the CPU's features.

    python tests/gpu_frames.py

on the device of ``gpu_device``. It is what ``scripts/check-gpu.sh`` runs under compute-sanitizer,
where kernels are much slower. Everything is closed at the end, so what is left is a leak.
"""

from __future__ import annotations

from typing import Any

import clips
import numpy as np
from gpu_device import DEVICE, entered, held
from numpy.typing import NDArray

import pyvmaf_tiny
from pyvmaf_tiny.engine import EngineSpec, gpu
from pyvmaf_tiny.engine.base import Rows
from pyvmaf_tiny.engine.native import NativeEngine

FRAMES = 5

#: Sizes around the work groups' tiles, and how many bits.
CASES = ((131, 77, 8), (257, 64, 10), (33, 33, 16))


def planes(width: int, height: int, bit_depth: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """A moving scene, and the same with noise."""
    scene = clips.moving_planes(FRAMES, width, height)
    both = np.stack(scene), np.stack(clips.noisy(scene))
    if bit_depth == 8:
        return both
    ref, dis = (each.astype(np.uint16) << (bit_depth - 8) for each in both)
    return ref, dis


def from_the_host(ref: NDArray[Any], dis: NDArray[Any], bit_depth: int) -> int:
    """Two renditions under two gain limits, in batches that are full and not full."""
    options: dict[str, Any] = {"bit_depth": bit_depth, "neg": "both"}
    versions = [dis, ref]
    expected = pyvmaf_tiny.score_many(ref, versions, **options)
    actual = pyvmaf_tiny.score_many(ref, versions, device=DEVICE, **options)
    for one, other in zip(expected, actual, strict=True):
        np.testing.assert_array_equal(one.features, other.features)
        assert one.neg is not None
        assert other.neg is not None
        np.testing.assert_array_equal(one.neg.features, other.neg.features)
    return 2 * len(ref)


def from_the_device(ref: NDArray[Any], dis: NDArray[Any], bit_depth: int) -> int:
    """Planes that are on the device, each batch a frame."""
    height, width = ref[0].shape
    spec = EngineSpec(width=width, height=height, bit_depth=bit_depth)
    expected: Rows = ()
    actual: Rows = ()
    native = NativeEngine(spec)
    for pair in zip(ref, dis, strict=True):
        expected += native.push(pair[0], (pair[1],))
    expected += native.flush()
    on_device = EngineSpec(width=width, height=height, bit_depth=bit_depth, device=DEVICE)
    engine = gpu.create(on_device)
    with entered(ref.itemsize) as backend:
        if backend.memory is not None:
            for pair in zip(ref, dis, strict=True):
                actual += engine.push(backend.place(pair[0]), (backend.place(pair[1]),))
            actual += engine.flush()
            assert actual == expected
        engine.close()
    return len(actual)


def staying_there(ref: NDArray[Any], dis: NDArray[Any], bit_depth: int) -> int:
    """Features and scores that are left on the device; nobody looks at them."""
    height, width = ref[0].shape
    with pyvmaf_tiny.DeviceScorer(
        width, height, bit_depth=bit_depth, device=DEVICE, batch=2
    ) as scorer:
        parts = [part for pair in zip(ref, dis, strict=True) for part in scorer.push(*pair)]
        parts += scorer.flush()
        frames = sum(part.scores.shape[0] for part in parts if part.scores is not None)
        assert frames == len(ref)
        del parts
    return frames


def main() -> None:
    """Run every case; AssertionError for a feature that is not the CPU's."""
    with held():
        frames = run()
    print(f"{frames} frames on {DEVICE}, the features are the CPU's")


def run() -> int:
    """How many frames the cases have; see :func:`main`."""
    frames = 0
    for width, height, bit_depth in CASES:
        ref, dis = planes(width, height, bit_depth)
        frames += from_the_host(ref, dis, bit_depth)
        frames += from_the_device(ref, dis, bit_depth)
        if not DEVICE.startswith("opencl"):
            frames += staying_there(ref, dis, bit_depth)
    return frames


if __name__ == "__main__":
    main()
