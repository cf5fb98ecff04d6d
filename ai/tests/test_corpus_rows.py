"""The committed slice of the corpus: one row of every distorted clip of the small tier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracle.libvmaf_model import libvmaf_scores
from pyvmaf_tiny_ai.clips import make_clip
from pyvmaf_tiny_ai.corpus import COLUMNS
from pyvmaf_tiny_ai.distort import DISTORTIONS
from pyvmaf_tiny_ai.manifest import Manifest, load_manifest
from pyvmaf_tiny_ai.table import features_of, labels_of, of_every_clip, read_table

import pyvmaf_tiny

ROOT = Path(__file__).resolve().parents[2]
ROWS = ROOT / "tests" / "data" / "corpus_rows.parquet"


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return load_manifest(ROOT / "ai" / "corpus.toml")


def test_every_clip_and_distortion_of_the_manifest_is_there(manifest: Manifest) -> None:
    table = pd.read_parquet(ROWS)
    assert tuple(table.columns) == COLUMNS
    found = set(zip(table["clip"], table["source"], table["reserved"], strict=True))
    assert found == {(clip.name, clip.source, clip.reserved) for clip in manifest.clips}
    assert table.groupby("clip")["distortion"].apply(set).map(len).eq(len(DISTORTIONS)).all()
    assert set(table["distortion"]) == set(DISTORTIONS)
    assert table["frame"].nunique() == manifest.frames


def test_reserved_rows_only_come_when_asked_for(manifest: Manifest) -> None:
    reserved = {clip.source for clip in manifest.clips if clip.reserved}
    assert not reserved & set(read_table(ROWS)["source"])
    assert set(read_table(ROWS, reserved=True)["source"]) == reserved


@pytest.mark.parametrize("neg", [False, True], ids=["default", "neg"])
def test_labels_are_what_libvmaf_itself_gives(neg: bool) -> None:
    table = read_table(ROWS, neg=neg)
    scores = libvmaf_scores(features_of(table), "vmaf_v0.6.1neg" if neg else "vmaf_v0.6.1")
    np.testing.assert_allclose(labels_of(table), scores, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(np.clip(table["vmaf_raw"], 0, 100), labels_of(table))


@pytest.mark.parametrize("distortion", ["identical", "contrast", "frame_drop"])
def test_rows_are_made_again_to_the_bit(manifest: Manifest, distortion: str) -> None:
    """Of a pattern and plain arithmetic: no package is fetched, no codec takes part."""
    (entry,) = (clip for clip in manifest.clips if clip.name == "test_card")
    clip = make_clip(entry, None, manifest.frames)
    distorted = DISTORTIONS[distortion](clip)
    table = pd.read_parquet(ROWS).query("clip == 'test_card' and distortion == @distortion")
    frames = table["frame"].to_numpy()
    for prefix, neg in (("", False), ("neg_", True)):
        rows = pyvmaf_tiny.features(clip.luma, distorted, neg=neg)[frames]
        columns = [prefix + name for name in pyvmaf_tiny.FEATURES]
        np.testing.assert_array_equal(table[columns].to_numpy(), rows)


def test_a_sample_has_rows_of_every_clip_and_all_frames() -> None:
    clips = [f"c{at}" for at in range(60)]
    table = pd.DataFrame(
        {"clip": clip, "distortion": "blur", "frame": frame} for clip in clips for frame in range(9)
    )
    sample = of_every_clip(table, 2)
    assert sample.groupby("clip").size().eq(2).all()
    assert set(sample["frame"]) == set(range(9))
    assert sample.index.is_monotonic_increasing
    assert len(of_every_clip(table, 20)) == len(table)
