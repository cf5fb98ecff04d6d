"""Holding CPU features back: the option, the environment variable, and where the choice shows."""

from __future__ import annotations

import json
from typing import Any

import clips
import pytest
from cli_runs import run

import pyvmaf_tiny
from pyvmaf_tiny.engine.base import CPU_MASK_VARIABLE
from pyvmaf_tiny.errors import OptionError

REF = clips.moving_planes(2, 64, 48)
DIS = clips.noisy(REF)


def tier(cpu_mask: int = 0) -> str | None:
    return pyvmaf_tiny.score(REF, DIS, model=False, cpu_mask=cpu_mask).info.cpu_tier


def test_the_variable_limits_the_tier(monkeypatch: pytest.MonkeyPatch) -> None:
    best = tier()
    assert tier(cpu_mask=0xFFFFFFFF) == tier(cpu_mask=-1) == "scalar"
    for value in ("-1", "0xffffffff", str(0xFFFFFFFF), " -1 "):
        monkeypatch.setenv(CPU_MASK_VARIABLE, value)
        assert tier() == "scalar"
        assert pyvmaf_tiny.engines()[0].tier == "scalar"
    for value in ("0", ""):
        monkeypatch.setenv(CPU_MASK_VARIABLE, value)
        assert tier() == best


@pytest.mark.parametrize("mask", [-2, 1.5, "16", None, True])
def test_a_wrong_mask_is_an_error(mask: Any) -> None:
    with pytest.raises(OptionError, match=r"cpu_mask is not .*an integer of at least -1"):
        tier(cpu_mask=mask)


def test_variable_and_option_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    both = tier(cpu_mask=16 | 32)
    monkeypatch.setenv(CPU_MASK_VARIABLE, "16")
    assert tier(cpu_mask=32) == both
    monkeypatch.setenv(CPU_MASK_VARIABLE, "0x30")
    assert tier() == both


@pytest.mark.parametrize("value", ["avx2", "-2", "1.5", "0x"])
def test_a_wrong_variable_is_an_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(CPU_MASK_VARIABLE, value)
    with pytest.raises(OptionError, match=f"{CPU_MASK_VARIABLE}.*given {value!r}"):
        tier()


def test_the_command_line_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CPU_MASK_VARIABLE, "-1")
    outcome = run("engines", "--json")
    assert outcome.exit_code == 0
    native = json.loads(outcome.stdout)[0]
    assert (native["tier"], native["cpu_mask"]) == ("scalar", 0xFFFFFFFF)
    assert "scalar (masked: 0xffffffff)" in run("engines").stdout
    monkeypatch.delenv(CPU_MASK_VARIABLE)
    assert "masked" not in run("engines").stdout


def test_results_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What option and environment held back together."""
    assert pyvmaf_tiny.score(REF, DIS, model=False).info.cpu_mask == 0
    monkeypatch.setenv(CPU_MASK_VARIABLE, "0x10")
    result = pyvmaf_tiny.score(REF, DIS, model=False, cpu_mask=32)
    assert result.info.cpu_mask == 48
    assert result.to_dict()["pyvmaf_tiny"]["cpu_mask"] == 48
