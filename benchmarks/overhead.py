"""What Python costs: per pushed frame beside the C call, and when the package is imported.

A push is timed on the smallest frames there are, in turns with the bare C call on the same
planes, by the CPU time of the thread; the least of many batches counts, for whatever disturbs one
only adds to it. An import is timed in processes of its own, NumPy alone and NumPy with the package,
in turns; they skip ``site``, and with it what an editable installation does at every import.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from installed import installed_copy
from streams import Watch
from timings import quartiles

from pyvmaf_tiny import ReferenceScorer, Scorer
from pyvmaf_tiny.engine import EngineSpec
from pyvmaf_tiny.engine.native import NativeEngine
from pyvmaf_tiny.engine.native.stream import ffi, lib
from pyvmaf_tiny.frames import MIN_SIZE, Plane

_PUSHES = 50
_RENDITIONS = 6


@dataclass(frozen=True, slots=True)
class Overhead:
    """A cost of Python's: ``value`` in ``unit``, and the most that it may be, if anything."""

    what: str
    value: float
    unit: str
    limit: float | None


def measure_overhead(batches: int, imports: int, watch: Watch) -> list[Overhead]:
    """Time pushes in so many batches, and so many imports."""
    watch("Python's part of a push")
    found = _pushes(batches)
    watch("imports")
    return [*found, *_imports(imports)]


def _pushes(batches: int) -> list[Overhead]:
    noise = np.random.default_rng(0)
    ref = noise.integers(0, 256, (MIN_SIZE, MIN_SIZE), dtype=np.uint8)
    dis = (ref // 2).astype(np.uint8)
    scorers = {
        "a push": Scorer(MIN_SIZE, MIN_SIZE, model=False, threads=1),
        "a push, with the model": Scorer(MIN_SIZE, MIN_SIZE, threads=1),
    }
    many = ReferenceScorer(MIN_SIZE, MIN_SIZE, _RENDITIONS, model=False, threads=1)
    many_scored = ReferenceScorer(MIN_SIZE, MIN_SIZE, _RENDITIONS, threads=1)
    calls: dict[str, Callable[[], object]] = {
        "C, 1": _bare(ref, dis, 1),
        f"C, {_RENDITIONS}": _bare(ref, dis, _RENDITIONS),
        **{name: partial(scorer.push, ref, dis) for name, scorer in scorers.items()},
        f"a push of {_RENDITIONS} renditions": partial(many.push, ref, [dis] * _RENDITIONS),
        f"a push of {_RENDITIONS} renditions, with the model": partial(
            many_scored.push, ref, [dis] * _RENDITIONS
        ),
    }
    least = dict.fromkeys(calls, float("inf"))
    for _ in range(batches):
        for name, call in calls.items():
            least[name] = min(least[name], _time(call))
    found = []
    for name, seconds in least.items():
        if name.startswith("C, "):
            continue
        count = _RENDITIONS if "renditions" in name else 1
        value = 1e6 * (seconds - least[f"C, {count}"])
        found.append(Overhead(name, value, "us", 20.0 if count == 1 else None))
        if count > 1:
            found.append(Overhead(f"{name}, per rendition", value / count, "us", 20.0))
    return found


def _bare(ref: Plane, dis: Plane, renditions: int) -> Callable[[], object]:
    """The C call alone, with everything that it takes made beforehand."""
    names = tuple(map(str, range(renditions)))
    spec = EngineSpec(width=MIN_SIZE, height=MIN_SIZE, threads=1, renditions=names)
    engine = NativeEngine(spec)
    first = ffi.from_buffer(ref)
    others = ffi.new("void *[]", [ffi.from_buffer(dis)] * renditions)
    strides = ffi.new("ptrdiff_t[]", [MIN_SIZE] * renditions)
    rows, ready = ffi.new("pvt_features[]", renditions), ffi.new("int *")
    context, push = engine._context, lib.pvt_push
    return partial(push, context, first, MIN_SIZE, others, strides, rows, ready)


def _time(call: Callable[[], object]) -> float:
    start = time.thread_time()
    for _ in range(_PUSHES):
        call()
    return (time.thread_time() - start) / _PUSHES


def _imports(rounds: int) -> list[Overhead]:
    """CPU milliseconds that importing the package adds to importing NumPy, median of rounds."""
    with installed_copy() as folder:
        paths = [str(folder), str(Path(np.__file__).parents[1])]
        codes = ["import numpy", "import numpy, pyvmaf_tiny"]
        seconds: list[list[float]] = [[], []]
        for _ in range(rounds + 1):
            for code, measured in zip(codes, seconds, strict=True):
                measured.append(_run(f"import sys; sys.path[:0] = {paths}\n{code}"))
        added = [1000 * (both - alone) for alone, both in zip(*seconds, strict=True)]
    # The first round compiles the Python files.
    return [Overhead("import pyvmaf_tiny after NumPy", quartiles(added[1:])[1], "ms", 15.0)]


def _run(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
