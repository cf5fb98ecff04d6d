"""The corpus manifest: what it lists, and what it must not say."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyvmaf_tiny_ai.manifest import ManifestError, load_manifest

MANIFEST = Path(__file__).resolve().parents[1] / "corpus.toml"


def test_every_package_is_used_and_every_size_is_even() -> None:
    manifest = load_manifest(MANIFEST, "full")
    listed = MANIFEST.read_text().count("[[package]]")
    assert len(manifest.packages) == listed
    for clip in manifest.clips:
        assert all(side % 2 == 0 for side in clip.settings.get("size", ())), clip.name


def test_reserved_sources_are_whole_and_diverse() -> None:
    """All clips of a reserved source are reserved, and real footage is among them."""
    clips = load_manifest(MANIFEST).clips
    reserved = {clip.source for clip in clips if clip.reserved}
    assert len(reserved) >= 5
    assert not reserved & {clip.source for clip in clips if not clip.reserved}
    assert {clip.kind for clip in clips if clip.reserved} == {"film", "photo", "synthetic"}


def test_the_full_tier_adds_to_the_small_one() -> None:
    small = {clip.name for clip in load_manifest(MANIFEST).clips}
    full = {clip.name for clip in load_manifest(MANIFEST, "full").clips}
    assert small < full
    with pytest.raises(ManifestError, match="no tier 'huge'"):
        load_manifest(MANIFEST, "huge")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('package = "vide"', 'package = "vida"', "no package 'vida'"),
        ('    "cat",', '    "dogs",', "no clip's source: dogs"),
        ('name = "bikes_fast"', 'name = "bikes"', "more than once: bikes"),
    ],
    ids=["package", "reserved", "twice"],
)
def test_contradictions(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = MANIFEST.read_text()
    assert old in text
    path = tmp_path / "corpus.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(ManifestError, match=message):
        load_manifest(path)
