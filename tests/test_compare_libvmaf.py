"""compare() with the real libvmaf: equal on its scalar path, explained where its SIMD differs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli_runs import run
from oracle.fetch_libvmaf import LIBRARY
from test_compare_deviations import MASKS, black_and_white, has, smooth

import pyvmaf_tiny
from pyvmaf_tiny.errors import EngineStateError
from pyvmaf_tiny.parity import ComparisonResult, EngineChoice

LIBVMAF = f"libvmaf:{LIBRARY}"


@pytest.mark.parametrize(
    ("bit_depth", "gain_limit", "threads", "subsample"),
    [(8, 100.0, 1, 1), (8, 1.5, 2, 1), (10, 1.0, 1, 2), (16, 100.0, 3, 3)],
)
def test_the_scalar_path_is_equal(
    bit_depth: int, gain_limit: float, threads: int, subsample: int
) -> None:
    random = np.random.default_rng(bit_depth)
    dtype = np.uint8 if bit_depth == 8 else np.uint16
    ref, dis = random.integers(0, 1 << bit_depth, (2, 8, 70, 137), dtype)
    result = pyvmaf_tiny.compare(
        ref,
        dis,
        engines=("native", f"{LIBVMAF},scalar"),
        bit_depth=bit_depth,
        gain_limit=gain_limit,
        threads=threads,
        subsample=subsample,
    )
    assert result.equal, result.different
    assert result.frames == len(range(0, 8, subsample))
    assert [side.name for side in result.engines] == ["native", "libvmaf"]
    assert (result.engines[1].version, result.engines[1].tier) == ("3.2.0", "scalar")


def compared(simd: str, content: object, width: int, gain_limit: float) -> ComparisonResult:
    """Our engine against libvmaf with that instruction set."""
    ref, dis = content(width, frames=5)  # type: ignore[operator]
    engines = ("native", EngineChoice("libvmaf", cpu_mask=MASKS[simd], library=str(LIBRARY)))
    return pyvmaf_tiny.compare(ref, dis, engines=engines, gain_limit=gain_limit, threads=1)


@pytest.mark.parametrize("simd", MASKS)
@pytest.mark.parametrize(
    ("content", "width", "gain_limit", "cause"),
    [
        (smooth, 144, 100.0, "band-edge"),
        (smooth, 176, 1.5, "fractional-gain-limit"),
        (black_and_white, 176, 100.0, "wide-masking"),
    ],
)
def test_deviations_are_explained(
    simd: str, content: object, width: int, gain_limit: float, cause: str
) -> None:
    result = compared(simd, content, width, gain_limit)
    if not has(simd):
        assert result.equal
        return
    assert result.different == ("adm2",)
    assert 0 < result["adm2"].max_difference < 0.5
    explanation = result.explanation
    assert explanation is not None
    assert explanation.known
    assert explanation.scalar_equal is True
    assert explanation.simd == simd
    assert explanation.frame == result["adm2"].frame
    assert [each.id for each in explanation.causes] == [cause]


def test_simd_that_does_not_differ_needs_no_explanation() -> None:
    result = compared("avx2", smooth, 176, 100.0)
    assert result.equal
    assert result.explanation is None


def test_libvmaf_against_itself() -> None:
    ref, dis = smooth(144, frames=3)
    engines = (LIBVMAF, f"{LIBVMAF},scalar")
    result = pyvmaf_tiny.compare(ref, dis, engines=engines, threads=1)
    assert result.equal == (not has("avx2"))
    assert [side.tier == "scalar" for side in result.engines] == [not has("avx2"), True]
    with pytest.raises(EngineStateError, match="another CPU mask"):
        pyvmaf_tiny.compare(ref, dis, engines=engines, threads=2)


def test_the_command_explains(tmp_path: Path) -> None:
    ref, dis = smooth(144, frames=3)
    ref.tofile(tmp_path / "ref.yuv")
    dis.tofile(tmp_path / "dis.yuv")
    clips = ("-r", tmp_path / "ref.yuv", "-d", tmp_path / "dis.yuv", "-w", 144, "-h", 80)
    arguments = ("compare", *clips, "-p", 400, "--engines", "native", LIBVMAF)
    ran = run(*arguments, "--scalar")
    assert (ran.exit_code, ran.stderr) == (0, "")
    ran = run(*arguments, "--json")
    content = json.loads(ran.stdout)
    if not has("avx2"):
        assert content["equal"]
        return
    assert ran.exit_code == 6
    assert content["explanation"]["scalar_equal"] is True
    ran = run(*arguments)
    assert ran.exit_code == 6
    frame = content["explanation"]["frame"]
    assert f"libvmaf's scalar code gives the same in frame {frame}." in ran.stdout
    assert "- band-edge: frames 144 wide" in ran.stdout


def test_the_tier_is_what_runs() -> None:
    """Bit 16 alone chooses AVX-512 code; the one for Ice Lake, 32, changes nothing.

    At this width AVX2 code gives another adm2 than AVX-512 code.
    """
    ref, dis = smooth(148, frames=3)
    rows, tiers = {}, {}
    for mask in (0, 8, 16, 32, 48):
        result = pyvmaf_tiny.score(ref, dis, engine=LIBVMAF, model=False, cpu_mask=mask, threads=1)
        rows[mask], tiers[mask] = result.features.tolist(), result.info.cpu_tier
    assert rows[16] == rows[48]
    assert rows[8] == rows[32] == rows[0]
    assert tiers[16] == tiers[48] == ("avx2" if has("avx2") else "scalar")
    assert (rows[0] == rows[48]) != has("avx512")
    if has("avx512"):
        assert tiers[32] == "avx512"
        assert str(tiers[0]).startswith("avx512")
