"""The GPU kernels under sanitizers, on the host: the native engine's features, and no report.

The whole pipeline runs, with another compiler's output in the place of the device's: see gpuhost.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gpuhost.backend import HostBackend, KernelFault
from gpuhost.build import ADDRESS, CHECKERS, RACES, Checker, Program, build, product_text
from model_graphs import save
from oracle.cases import Case
from oracle.crafted import overflowing
from test_gpu_model import TOLERANCE, every_operator, feature_rows, on_device
from test_gpu_rows import check_features

from pyvmaf_tiny import SampleRangeError, load_model
from pyvmaf_tiny.engine import EngineSpec, open_engine
from pyvmaf_tiny.engine.base import Engine, Rows
from pyvmaf_tiny.engine.gpu.device_stream import DeviceStream
from pyvmaf_tiny.engine.gpu.opening import open_pipeline
from pyvmaf_tiny.engine.gpu.source import FILES, KERNELS
from pyvmaf_tiny.engine.gpu.stream import GpuEngine
from pyvmaf_tiny.frames import BIT_DEPTHS, MAX_SIZE, Plane
from pyvmaf_tiny.model.layers import load_network

pytestmark = pytest.mark.sanitize

Builds = Callable[[Checker, int, int], Program]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """The product's kernels under a checker, each kind compiled once."""
    folder = tmp_path_factory.mktemp("kernels")
    numbers = itertools.count()

    @functools.cache
    def built(checker: Checker, sample_bytes: int, limits: int) -> Program:
        text = product_text(sample_bytes, limits)
        return build(checker, text, folder / f"{checker.name}-{next(numbers)}")

    return built


def spec_of(plane: Plane, bit_depth: int) -> EngineSpec:
    """Two renditions, two gain limits, batches."""
    return EngineSpec(
        width=plane.shape[1],
        height=plane.shape[0],
        bit_depth=bit_depth,
        renditions=("a", "b"),
        gain_limits=(100.0, 1.0),
        lag=4,
    )


def rows_of(engine: Engine | GpuEngine, pairs: Sequence[tuple[Any, Any]]) -> Rows:
    """Every pair's rows; the second rendition is the reference itself. Closes the engine."""
    try:
        rows: Rows = ()
        for ref, dis in pairs:
            rows += engine.push(ref, (dis, ref))
        return rows + engine.flush()
    finally:
        engine.close()


def check(
    builds: Builds, checker: Checker, pairs: Sequence[tuple[Plane, Plane]], depth: int
) -> None:
    spec = spec_of(pairs[0][0], depth)
    engine = GpuEngine(spec, lambda *kind: HostBackend(builds(checker, *kind)))
    np.testing.assert_array_equal(
        rows_of(engine, pairs), rows_of(open_engine("native", spec), pairs)
    )


each_checker = pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.name)


@each_checker
@pytest.mark.parametrize(
    ("size", "bit_depth"),
    [
        *(((33, 33), bit_depth) for bit_depth in BIT_DEPTHS),
        *(((113, 41), 8), ((113, 41), 12)),
        *(((131, 77), 10), ((131, 77), 16)),
        ((249, 50), 8),
    ],
)
def test_sizes_and_depths(
    builds: Builds, checker: Checker, size: tuple[int, int], bit_depth: int
) -> None:
    case = Case(*size, bit_depth, "texture", "grain", 3, frames=3)
    check(builds, checker, list(zip(*case.planes(), strict=True)), bit_depth)


@each_checker
@pytest.mark.parametrize("bit_depth", BIT_DEPTHS)
def test_extremes(builds: Builds, checker: Checker, bit_depth: int) -> None:
    """Black and white as noise, in checks, and where libvmaf's sums wrap."""
    peak = (1 << bit_depth) - 1
    rng = np.random.default_rng(bit_depth)
    wrapping = overflowing(63, 48, bit_depth, everywhere=True)
    noise = rng.integers(0, 2, (2, *wrapping.shape))
    checks = np.indices(wrapping.shape).sum(0) % 2
    whites = [(noise[0], noise[1]), (checks, 1 - checks), (0 * checks, 0 * checks + 1)]
    pairs = [
        ((peak * ref).astype(wrapping.dtype), (peak * dis).astype(wrapping.dtype))
        for ref, dis in whites
    ]
    check(builds, checker, [(wrapping, wrapping), *pairs], bit_depth)


def test_the_largest_frame(builds: Builds) -> None:
    """No place in a buffer overflows an int: the first and last groups of every dimension."""
    spec = spec_of(np.empty((MAX_SIZE, MAX_SIZE), np.uint8), 16)

    def open_backend(sample_bytes: int, limits: int) -> HostBackend:
        return HostBackend(builds(ADDRESS, sample_bytes, limits), corners=True)

    pipeline = open_pipeline(spec, 2, open_backend)
    slot = pipeline.slots[0]
    slot.frames, slot.scored = 2, [0, 1]
    pipeline.launch(slot)
    pipeline.close()


