"""Ten thousand random cases against the real libvmaf; minutes, so only on request.

    pytest -m sweep tests/test_exact_sweep.py

``PYVMAF_TINY_SWEEP_SEED`` moves on to other cases: it is the seed of the first one.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from oracle.cases import random_case
from oracle.compare import assert_same_features
from oracle.libvmaf import libvmaf_features

import pyvmaf_tiny

FIRST = int(os.environ.get("PYVMAF_TINY_SWEEP_SEED", "1000000"))
CHUNK, CHUNKS = 250, 40

GAIN_LIMITS = (100.0, 1.0, 1.2, 1.5, 2.75)
THREADS = (1, 2, 3, 5)


def check(seed: int) -> None:
    """One case, its gain limit and number of threads drawn from its seed too."""
    case = random_case(seed, largest=700)
    rng = np.random.default_rng([seed, 0x5EEB])
    gain_limit, threads = float(rng.choice(GAIN_LIMITS)), int(rng.choice(THREADS))
    ref, dis = case.planes()
    depth = case.bit_depth
    actual = pyvmaf_tiny.features(ref, dis, bit_depth=depth, gain_limit=gain_limit, threads=threads)
    expected = libvmaf_features(ref, dis, bit_depth=depth, gain_limit=gain_limit)
    assert_same_features(actual, expected, f"{case}, gain limit {gain_limit}, {threads} threads")


@pytest.mark.sweep
@pytest.mark.parametrize("start", range(FIRST, FIRST + CHUNKS * CHUNK, CHUNK))
def test_random_cases(start: int) -> None:
    differences = []
    for seed in range(start, start + CHUNK):
        try:
            check(seed)
        except AssertionError as difference:
            differences.append(str(difference))
    assert not differences, "\n".join(differences)
