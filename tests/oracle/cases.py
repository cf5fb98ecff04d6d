"""Named pairs of sequences: content, distortion, size and depth, made anew from the name alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oracle.content import CONTENTS, Grey
from oracle.distortion import DISTORTIONS
from pyvmaf_tiny.frames import BIT_DEPTHS, Plane


def round_to_depth(grey: Grey, bit_depth: int) -> Plane:
    """0..1 to samples of ``bit_depth``; what is outside is clipped."""
    peak = (1 << bit_depth) - 1
    samples = np.rint(np.clip(grey, 0.0, 1.0) * peak)
    return samples.astype(np.uint8) if bit_depth == 8 else samples.astype(np.uint16)


@dataclass(frozen=True)
class Case:
    """A pair of sequences, made anew from its name whenever it is needed."""

    width: int
    height: int
    bit_depth: int
    content: str
    distortion: str
    seed: int
    frames: int = 2

    def __str__(self) -> str:
        size = f"{self.width}x{self.height}x{self.frames}_{self.bit_depth}b"
        return f"{size}_{self.content}_{self.distortion}_s{self.seed}"

    def planes(self) -> tuple[Plane, Plane]:
        """Reference and distorted, each (frames, height, width)."""
        rng = np.random.default_rng(self.seed)
        grey = CONTENTS[self.content]((self.frames, self.height, self.width), rng)
        # the reference's own samples are distorted, so that "identical" is
        ref = round_to_depth(grey, self.bit_depth)
        peak = (1 << self.bit_depth) - 1
        dis = DISTORTIONS[self.distortion](ref / peak, rng)
        return ref, round_to_depth(dis, self.bit_depth)


def random_case(seed: int, *, largest: int = 400) -> Case:
    """Any content with any distortion at any depth, more small sizes than large ones."""
    rng = np.random.default_rng([seed, 0xCA5E])
    width, height = (int(33 * (largest / 33) ** rng.random() ** 1.5) for _ in range(2))
    return Case(
        width=width,
        height=height,
        bit_depth=int(rng.choice(BIT_DEPTHS)),
        content=str(rng.choice(list(CONTENTS))),
        distortion=str(rng.choice(list(DISTORTIONS))),
        seed=seed,
        frames=int(rng.choice([1, 2, 3, 5], p=[0.3, 0.4, 0.2, 0.1])),
    )
