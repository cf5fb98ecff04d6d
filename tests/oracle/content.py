"""Reference content that tries the corners of the arithmetic, reproducible from a seed.

Each maker takes (frames, height, width) and returns float64 of that shape in 0..1, every frame
other than the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.float64]
Random: TypeAlias = np.random.Generator
Shape: TypeAlias = tuple[int, int, int]


def _coordinates(shape: Shape) -> tuple[Grey, Grey, Grey]:
    frames, height, width = shape
    t, y, x = np.meshgrid(
        np.arange(frames, dtype=np.float64),
        np.arange(height, dtype=np.float64),
        np.arange(width, dtype=np.float64),
        indexing="ij",
        sparse=True,
    )
    return t, y, x


def _noise(shape: Shape, rng: Random) -> Grey:
    return rng.random(shape)


def _dark_noise(shape: Shape, rng: Random) -> Grey:
    return rng.random(shape) * float(rng.choice([0.02, 0.1, 0.3]))


def _binary_noise(shape: Shape, rng: Random) -> Grey:
    """Only 0 and the peak: the largest coefficients that unstructured content can reach."""
    return np.asarray(rng.integers(0, 2, shape), dtype=np.float64)


def _binary_blocks(shape: Shape, rng: Random) -> Grey:
    """0 and the peak in blocks: the same extremes for the coarser scales."""
    frames, height, width = shape
    size = int(rng.choice([2, 3, 4, 8, 16]))
    coarse = rng.integers(0, 2, (frames, -(-height // size), -(-width // size)))
    fine = coarse.repeat(size, axis=1).repeat(size, axis=2)[:, :height, :width]
    return fine.astype(np.float64)


def _texture(shape: Shape, rng: Random) -> Grey:
    """1/f noise, the spectrum of natural images, drifting by whole pixels."""
    frames, height, width = shape
    tall, wide = height + frames, width + 2 * frames
    down, across = np.fft.fftfreq(tall)[:, None], np.fft.rfftfreq(wide)[None, :]
    frequency = np.hypot(down, across)
    frequency[0, 0] = 1.0
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((tall, wide))) / frequency, (tall, wide))
    field = 0.5 + field / (5.0 * field.std())
    return np.stack([field[i : i + height, 2 * i : 2 * i + width] for i in range(frames)])


def _faint_texture(shape: Shape, rng: Random) -> Grey:
    """Contrast around VIF's noise power, where pixels change between its two branches."""
    return 0.5 + (_texture(shape, rng) - 0.5) * float(rng.choice([0.01, 0.03, 0.06]))


def _gradient(shape: Shape, rng: Random) -> Grey:
    t, y, x = _coordinates(shape)
    across, down = rng.uniform(-1, 1, 2)
    ramp = across * x / shape[2] + down * y / shape[1] + 0.05 * t
    return np.asarray((ramp - ramp.min()) / max(float(np.ptp(ramp)), 1e-9))


def _constant(shape: Shape, rng: Random) -> Grey:
    levels: NDArray[np.float64] = rng.choice(
        np.array([0.0, 1.0, 0.5, 0.25, rng.random()]), shape[0]
    )
    return np.broadcast_to(levels[:, None, None], shape).copy()


def _checker(shape: Shape, rng: Random) -> Grey:
    t, y, x = _coordinates(shape)
    across, down = rng.choice([1, 2, 3, 4, 8, 16, 32], 2)
    return np.asarray(((x + t) // across + y // down) % 2)


def _stripes(shape: Shape, rng: Random) -> Grey:
    t, y, x = _coordinates(shape)
    along = [x + 0 * y, y + 0 * x, x + y, x - y][rng.integers(4)]
    period = rng.choice([1, 2, 3, 4, 7, 8, 16])
    return np.asarray(((along + t) // period) % 2, dtype=np.float64)


def _sine(shape: Shape, rng: Random) -> Grey:
    """A zone plate: every frequency and direction in one plane."""
    t, y, x = _coordinates(shape)
    rate = rng.uniform(0.1, 3.0) / max(shape[1:])
    phase = (x - shape[2] / 2) ** 2 + (y - shape[1] / 2) ** 2
    return 0.5 + 0.5 * np.sin(phase * rate + t)


def _impulses(shape: Shape, rng: Random) -> Grey:
    grey = np.full(shape, float(rng.choice([0.0, 1.0, 0.5])))
    hit = rng.random(shape) < rng.choice([0.001, 0.01, 0.05])
    grey[hit] = rng.integers(0, 2, int(hit.sum()))
    return grey


def _edges(shape: Shape, rng: Random) -> Grey:
    """Overlapping flat rectangles that move: long flat areas, steps in all sizes."""
    frames, height, width = shape
    grey = np.full(shape, rng.random())
    for _ in range(12):
        top, left = rng.integers(0, height), rng.integers(0, width)
        tall, wide = rng.integers(1, height + 1), rng.integers(1, width + 1)
        level, speed = rng.random(), int(rng.integers(0, 3))
        for frame in range(frames):
            start = left + speed * frame
            grey[frame, top : top + tall, start : start + wide] = level
    return grey


def _half(shape: Shape, rng: Random) -> Grey:
    """Half flat at an extreme, half noise: flat and textured pixels in one vector."""
    grey = rng.random(shape)
    cut = int(rng.integers(1, shape[2]))
    grey[:, :, :cut] = rng.choice([0.0, 1.0])
    return grey


CONTENTS: dict[str, Callable[[Shape, Random], Grey]] = {
    "noise": _noise,
    "darknoise": _dark_noise,
    "binary": _binary_noise,
    "blocks": _binary_blocks,
    "texture": _texture,
    "faint": _faint_texture,
    "gradient": _gradient,
    "constant": _constant,
    "checker": _checker,
    "stripes": _stripes,
    "sine": _sine,
    "impulses": _impulses,
    "edges": _edges,
    "half": _half,
}
