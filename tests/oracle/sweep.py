"""Random cases against the real libvmaf for as long as one likes.

    python tests/oracle/sweep.py --seconds 600

Goes on after a failure and names every case that failed; the exit status is 1 if there was one.
A case is made again from its seed: ``--first SEED --seconds 0`` runs that one alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import pyvmaf_tiny
from oracle.cases import Case, random_case
from oracle.compare import assert_same_features
from oracle.libvmaf import libvmaf_features

GAIN_LIMITS = (100.0, 1.0, 1.2, 1.5, 2.75)
THREADS = (1, 2, 3, 5)


def check(case: Case) -> None:
    """Native against libvmaf, gain limit and number of threads drawn from the case's seed."""
    rng = np.random.default_rng([case.seed, 0x5EEB])
    gain_limit, threads = float(rng.choice(GAIN_LIMITS)), int(rng.choice(THREADS))
    ref, dis = case.planes()
    depth = case.bit_depth
    actual = pyvmaf_tiny.features(ref, dis, bit_depth=depth, gain_limit=gain_limit, threads=threads)
    expected = libvmaf_features(ref, dis, bit_depth=depth, gain_limit=gain_limit)
    assert_same_features(actual, expected, f"{case}, gain limit {gain_limit}, {threads} threads")


def main() -> int:
    """Runs until the time is over; at least one case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--first", type=int, default=1_000_000, help="seed of the first case")
    parser.add_argument("--largest", type=int, default=700, help="largest width and height")
    options = parser.parse_args()
    end = time.monotonic() + options.seconds
    passed = failed = frames = 0
    while passed + failed == 0 or time.monotonic() < end:
        case = random_case(options.first + passed + failed, largest=options.largest)
        frames += case.frames
        try:
            check(case)
            passed += 1
        except AssertionError as difference:
            failed += 1
            print(difference)
    print(f"{passed} passed, {failed} failed, {frames} frames")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
