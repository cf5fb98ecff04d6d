"""A drawn moving scene: for benchmarks, and for the demo where no footage is installed.

A camera pans over clouds behind sharp-edged buildings that pass faster, under film grain.
Edges, texture, parallax and grain are what the features respond to.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pyvmaf_tiny.frames import Plane

_GROUND_SPEED = 1
_BUILDING_SPEED = 3
#: Standard deviation of the film grain, of full scale.
_GRAIN = 0.012

_Picture = NDArray[np.float32]


def drawn_scene(
    width: int, height: int, frames: int, *, bit_depth: int = 8, seed: int = 7
) -> Iterator[Plane]:
    """Yield ``frames`` luma planes (height, width), uint8 at 8 bit, uint16 above.

    The same arguments give the same planes.
    """
    rng = np.random.default_rng(seed)
    ground = _texture(height, width + _GROUND_SPEED * frames, rng)
    buildings, mask = _buildings(height, width + _BUILDING_SPEED * frames, rng)
    grain = [rng.normal(0, _GRAIN, (height, width)).astype(np.float32) for _ in range(4)]
    for index in range(frames):
        far = ground[:, index * _GROUND_SPEED :][:, :width]
        near = slice(index * _BUILDING_SPEED, index * _BUILDING_SPEED + width)
        picture = np.where(mask[:, near], buildings[:, near], far)
        # A few grain fields at changing offsets look random and cost little.
        down, across = rng.integers(0, height), rng.integers(0, width)
        picture += np.roll(grain[index % len(grain)], (down, across), (0, 1))
        yield _samples(picture, bit_depth)


def softened(plane: Plane, *, bit_depth: int = 8) -> Plane:
    """A coarser version of a plane, as from a cheap encode: 3-tap blur and fewer levels."""
    wide = plane.astype(np.uint32)
    wide[:, 1:-1] = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:] + 2) // 4
    step = 1 << (bit_depth - 6)
    coarse = wide // step * step
    return coarse.astype(np.uint8) if bit_depth == 8 else coarse.astype(np.uint16)


def _texture(height: int, width: int, rng: np.random.Generator) -> _Picture:
    """Noise of mean 0.5 whose amplitude falls with frequency to the power 1.5, like a cloud."""
    down = np.fft.fftfreq(height)[:, None]
    across = np.fft.rfftfreq(width)[None, :]
    frequency = np.hypot(down, across)
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.standard_normal((height, width))) / frequency**1.5
    noise = np.fft.irfft2(spectrum, s=(height, width))
    return np.asarray(0.5 + 0.16 * noise / noise.std(), dtype=np.float32)


def _buildings(
    height: int, width: int, rng: np.random.Generator
) -> tuple[_Picture, NDArray[np.bool_]]:
    """Rectangles with windows, and the mask of where they stand."""
    picture = np.zeros((height, width), np.float32)
    mask = np.zeros((height, width), np.bool_)
    unit = max(height // 34, 2)
    left = 0
    while left < width:
        right = left + unit * int(rng.integers(4, 12))
        top = height - unit * int(rng.integers(4, 22))
        wall = rng.uniform(0.08, 0.85)
        picture[top:, left:right] = wall
        mask[top:, left:right] = True
        for y in range(top + unit // 2, height, 2 * unit):
            for x in range(left + unit // 2, right - unit, 2 * unit):
                picture[y : y + unit, x : x + unit] = rng.uniform(0.05, 0.95)
        left = right + unit * int(rng.integers(1, 9))
    return picture, mask


def _samples(picture: _Picture, bit_depth: int) -> Plane:
    peak = 2**bit_depth - 1
    levels: _Picture = np.rint(np.clip(picture, 0.0, 1.0) * np.float32(peak))
    return levels.astype(np.uint8) if bit_depth == 8 else levels.astype(np.uint16)