@each_checker
def test_samples_are_checked(builds: Builds, checker: Checker) -> None:
    """Planes that are on the device already go through a kernel of their own."""
    ref, dis = Case(67, 45, 10, "texture", "blur", 7).planes()
    hot = dis[1].copy()
    hot[3, 4] = 1024
    spec = spec_of(ref[0], 10)
    backend = HostBackend(builds(checker, 2, 2))
    engine = GpuEngine(spec, lambda *kind: backend)
    with pytest.raises(SampleRangeError, match="given 1 of them"):
        engine.push(backend.place(ref[0]), (backend.place(hot), backend.place(dis[0])))
    pairs = list(zip(ref, dis, strict=True))
    placed = [(backend.place(pair[0]), backend.place(pair[1])) for pair in pairs]
    assert rows_of(engine, placed) == rows_of(open_engine("native", spec), pairs)


@each_checker
def test_results_on_the_device(builds: Builds, checker: Checker) -> None:
    """Rows and scores of three batches, two of them full; a second stream after a part of one."""
    case = Case(67, 45, 8, "texture", "blur", 7, frames=8)
    pairs = list(zip(*case.planes(), strict=True))
    spec = dataclasses.replace(spec_of(pairs[0][0], 8), gain_limits=(100.0,))
    expected = np.array(rows_of(open_engine("native", spec), pairs))
    stream = DeviceStream(
        spec,
        load_network(),
        3,
        lambda *kind: HostBackend(builds(checker, *kind)),
        by_rendition=True,
    )
    stream.push(pairs[1][0], (pairs[1][1], pairs[0][0]))
    stream.reset()
    parts = [part for ref, dis in pairs for part in stream.push(ref, (dis, ref))] + stream.flush()
    features = np.concatenate([part.features.to_host() for part in parts])
    scores = np.concatenate([part.scores.to_host() for part in parts if part.scores is not None])
    stream.close()
    np.testing.assert_array_equal(features, expected)
    wanted = load_model().predict(features.reshape(-1, 6)).reshape(scores.shape)
    np.testing.assert_allclose(scores, wanted, rtol=0, atol=TOLERANCE)


@each_checker
def test_features_are_made(builds: Builds, checker: Checker) -> None:
    backend = HostBackend(builds(checker, 1, 2))
    check_features(backend, (1921, 1083))
    backend.close()


@each_checker
def test_rows_are_scored(builds: Builds, checker: Checker, tmp_path: Path) -> None:
    rows, backend = feature_rows()[:100], HostBackend(builds(checker, 1, 2))
    scores = on_device(load_network(), rows, backend)
    np.testing.assert_allclose(scores, load_model().predict(rows), rtol=0, atol=TOLERANCE)
    on_device(load_network(save(every_operator(), tmp_path / "own.onnx")), rows, backend)
    backend.close()


@pytest.mark.parametrize("bit_depth", [8, 10])
def test_undefined_memory_changes_no_result(builds: Builds, bit_depth: int) -> None:
    """Neither in buffers nor in what groups share; MemorySanitizer does not follow every carry."""
    case = Case(131, 77, bit_depth, "texture", "blur", 3, frames=3)
    pairs = list(zip(*case.planes(), strict=True))
    spec, program = spec_of(pairs[0][0], bit_depth), builds(RACES, 1 if bit_depth == 8 else 2, 2)
    rows = rows_of(open_engine("native", spec), pairs)
    for fill in (0x00, 0xFF):
        device = HostBackend(program, fill=fill)
        assert rows_of(GpuEngine(spec, lambda *_, device=device: device), pairs) == rows


def test_every_kernel_is_compiled(builds: Builds) -> None:
    assert sorted(builds(RACES, 1, 2).kernels) == sorted(KERNELS)


# ---- barriers -----------------------------------------------------------------------------------


def barriers() -> list[str]:
    """Places of all barriers in the kernels' text: "adm.cl:88"."""
    folder = importlib.resources.files("pyvmaf_tiny") / "gpu_kernels"
    return [
        f"{name}:{number}"
        for name in FILES
        for number, line in enumerate((folder / name).read_text("utf-8").splitlines(), start=1)
        if "group_barrier();" in line
    ]


def run_every_kernel_but_samples(open_device: Callable[[], HostBackend]) -> None:
    """With two renditions and two gain limits; ``samples`` has no barrier of its own."""
    case = Case(131, 77, 8, "texture", "blur", 3, frames=3)
    pairs = list(zip(*case.planes(), strict=True))
    rows_of(GpuEngine(spec_of(pairs[0][0], 8), lambda *_: open_device()), pairs)
    check_features(open_device(), (70, 50))
    on_device(load_network(), feature_rows()[:2], open_device())


@pytest.mark.parametrize("barrier", barriers())
def test_every_barrier_is_needed(builds: Builds, barrier: str) -> None:
    """Without it there is a race, or a wild address; with all of them nothing, as seen above."""
    program = builds(RACES, 1, 2)
    with pytest.raises(KernelFault, match=r"race: |outside of all"):
        run_every_kernel_but_samples(lambda: HostBackend(program, barrier))
