"""The GPU kernels on Intel's OpenCL CPU device under valgrind: nothing is said, and faults are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gpuhost.backend import KernelFault
from gpuhost.build import broken_text, product_text
from gpuhost.memcheck import MemcheckBackend, build_for_opencl
from oracle.cases import Case
from test_gpu_host import rows_of, spec_of
from test_gpu_model import TOLERANCE, feature_rows, on_device
from test_gpu_rows import check_features

from pyvmaf_tiny import load_model
from pyvmaf_tiny.engine import open_engine
from pyvmaf_tiny.engine.gpu.backend import constant
from pyvmaf_tiny.engine.gpu.source import ITEMS
from pyvmaf_tiny.engine.gpu.stream import GpuEngine
from pyvmaf_tiny.model.layers import load_network

pytestmark = pytest.mark.sanitize


@pytest.mark.parametrize("bit_depth", [8, 10])
def test_nothing_is_said(bit_depth: int, tmp_path: Path) -> None:
    """Two renditions, two gain limits; at 10 bit frames that are on the device already."""
    text = product_text(1 if bit_depth == 8 else 2, 2)
    backend = MemcheckBackend(build_for_opencl(text, tmp_path))
    for size in ((33, 33), (67, 45)):
        pairs = list(zip(*Case(*size, bit_depth, "texture", "grain", 3).planes(), strict=True))
        spec = spec_of(pairs[0][0], bit_depth)
        placed: Sequence[tuple[Any, Any]] = pairs
        if bit_depth > 8:
            placed = [(backend.place(ref), backend.place(dis)) for ref, dis in pairs]
        actual = rows_of(GpuEngine(spec, lambda *_: backend), placed)
        assert actual == rows_of(open_engine("native", spec), pairs)
    check_features(backend, (1921, 1083))
    scores = on_device(load_network(), feature_rows()[:50], backend)
    np.testing.assert_allclose(
        scores, load_model().predict(feature_rows()[:50]), rtol=0, atol=TOLERANCE
    )
    backend.end()


def test_faults_are_found(tmp_path: Path) -> None:
    """Those of broken.cl that are about buffers; what a group shares is one block for valgrind."""
    backend = MemcheckBackend(build_for_opencl(broken_text(), tmp_path))
    numbers = np.arange(2 * ITEMS, dtype=np.int32) + (1 << 30)
    given, out = constant(backend, numbers), backend.allocate(numbers.nbytes)
    result = np.empty(numbers.nbytes, np.uint8)

    def said_of(kernel: str) -> str:
        before = len(backend.said())
        backend.launch(kernel, (2, 1, 1), (given, out))
        return backend.said()[before:]

    assert said_of("fine") == ""
    backend.download(result, out)
    assert (result.view(np.int32).reshape(2, -1)[:, ::-1] == numbers.reshape(2, -1)).all()
    assert "Invalid read" in said_of("reads_behind_a_buffer")
    assert "Invalid read" in said_of("reads_before_a_buffer")
    assert "Invalid write" in said_of("writes_behind_a_buffer")
    assert "Invalid write" in said_of("writes_far_behind_a_buffer")
    assert backend.said().count("uninitialised") == 0
    out = backend.allocate(numbers.nbytes)
    assert said_of("leaves_a_number_out") == ""
    backend.download(result, out)
    with pytest.raises(KernelFault, match=r"uninitialised byte.*\n(.*\n)*.* 308 bytes inside"):
        backend.end()
