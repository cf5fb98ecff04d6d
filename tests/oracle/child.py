"""What code that runs in a process of its own begins with: a clip, its features, facts of /proc."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import pyvmaf_tiny
from oracle.cases import Case
from pyvmaf_tiny import Scorer

WIDTH, HEIGHT = 160, 120

REF, DIS = Case(WIDTH, HEIGHT, 8, "texture", "grain", seed=1, frames=6).planes()

EXPECTED = pyvmaf_tiny.features(REF, DIS, bit_depth=8, threads=1)


def scorer_of(threads: int) -> Scorer:
    """A scorer for the clip, without a model."""
    return Scorer(WIDTH, HEIGHT, model=False, threads=threads)


def right(scorer: Scorer) -> bool:
    """Whether a fresh scorer gives the clip's features."""
    rows = [row for pair in zip(REF, DIS, strict=True) for row in scorer.push(*pair)]
    rows += scorer.flush()
    return np.array_equal(np.array([row.features for row in rows]), EXPECTED)


def process_status(key: str) -> int:
    """A number of /proc/self/status: "VmRSS" and "VmSize" in KiB, "Threads"."""
    (line,) = (
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key)
    )
    return int(line.split()[1])


def limit_memory(mebibytes: int) -> None:
    """Let this process map that much more memory than it has now."""
    import resource

    limit = process_status("VmSize") * 1024 + mebibytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
