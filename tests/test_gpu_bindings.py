"""NVIDIA's real Python bindings take our calls: they reach a library in the driver's place."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conftest import RunPython

from pyvmaf_tiny.engine.gpu import nvrtc

CUDA_VERSION = nvrtc.module("driver").CUDA_VERSION
SOURCE = Path(__file__).parent / "libcuda" / "libcuda.c"

CODE = """
    import dataclasses
    import numpy as np
    from pyvmaf_tiny import Scorer
    from pyvmaf_tiny.engine.gpu import cuda, cuda_memory

    print(*cuda.devices(), flush=True)
    cuda_memory._LARGE = 1
    planes = np.zeros((2, 60, 80), np.uint8)
    with Scorer(80, 60, device="cuda", model=False) as scorer:
        scorer.push(planes[0], planes[1])
        backend = scorer._engine._pipeline.backend
        placed = backend.place(planes[0])
        pinned = backend.allocate_host(4800).reshape(60, 80)
        scorer.push(placed, pinned)
        placed = backend.place(np.zeros((60, 96), np.uint8))
        pinned = backend.allocate_host(5760).reshape(60, 96)
        scorer.push(dataclasses.replace(placed, shape=(60, 80)), pinned[:, :80])
        print(len(scorer.flush()), flush=True)
"""

RESULTS = """
    import numpy as np
    from pyvmaf_tiny import DeviceScorer, dlpack

    planes = np.zeros((2, 60, 80), np.uint8)
    with DeviceScorer(80, 60, batch=1) as scorer:
        scorer.push(planes[0], planes[1])
        (part,) = scorer.push(planes[0], planes[1])
        print(part.features.to_host().shape, part.scores.to_host().shape, flush=True)
        address = part.features.__cuda_array_interface__["data"][0]
        capsule = part.features.__dlpack__(stream=1)
        assert dlpack.tensor_of(capsule).data == address
        del part, capsule
        (part,) = scorer.push(planes[0], planes[1])
        assert part.features.__cuda_array_interface__["data"][0] == address
    print("closed", flush=True)
    capsule = part.scores.__dlpack__()
    del part, scorer
    print("the last", flush=True)
    del capsule
"""

LAUNCHES = [
    "motion 1x4x1: 80",
    "totals 1x1x1: 0",
    *("vif_0 1x8x1: 80", "vif_1 1x4x1: 40", "vif_2 1x2x1: 20", "vif_3 1x1x1: 10"),
    *("adm_0 2x1x1: 80", "adm_1 1x1x1: 40", "adm_2 1x1x1: 20", "adm_3 1x1x1: 10"),
    "totals 40x1x1: 0",
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the library that is found before the driver's."""
    folder = tmp_path_factory.mktemp("libcuda")
    compiler = os.environ.get("CC", "cc").split()
    flags = ["-Wall", "-Werror", "-shared", "-fPIC", "-o", str(folder / "libcuda.so.1")]
    subprocess.run([*compiler, *flags, str(SOURCE), "-ldl"], check=True)
    return folder


def test_the_drivers_abi(
    run_python: RunPython, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    nvrtc.kernels_for(90, 1)  # NVRTC would look for more in that library than there is
    said = run_python(CODE, LD_LIBRARY_PATH=library).splitlines()
    copies = [f"copy 80x60, 96 to 80 apart, from {kind}" for kind in (2, 1)]
    assert said == ["Device 0", *LAUNCHES, *LAUNCHES, *copies, *LAUNCHES, "1", "released"]


def test_the_drivers_abi_for_results(
    run_python: RunPython, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have the context a second time, and give it back with the last capsule."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    nvrtc.kernels_for(90, 1)
    said = run_python(RESULTS, LD_LIBRARY_PATH=library).splitlines()
    others = [line for line in said if line not in LAUNCHES]
    rows = [line for line in others if line.startswith(("features", "model"))]
    assert rows == 2 * ["features 1x1x1: 4800", "model 1x1x1: 8"]
    rest = [line for line in others if line not in rows]
    assert rest == ["(1, 6) (1,)", "released", "closed", "the last", "released"]


@pytest.mark.parametrize("behind", [1, 2])
def test_a_driver_that_is_too_old(behind: int, run_python: RunPython, library: Path) -> None:
    """Of the major version before that of the packages, or of an even older one."""
    major = CUDA_VERSION // 1000
    code = """
        from pyvmaf_tiny import DeviceError, engines
        from pyvmaf_tiny.engine.gpu import cuda

        try:
            cuda.devices()
        except DeviceError as error:
            print(error)
        assert "older than the CUDA packages" in engines()[0].device_reasons["cuda"]
    """
    version = 1000 * (major - behind) + 40
    said = run_python(code, LD_LIBRARY_PATH=library, STAND_IN_CUDA_VERSION=version)
    assert f"given one for CUDA {major - behind}.4, expected CUDA {major}.0 or newer" in said
    if version >= 12000:
        assert 'pip install "pyvmaf-tiny[cuda12]"' in said
    else:
        assert "the oldest driver that can be used is 525" in said
