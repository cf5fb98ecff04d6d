"""The per-clip cache: exact values back, nothing half, nothing stale."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from pyvmaf_tiny_ai.cache import BrokenEntryError, ClipCache, Envelope, cache_folder, recipe_digest

ENVELOPE = Envelope(
    source="bikes",
    name="bikes_blur",
    recipe="r1",
    about={"distortion": "blur"},
    features={"adm2": [0.1, 1 / 3], "motion2": [5e-324, 1e300]},
    teacher={"vmaf": [97.428043, 100.0]},
)


def test_values_come_back_exactly(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path)
    assert cache.load("bikes", "bikes_blur", "r1") is None
    assert cache.store(ENVELOPE) == tmp_path / "bikes" / "bikes_blur.json"
    assert cache.load("bikes", "bikes_blur", "r1") == ENVELOPE
    assert [path.name for path in (tmp_path / "bikes").iterdir()] == ["bikes_blur.json"]


def test_another_recipe_is_stale_and_replaced(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path)
    cache.store(ENVELOPE)
    assert cache.load("bikes", "bikes_blur", "r2") is None
    cache.store(replace(ENVELOPE, recipe="r2"))
    assert cache.load("bikes", "bikes_blur", "r1") is None
    assert cache.load("bikes", "bikes_blur", "r2") is not None


def damaged(text: str) -> list[str]:
    document = json.loads(text)
    short = {**document, "teacher": {"vmaf": [1.0]}}
    other = {**document, "name": "carphone_blur"}
    without = {key: value for key, value in document.items() if key != "features"}
    more = {**document, "colour": "red"}
    return ["", text[:-5], "[]", *map(json.dumps, (short, other, without, more))]


@pytest.mark.parametrize("case", range(7))
def test_broken_files_are_reported(tmp_path: Path, case: int) -> None:
    cache = ClipCache(tmp_path)
    path = cache.store(ENVELOPE)
    path.write_text(damaged(path.read_text())[case])
    with pytest.raises(BrokenEntryError, match=r"bikes_blur\.json"):
        cache.load("bikes", "bikes_blur", "r1")


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ClipCache(tmp_path)
    cache.store(ENVELOPE)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        cache.store(replace(ENVELOPE, recipe="r2"))
    assert cache.load("bikes", "bikes_blur", "r1") == ENVELOPE
    assert len(list((tmp_path / "bikes").iterdir())) == 1
    with pytest.raises(ValueError, match="Out of range"):
        cache.store(replace(ENVELOPE, teacher={"vmaf": [float("nan"), 1.0]}))


def test_writers_at_once(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path)
    versions = [
        replace(ENVELOPE, features={"adm2": [float(at)] * 2000}, teacher={"vmaf": [1.0] * 2000})
        for at in range(8)
    ]
    threads = [threading.Thread(target=cache.store, args=(version,)) for version in versions]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert cache.load("bikes", "bikes_blur", "r1") in [None, *versions]
    for thread in threads:
        thread.join()
    assert cache.load("bikes", "bikes_blur", "r1") in versions


def test_names_stay_inside(tmp_path: Path) -> None:
    for source, name in (("..", "a"), ("a", "b/c"), ("", "a"), ("a", "..")):
        with pytest.raises(ValueError, match="no file name"):
            ClipCache(tmp_path).path(source, name)


def test_columns_of_different_length() -> None:
    with pytest.raises(ValueError, match="columns of"):
        replace(ENVELOPE, teacher={"vmaf": [1.0]})


def test_where_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VMAF_TINY_AI_CACHE", str(tmp_path))
    assert cache_folder() == ClipCache().folder == tmp_path
    monkeypatch.setenv("VMAF_TINY_AI_CACHE", "")
    assert cache_folder() == Path.home() / ".cache" / "vmaf-tiny-ai"


def test_digest_follows_values_not_order() -> None:
    assert recipe_digest({"a": 1, "b": [2]}) == recipe_digest({"b": [2], "a": 1})
    assert recipe_digest({"a": 1}) != recipe_digest({"a": 2})
