"""Distortions of generated content: float64 (frames, height, width), the same shape in and out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from oracle.content import Grey, Random


def _blur(grey: Grey, rng: Random) -> Grey:
    for _ in range(int(rng.integers(1, 5))):
        for axis in (1, 2):
            before, after = np.roll(grey, 1, axis), np.roll(grey, -1, axis)
            grey = (before + 2 * grey + after) / 4
    return grey


def _sharpen(grey: Grey, rng: Random) -> Grey:
    """Enhancement: where NEG and the default differ."""
    return grey + rng.uniform(0.3, 3.0) * (grey - _blur(grey, rng))


def _contrast(grey: Grey, rng: Random) -> Grey:
    return 0.5 + (grey - 0.5) * float(rng.choice([0.2, 0.7, 0.95, 1.05, 1.5, 4.0]))


def _offset(grey: Grey, rng: Random) -> Grey:
    return grey + rng.uniform(-0.3, 0.3)


def _shift(grey: Grey, rng: Random) -> Grey:
    return np.roll(grey, tuple(int(n) for n in rng.integers(-3, 4, 2)), axis=(1, 2))


def _grain(grey: Grey, rng: Random) -> Grey:
    return grey + float(rng.choice([0.004, 0.02, 0.2])) * rng.standard_normal(grey.shape)


def _invert(grey: Grey, rng: Random) -> Grey:
    return 1.0 - grey


def _posterise(grey: Grey, rng: Random) -> Grey:
    steps = int(rng.choice([1, 2, 4, 16]))
    return np.rint(grey * steps) / steps


def _blocky(grey: Grey, rng: Random) -> Grey:
    size = int(rng.choice([2, 4, 8]))
    coarse = grey[:, ::size, ::size]
    return coarse.repeat(size, axis=1).repeat(size, axis=2)[:, : grey.shape[1], : grey.shape[2]]


def _unrelated(grey: Grey, rng: Random) -> Grey:
    return rng.permutation(grey.ravel()).reshape(grey.shape)


def _extreme(grey: Grey, rng: Random) -> Grey:
    return np.full_like(grey, rng.integers(0, 2))


def _swapped_halves(grey: Grey, rng: Random) -> Grey:
    """Left half untouched, right half inverted: identical and opposite vectors side by side."""
    result = grey.copy()
    result[:, :, grey.shape[2] // 2 :] = 1.0 - result[:, :, grey.shape[2] // 2 :]
    return result


DISTORTIONS: dict[str, Callable[[Grey, Random], Grey]] = {
    "identical": lambda grey, rng: grey,
    "blur": _blur,
    "sharpen": _sharpen,
    "contrast": _contrast,
    "offset": _offset,
    "shift": _shift,
    "grain": _grain,
    "invert": _invert,
    "posterise": _posterise,
    "blocky": _blocky,
    "unrelated": _unrelated,
    "extreme": _extreme,
    "halfinverted": _swapped_halves,
}
