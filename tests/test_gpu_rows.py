"""Features that are made on the device: the doubles that the C engine makes of the same totals."""

from __future__ import annotations

import ctypes
import importlib
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gpu_device import entered, needs_sycl
from numpy.typing import NDArray

from pyvmaf_tiny import _native
from pyvmaf_tiny.engine.gpu.backend import Backend, constant
from pyvmaf_tiny.engine.gpu.layout import PAIR_TOTALS, Stream, plan
from pyvmaf_tiny.engine.gpu.rows import norm_table
from pyvmaf_tiny.engine.gpu.source import ITEMS, pack
from pyvmaf_tiny.engine.gpu.sycl_devices import load_dpctl

NATIVE = Path(__file__).parents[1] / "native" / "src"
KERNELS = NATIVE.parent / "gpu"

_ffi: Any = _native.ffi
_lib: Any = _native.lib


def hostile_totals(frames: int) -> NDArray[np.uint64]:
    """Totals of every magnitude; some that frames cannot have, and sums that have wrapped."""
    rng = np.random.default_rng(frames)
    bits = rng.integers(0, 64, (frames, PAIR_TOTALS)).astype(np.uint64)
    totals = rng.integers(0, 2**64, (frames, PAIR_TOTALS), dtype=np.uint64) >> bits
    totals[5:] &= np.uint64(2**63 - 1)
    vif = rng.integers(-(2**40), 2**50, (frames, 16)) >> rng.integers(0, 50, (frames, 16))
    totals[:, :16] = vif.view(np.uint64)
    totals[7:9] = 0
    return totals


def expected_rows(
    width: int, height: int, totals: NDArray[np.uint64], sums: NDArray[np.uint64]
) -> NDArray[np.float64]:
    rows = np.empty((len(totals), 6))
    row, value = _ffi.new("pvt_features *"), _ffi.new("double *")
    for index, (pair, difference) in enumerate(zip(totals, sums, strict=True)):
        address = _ffi.cast("pvt_totals *", pair.ctypes.data)
        _lib.pvt_score_totals(width, height, address, row)
        _lib.pvt_score_motion(width, height, int(difference), value)
        rows[index] = (row.adm2, *row.vif_scale, value[0])
    rows[0, 5] = 0.0
    rows[:-1, 5] = np.minimum(rows[:-1, 5], rows[1:, 5])
    return rows


def check_features(backend: Backend, size: tuple[int, int]) -> None:
    """In two batches, so that one row is made of both."""
    frames, first = 600, 251
    totals = hostile_totals(frames)
    sums = np.random.default_rng(1).integers(0, 2**44, frames).astype(np.uint64)
    layout = plan(Stream(width=size[0], height=size[1], bit_depth=8))
    table = constant(backend, norm_table(layout))
    batches = [
        (constant(backend, totals[part]), constant(backend, sums[part]))
        for part in (slice(first), slice(first, None))
    ]
    rows: list[NDArray[np.float64]] = []
    values = {"pixels": size[0] * size[1], "frames_before": first}
    for own, starts in (((batches[0]), 1), (batches[1], 0)):
        count = first - 1 if starts else frames - first + 1
        values |= {"starts": starts, "continues": 1 - starts}
        values["frames"] = first if starts else frames - first
        params = constant(backend, pack("row_params", values))
        out, host = backend.allocate(48 * count), np.empty(48 * count, np.uint8)
        backend.launch("features", (count, 1, 1), (params, table, *batches[0], *own, out))
        backend.download(host, out)
        backend.finish()
        rows.append(host.view(np.float64).reshape(count, 6))
    expected = expected_rows(*size, totals, sums)
    assert np.isnan(expected).any()
    np.testing.assert_array_equal(np.concatenate(rows), expected)


@pytest.mark.parametrize("size", [(33, 33), (70, 50), (1921, 1083), (34, 4097), (16384, 16384)])
def test_features_of_any_totals(size: tuple[int, int]) -> None:
    with entered() as backend:
        check_features(backend, size)


CUBE_ROOTS = """
KERNEL cube_roots(GLOBAL const float *x, GLOBAL float *out)
{
    const int at = ITEMS * group_x() + item_id();
    out[at] = cube_root(x[at]);
}
"""

LOOP = """
#include "cube_root.h"
void cube_roots(const float *x, float *out, long count)
{
    for (long i = 0; i < count; i++)
        out[i] = pvt_cube_root(x[i]);
}
"""


def on_device(source: str, kernel: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a kernel of one input and one output makes of ``x``."""
    dpctl, out = load_dpctl(), np.empty_like(x)
    memory, program = (importlib.import_module(f"dpctl.{name}") for name in ("memory", "program"))
    queue = dpctl.SyclQueue(property="in_order")
    compiled = program.create_program_from_source(queue, source, "-cl-std=CL1.2")
    buffers = [memory.MemoryUSMDevice(x.nbytes, queue=queue) for _ in range(2)]
    queue.memcpy(buffers[0], x, x.nbytes)
    queue.submit(compiled.get_sycl_kernel(kernel), buffers, [x.size], [ITEMS])
    queue.memcpy(out, buffers[1], x.nbytes)
    return out


def in_c(folder: Path, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the C engine makes of it."""
    (folder / "loop.c").write_text(LOOP, encoding="utf-8")
    library, out = folder / "loop.so", np.empty_like(x)
    compiler = os.environ.get("CC", "cc").split()
    options = ["-O2", "-ffp-contract=off", "-shared", "-fPIC", f"-I{NATIVE}", "-o", str(library)]
    sources = [str(folder / "loop.c"), str(NATIVE / "cube_root.c")]
    subprocess.run([*compiler, *options, *sources, "-lm"], check=True)
    addresses = (ctypes.c_void_p(each.ctypes.data) for each in (x, out))
    ctypes.CDLL(str(library)).cube_roots(*addresses, ctypes.c_long(x.size))
    return out


@needs_sycl
def test_cube_roots(tmp_path: Path) -> None:
    """Of many mantissas under every exponent of a normal number, of 0, and of what has none."""
    rng = np.random.default_rng(3)
    mantissas = rng.integers(0, 2**23, (254, 4096), dtype=np.uint32)
    mantissas[:, :64] = np.arange(64) << 17
    mantissas[:, 64:128] = (np.arange(1, 65) << 17) - 1
    x = (mantissas | (np.arange(1, 255, dtype=np.uint32)[:, None] << 23)).view(np.float32).ravel()
    x[-2:] = 0.0, -1.0
    files = [KERNELS / name for name in ("dialect.h", "powers.h")]
    parts = [f"#define ITEMS {ITEMS}\n", *(file.read_text(encoding="utf-8") for file in files)]
    actual, expected = on_device("".join(parts) + CUBE_ROOTS, "cube_roots", x), in_c(tmp_path, x)
    assert np.isnan(expected).sum() == 1
    np.testing.assert_array_equal(actual, expected)
