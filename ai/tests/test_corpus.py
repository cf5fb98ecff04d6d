"""From a manifest to labelled rows; what survives missing packages, crashes, stale caches."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyvmaf_tiny_ai import packages
from pyvmaf_tiny_ai.build import Build
from pyvmaf_tiny_ai.cache import ClipCache
from pyvmaf_tiny_ai.clips import make_clip
from pyvmaf_tiny_ai.corpus import COLUMNS, load_teacher, run_task, to_table
from pyvmaf_tiny_ai.distort import DISTORTIONS
from pyvmaf_tiny_ai.manifest import load_manifest
from pyvmaf_tiny_ai.packages import PackageDigestError
from pyvmaf_tiny_ai.table import features_of, labels_of, read_table, write_table
from test_clips import counted, video
from test_teacher import document

import pyvmaf_tiny

MANIFEST = """
frames = 4
reserved = ["two"]

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
source = "three"
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

[[synthetic]]
name = "card"
source = "two"
graph = [["testsrc2", "size=96x64"]]
"""

NAMES = ("identical", "blur", "mpeg2_q6")


class Here(Executor):
    """Runs every task at once, in this process; ``before`` sees it first and may raise."""

    def __init__(self, before: Callable[[Any], None] = lambda task: None) -> None:
        self.before, self.tasks = before, 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.tasks += 1
        future: Future[Any] = Future()
        try:
            self.before(*args)
            future.set_result(fn(*args, **kwargs))
        except RuntimeError as error:
            future.set_exception(error)
        return future


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest of two packages: one lies in the cache, one cannot be fetched."""
    cache = tmp_path / "packages"
    cache.mkdir()
    with zipfile.ZipFile(cache / "here.whl", "w") as wheel:
        wheel.writestr("film.mp4", video(counted(6)))
        wheel.writestr("teacher.json", json.dumps(document()))
    digest = hashlib.sha256((cache / "here.whl").read_bytes()).hexdigest()
    monkeypatch.setitem(packages._COMMANDS, "npm", lambda name, version: ["false"])
    path = tmp_path / "corpus.toml"
    path.write_text(MANIFEST.format(digest=digest))
    return path


def new_build(path: Path, **changes: Any) -> Build:
    manifest = replace(load_manifest(path), **changes)
    folder = path.parent / "packages"
    cache = ClipCache(path.parent / "cache")
    return Build(manifest, folder, cache, load_teacher(manifest, folder), NAMES)


def test_a_package_that_is_missing_is_named_and_left_out(manifest: Path) -> None:
    build = new_build(manifest)
    build.run(Here())
    assert {clip for clip, _ in build.done} == {"kept", "card"}
    assert len(build.missing) == 1
    assert build.missing[0].startswith("clip lost is left out: false")


def test_a_package_that_was_changed_is_an_error(manifest: Path) -> None:
    build = new_build(manifest)
    with (manifest.parent / "packages" / "here.whl").open("ab") as wheel:
        wheel.write(b"x")
    with pytest.raises(PackageDigestError):
        build.run(Here())


def test_rows_are_the_engines_features_with_the_teachers_labels(
    manifest: Path, tmp_path: Path
) -> None:
    build = new_build(manifest)
    build.run(Here())
    rows = to_table(build.envelopes, "tests", build.teacher, frozenset({"two"}))
    assert tuple(rows.columns) == COLUMNS
    write_table(rows, tmp_path / "rows.parquet")
    kept = read_table(tmp_path / "rows.parquet")
    held = read_table(tmp_path / "rows.parquet", reserved=True)
    assert kept["source"].unique().tolist() == ["one"]
    assert held["source"].unique().tolist() == ["two"]
    assert kept["distortion"].unique().tolist() == list(NAMES)
    assert kept["frame"].tolist() == [0, 1, 2, 3] * 3
    assert kept["codec"].unique().tolist() == ["none", "mpeg2"]

    (entry,) = (entry for entry in build.manifest.clips if entry.name == "kept")
    assert entry.package is not None
    clip = make_clip(entry, entry.package.member(build.packages, "film.mp4"), 4)
    for neg in (False, True):
        table = read_table(tmp_path / "rows.parquet", neg=neg)
        blurred = table[table["distortion"] == "blur"]
        features = pyvmaf_tiny.features(clip.luma, DISTORTIONS["blur"](clip), neg=neg)
        np.testing.assert_array_equal(features_of(blurred), features)
        np.testing.assert_array_equal(labels_of(blurred), build.teacher.score(features))
        np.testing.assert_array_equal(blurred["vmaf_raw"], build.teacher.raw(features))


def test_what_is_done_is_not_done_again(manifest: Path) -> None:
    first = new_build(manifest)
    first.run(Here())
    again = new_build(manifest)
    again.resume()
    assert again.done == first.done
    executor = Here()
    again.run(executor)
    assert executor.tasks == 0


def test_a_crash_loses_only_what_was_not_finished(manifest: Path) -> None:
    def crash() -> None:
        raise KeyboardInterrupt

    build = new_build(manifest)
    with pytest.raises(KeyboardInterrupt):
        build.run(Here(), crash)
    again = new_build(manifest)
    again.resume()
    assert again.done == build.done
    assert len(again.done) == len(NAMES)


def test_a_task_that_fails_is_named_and_the_others_go_on(manifest: Path) -> None:
    def fail(task: Any) -> None:
        if task.entry.name == "kept":
            raise RuntimeError("the encoder fell over")

    build = new_build(manifest)
    build.run(Here(fail))
    assert {clip for clip, _ in build.done} == {"card"}
    assert any("kept" in text and "the encoder fell over" in text for text in build.missing)


@pytest.mark.parametrize("change", ["frames", "engine", "clip"])
def test_stale_rows_are_made_again(
    manifest: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    new_build(manifest).run(Here())
    if change == "frames":
        again = new_build(manifest, frames=3)
    elif change == "clip":
        manifest.write_text(manifest.read_text().replace("size=96x64", "size=64x96"))
        again = new_build(manifest)
    else:
        monkeypatch.setattr("pyvmaf_tiny_ai.corpus.CODE", 2)
        again = new_build(manifest)
    again.resume()
    assert {clip for clip, _ in again.done} == ({"kept"} if change == "clip" else set())
    again.run(Here())
    assert len(again.done) == 2 * len(NAMES)


def test_broken_rows_are_reported_and_made_again(manifest: Path) -> None:
    first = new_build(manifest)
    first.run(Here())
    path = first.cache.path("two", "card_blur")
    path.write_text(path.read_text()[:100])
    again = new_build(manifest)
    again.resume()
    assert len(again.broken) == 1
    assert "card_blur.json" in again.broken[0]
    assert ("card", "blur") not in again.done
    again.run(Here())
    assert again.done == first.done


def test_a_worker_with_another_engine_is_refused(
    manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = new_build(manifest)

    def elsewhere(task: Any) -> list[Any]:
        return [replace(envelope, recipe="other") for envelope in run_task(task)]

    monkeypatch.setattr("pyvmaf_tiny_ai.build.run_task", elsewhere)
    build.run(Here())
    assert build.done == {}
    assert sum("another engine" in text for text in build.missing) == 2 * len(NAMES)
    assert list((manifest.parent).glob("cache/*/*")) == []
