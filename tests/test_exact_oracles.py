"""The judges agree with each other and with the golden cases; otherwise they could not judge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from oracle import fetch_libvmaf, libvmaf
from oracle.cases import random_case
from oracle.compare import assert_same_features
from oracle.crafted import overflowing
from oracle.golden import GoldenCase, golden_cases
from oracle.libvmaf import libvmaf_features
from oracle.references import reference_features

Judge = Callable[..., NDArray[np.float64]]


@pytest.mark.parametrize("judge", [libvmaf_features, reference_features])
@pytest.mark.parametrize("case", golden_cases()[::7], ids=str)
def test_a_judge_reproduces_golden_cases(judge: Judge, case: GoldenCase) -> None:
    for neg, gain_limit in ((False, 100.0), (True, 1.0)):
        actual = judge(case.ref, case.dis, bit_depth=case.bit_depth, gain_limit=gain_limit)
        assert_same_features(actual, case.features(neg=neg), f"{case}, neg={neg}")


@pytest.mark.parametrize("gain_limit", [100.0, 1.0, 1.2, 2.75])
def test_the_references_agree_with_libvmaf(gain_limit: float) -> None:
    for seed in range(30):
        case = random_case(seed, largest=150)
        ref, dis = case.planes()
        depth = case.bit_depth
        expected = libvmaf_features(ref, dis, bit_depth=depth, gain_limit=gain_limit)
        actual = reference_features(ref, dis, bit_depth=depth, gain_limit=gain_limit)
        assert_same_features(actual, expected, case)


@pytest.mark.parametrize("width", [63, 64])
def test_the_crafted_pattern_overflows_libvmafs_row_sums(width: int) -> None:
    """Identical planes score close to 1, unless a sum has wrapped."""
    plain = overflowing(width, 48, 8)[None]
    assert 0.97 < libvmaf_features(plain, plain)[0, 0] < 0.99
    wrapped_energy = overflowing(width, 48, 8, everywhere=True)[None]
    assert np.isnan(libvmaf_features(wrapped_energy, wrapped_energy)[0, 0])


def test_a_missing_libvmaf_names_the_command_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fetch_libvmaf, "LIBRARY", tmp_path / "libvmaf.so")
    with pytest.raises(FileNotFoundError, match=r"python tests/oracle/fetch_libvmaf\.py"):
        libvmaf.library.__wrapped__()


def test_another_library_than_the_pinned_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "libvmaf.so"
    other.write_bytes(b"\x7fELF, but not the one")
    monkeypatch.setattr(fetch_libvmaf, "LIBRARY", other)
    with pytest.raises(FileNotFoundError, match="not the pinned one"):
        libvmaf.library.__wrapped__()
