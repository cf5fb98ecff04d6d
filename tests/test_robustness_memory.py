"""Endless streams: memory stays flat, however many frames go through."""

from __future__ import annotations

import pytest
from conftest import RunPython

#: KiB that a process may grow by and still count as flat.
FLAT = 1024

SETUP = """
from oracle.child import *

ref, dis = Case(33, 33, 8, "texture", "grain", seed=1, frames=50).planes()
pairs = list(zip(ref, dis))
"""


def test_a_hundred_thousand_frames(run_python: RunPython) -> None:
    code = """
with Scorer(33, 33, model=False, threads=1) as scorer:
    count = 0
    for number in range(100_000):
        count += len(scorer.push(*pairs[number % 50]))
        if number == 10_000:
            before = process_status("VmRSS")
    count += len(scorer.flush())
    result = scorer.result()
assert count == len(result) == 100_000
print(process_status("VmRSS") - before)
"""
    assert int(run_python(SETUP + code, timeout=120)) < FLAT


def test_a_stream_with_a_model(run_python: RunPython) -> None:
    code = """
with Scorer(33, 33, threads=1) as scorer:
    for number in range(20_000):
        scorer.push(*pairs[number % 50])
        if number == 4_000:
            before = process_status("VmRSS")
print(process_status("VmRSS") - before)
"""
    assert int(run_python(SETUP + code, timeout=120)) < FLAT


@pytest.mark.parametrize(
    "call",
    [
        "Scorer(33, 33, model=False, threads=2).close()",
        "pyvmaf_tiny.features(ref[:2], dis[:2], bit_depth=8, threads=1)",
        "refused(ref[0].astype(float))",
        "scorer.reset()",
    ],
)
def test_calls_that_are_made_again_and_again(run_python: RunPython, call: str) -> None:
    code = f"""
scorer = Scorer(33, 33, model=False, threads=1)

def refused(frame):
    try:
        scorer.push(frame, frame)
    except pyvmaf_tiny.errors.FrameTypeError:
        return
    raise AssertionError("not refused")

for number in range(3_000):
    {call}
    if number == 1_000:
        before = process_status("VmRSS")
print(process_status("VmRSS") - before)
"""
    assert int(run_python(SETUP + code, timeout=120)) < FLAT
