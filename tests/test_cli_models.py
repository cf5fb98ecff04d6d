"""``pyvmaf-tiny models`` and ``engines``: what they list, and what verification catches."""

from __future__ import annotations

import importlib.resources
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from cli_runs import run

import pyvmaf_tiny

SHIPPED = importlib.resources.files("pyvmaf_tiny") / "tiny_models"


def test_list() -> None:
    listed = json.loads(run("models", "list", "--json").stdout)
    assert listed == [asdict(info) for info in pyvmaf_tiny.models()]
    table = run("models", "list").stdout
    for info in pyvmaf_tiny.models():
        assert info.id in table
        assert info.digest[:12] in table


def test_show() -> None:
    shown = json.loads(run("models", "show", "vmaf_tiny_d1", "--json").stdout)
    assert shown["registry"]["id"] == "vmaf_tiny_d1"
    assert shown["sidecar"]["features"] == list(pyvmaf_tiny.FEATURES)
    text = run("models", "show", "vmaf_tiny_d1").stdout
    assert shown["registry"]["digest"] in text
    assert "  opset: 17\n" in text


def test_show_an_unknown_model() -> None:
    ran = run("models", "show", "vmaf_tiny_v0")
    assert ran.exit_code == 4
    assert "vmaf_tiny_d1" in ran.stderr


def test_verify_the_shipped_models() -> None:
    ran = run("models", "verify")
    assert ran.exit_code == 0
    assert "vmaf_tiny_d1: ok" in ran.stdout.splitlines()


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_verify_files(tmp_path: Path, flags: list[str]) -> None:
    good, bad = tmp_path / "good.onnx", tmp_path / "bad.onnx"
    data = (SHIPPED / "vmaf_tiny_d1.onnx").read_bytes()
    good.write_bytes(data)
    bad.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert run("models", "verify", good).exit_code == 0
    ran = run("models", "verify", good, bad, *flags)
    assert ran.exit_code == 4
    assert "1 of 2 models" in ran.stderr
    if flags:
        assert [row["ok"] for row in json.loads(ran.stdout)] == [True, False]
    else:
        assert f"{good}: ok" in ran.stdout
        assert f"{bad}: no model of the registry" in ran.stdout


def test_verify_a_missing_file(tmp_path: Path) -> None:
    good = Path(str(SHIPPED / "vmaf_tiny_d1.onnx"))
    ran = run("models", "verify", tmp_path / "none.onnx", good, "--json")
    assert ran.exit_code == 4
    missing, found = json.loads(ran.stdout)
    assert (missing["ok"], missing["sha256"]) == (False, None)
    assert "no such model file" in missing["reason"]
    assert found["ok"]
    assert "1 of 2 models" in ran.stderr


def test_verify_catches_a_changed_shipped_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in SHIPPED.iterdir():
        (tmp_path / "tiny_models").mkdir(exist_ok=True)
        (tmp_path / "tiny_models" / file.name).write_bytes(file.read_bytes())
    model = tmp_path / "tiny_models" / "vmaf_tiny_d1.onnx"
    model.write_bytes(model.read_bytes() + b"\0")
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path)
    ran = run("models", "verify")
    assert ran.exit_code == 4
    assert "vmaf_tiny_d1: the file of model vmaf_tiny_d1 is not the one" in ran.stdout


def test_engines() -> None:
    listed = json.loads(run("engines", "--json").stdout)
    infos = pyvmaf_tiny.engines()
    assert listed == json.loads(json.dumps([asdict(info) for info in infos]))
    table = run("engines").stdout
    for info in infos:
        assert info.name in table
        assert (info.tier or "not available") in table
