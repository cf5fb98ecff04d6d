"""The command that builds the corpus, as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from test_corpus import NAMES, manifest

__all__ = ["manifest"]  # a fixture

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "build_corpus.py"


@pytest.fixture
def nowhere(tmp_path: Path) -> dict[str, str]:
    """An environment in which no registry's client is installed."""
    return {**os.environ, "PATH": str(tmp_path), "VMAF_TINY_AI_CACHE": str(tmp_path / "cache")}


def build(
    manifest: Path, nowhere: dict[str, str], *options: str
) -> subprocess.CompletedProcess[str]:
    folder = manifest.parent
    paths = [
        "--manifest",
        manifest,
        "--packages",
        folder / "packages",
        "--out",
        folder / "t.parquet",
    ]
    return subprocess.run(
        [sys.executable, SCRIPT, *map(str, paths), "--jobs", "1", *options],
        env=nowhere,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_what_is_missing_is_said_and_what_is_there_is_written(
    manifest: Path, nowhere: dict[str, str]
) -> None:
    table = manifest.parent / "t.parquet"
    first = build(manifest, nowhere, "--distortions", *NAMES)
    assert first.returncode == 1, first.stderr
    assert "WARNING: clip lost is left out: npm is not installed" in first.stderr
    assert "24 rows of 6 distorted clips (0 from the cache), 2 sources" in first.stdout
    assert "12 rows, 1 sources" in first.stdout
    written = table.read_bytes()

    again = build(manifest, nowhere, "--distortions", *NAMES, "--allow-missing")
    assert again.returncode == 0, again.stderr
    assert "(6 from the cache)" in again.stdout
    assert table.read_bytes() == written
    assert pd.read_parquet(table)["corpus"].unique().tolist() == ["packages"]


def test_nothing_to_build(manifest: Path, nowhere: dict[str, str]) -> None:
    wrong = build(manifest, nowhere, "--source", "four")
    assert wrong.returncode == 1
    assert "no source four in this tier; it has one, three, two" in wrong.stderr
    none = build(manifest, nowhere, "--frames", "0")
    assert (none.returncode, none.stderr.strip()) == (1, "ERROR: --frames 0, expected at least 1")
    (manifest.parent / "packages" / "here.whl").unlink()
    without = build(manifest, nowhere)
    assert without.returncode == 1
    assert "ERROR" in without.stderr
    assert not (manifest.parent / "t.parquet").exists()
