"""The native engine gives the golden features, as doubles, by default and with NEG."""

from __future__ import annotations

import pytest
from oracle.compare import assert_same_features
from oracle.golden import GoldenCase, golden_cases

import pyvmaf_tiny


@pytest.mark.parametrize("neg", [False, True], ids=["default", "neg"])
@pytest.mark.parametrize("case", golden_cases(), ids=str)
def test_golden_case(case: GoldenCase, neg: bool) -> None:
    actual = pyvmaf_tiny.features(case.ref, case.dis, bit_depth=case.bit_depth, neg=neg)
    assert_same_features(actual, case.features(neg=neg), case)


def test_the_golden_cases_cover_every_depth() -> None:
    assert {case.bit_depth for case in golden_cases()} == {8, 10, 12, 16}
    assert len(golden_cases()) >= 126
