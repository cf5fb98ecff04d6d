"""NVRTC compiles every kernel, for real, and what it made is kept on disk; no GPU is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyvmaf_tiny import DeviceError, EngineError
from pyvmaf_tiny.engine.gpu import nvrtc
from pyvmaf_tiny.engine.gpu.source import KERNELS, kernel_source

SUCCESS = nvrtc.module("nvrtc").nvrtcResult.NVRTC_SUCCESS


@pytest.mark.parametrize(
    ("target", "sample_bytes"),
    [("sm_75", 1), ("sm_80", 2), ("sm_89", 1), ("sm_90", 1), ("sm_90", 2), ("sm_100", 2)],
)
def test_every_kernel_compiles(target: str, sample_bytes: int) -> None:
    cubin = nvrtc.compile_source(kernel_source(sample_bytes), target)
    assert cubin[:4] == b"\x7fELF"
    for kernel in KERNELS:
        assert f".text.{kernel}\0".encode() in cubin


@pytest.mark.parametrize("sample_bytes", [1, 2])
def test_nothing_is_fused_and_nothing_approximate(sample_bytes: int) -> None:
    """In PTX a division is still one instruction, so no fused operation has a place in it."""
    ptx = nvrtc.compile_source(kernel_source(sample_bytes), "compute_75").decode()
    assert "div.rn.f64" in ptx
    assert "mul.rn.f64" in ptx
    for word in ("fma.", "mad.rn", ".approx", ".ftz", ".local"):
        assert word not in ptx


def test_what_does_not_compile_is_reported() -> None:
    with pytest.raises(EngineError, match=r"for sm_90: given .*\berror\b"):
        nvrtc.compile_source("no kernel", "sm_90")


def test_compiled_kernels_are_kept_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    compiled: list[str] = []

    def compile_source(source: str, target: str) -> bytes:
        compiled.append(target)
        return f"{len(compiled)} {target}".encode()

    monkeypatch.setattr(nvrtc, "compile_source", compile_source)
    assert nvrtc.kernels_for(90, 1) == nvrtc.kernels_for(90, 1) == b"1 sm_90"
    assert nvrtc.kernels_for(90, 2) == b"2 sm_90"
    assert nvrtc.kernels_for(75, 1) == b"3 sm_75"
    assert len(list((tmp_path / "pyvmaf-tiny").iterdir())) == 3
    # A GPU of the future gets what the newest known one could run, for its driver to finish.
    assert nvrtc.kernels_for(990, 1).startswith(b"4 compute_")
    monkeypatch.setattr(nvrtc, "kernel_source", lambda *_: "another version")
    assert nvrtc.kernels_for(90, 1) == b"5 sm_90"
    monkeypatch.setattr(nvrtc, "compile_source", lambda *_: b"another NVRTC's")
    monkeypatch.setattr(nvrtc.module("nvrtc"), "nvrtcVersion", lambda: (SUCCESS, 99, 0))
    assert nvrtc.kernels_for(90, 1) == b"another NVRTC's"


@pytest.mark.parametrize("cut", [0, 10, 32, 40, -1])
def test_a_damaged_file_is_compiled_anew(
    cut: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut short, as by a full disk, or a byte that is not what it was."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(nvrtc, "compile_source", lambda *_: b"first" * 100)
    nvrtc.kernels_for(90, 1)
    (file,) = (tmp_path / "pyvmaf-tiny").iterdir()
    kept = file.read_bytes()
    file.write_bytes(kept[:cut])
    monkeypatch.setattr(nvrtc, "compile_source", lambda *_: b"second")
    assert nvrtc.kernels_for(90, 1) == b"second"
    file.write_bytes(kept[:50] + b"x" + kept[51:])
    assert nvrtc.kernels_for(90, 1) == b"second"
    file.write_bytes(kept)
    assert nvrtc.kernels_for(90, 1) == b"first" * 100
    assert nvrtc.kernels_for(90, 1, fresh=True) == b"second"
    assert nvrtc.kernels_for(90, 1) == b"second"


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvrtc, "compile_source", lambda *_: b"compiled")
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
    assert nvrtc.kernels_for(90, 1) == b"compiled"


def test_too_old_a_gpu() -> None:
    with pytest.raises(DeviceError, match=r"given compute capability 7\.0, expected 7\.5 or newer"):
        nvrtc.kernels_for(70, 1)
