"""``ReadAhead``: the generator's items and errors in order, never too far ahead, always ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import clips
import numpy as np
import pytest

import pyvmaf_tiny
from pyvmaf_tiny.engine.base import Rows
from pyvmaf_tiny.engine.native import NativeEngine
from pyvmaf_tiny.frames import Plane
from pyvmaf_tiny.source import open_source
from pyvmaf_tiny.source.readahead import ReadAhead
from pyvmaf_tiny.source.video import VideoSource


class Counter:
    """Yields 0, 1, 2, ...; knows how many it made, in which threads, and whether it was ended."""

    def __init__(self, stop: int, error: BaseException | None = None) -> None:
        self.made = 0
        self.threads: set[int] = set()
        self.ended = False
        self._stop = stop
        self._error = error

    def items(self) -> Generator[int, None, None]:
        try:
            while self.made < self._stop:
                self.made += 1
                self.threads.add(threading.get_ident())
                yield self.made - 1
            if self._error is not None:
                raise self._error
        finally:
            self.ended = True


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.001)


def test_every_item_in_order_from_another_thread() -> None:
    counter = Counter(1000)
    assert list(ReadAhead(counter.items())) == list(range(1000))
    assert counter.ended
    assert counter.threads.isdisjoint({threading.get_ident()})


def test_nothing_is_made_before_the_first_is_asked_for() -> None:
    counter = Counter(10)
    ReadAhead(counter.items()).close()
    assert counter.made == 0


@pytest.mark.parametrize("ahead", [1, 2, 5])
def test_works_ahead_and_no_further(ahead: int) -> None:
    counter = Counter(1000)
    items = ReadAhead(counter.items(), ahead)
    for taken in range(1, 20):
        next(items)
        wait_until(lambda taken=taken: counter.made == taken + ahead)  # type: ignore[misc]
        time.sleep(0.002)
        assert counter.made == taken + ahead
    items.close()
    assert counter.ended


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_an_error_comes_after_the_items_before_it(error: BaseException) -> None:
    items = ReadAhead(Counter(3, error).items())
    assert [next(items), next(items), next(items)] == [0, 1, 2]
    with pytest.raises(type(error)) as raised:
        next(items)
    assert raised.value is error
    assert list(items) == []


def test_closing_ends_thread_and_generator() -> None:
    before = threading.active_count()
    for taken in range(6):
        counter = Counter(4)
        items = ReadAhead(counter.items())
        for _ in range(min(taken, 4)):
            next(items)
        items.close()
        items.close()
        assert counter.ended == (taken > 0)
        assert list(items) == []
    assert threading.active_count() == before


def test_a_video_file_is_decoded_ahead_and_leaves_no_thread(tmp_path: Path) -> None:
    planes = clips.moving_planes(8, 64, 48)
    path = tmp_path / "clip.mkv"
    clips.write_video(path, planes)
    before = threading.active_count()
    source = open_source(path)
    frames = iter(source)
    kept = [next(frames) for _ in range(5)]  # planes stay whole while others are decoded
    assert threading.active_count() > before
    source.close()
    assert threading.active_count() == before
    for plane, expected in zip(kept, planes, strict=False):
        np.testing.assert_array_equal(plane, expected)


def test_all_videos_are_decoded_while_the_engine_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every push there is a frame more of each input than was taken, or there soon will be."""
    planes = clips.moving_planes(10, 64, 48)
    paths = [str(tmp_path / name) for name in ("ref.mkv", "one.mkv", "two.mp4")]
    for path in paths:
        clips.write_video(path, planes)
    decoded = dict.fromkeys(paths, 0)
    decode, push = VideoSource._decode, NativeEngine.push
    pushed = 0

    def counted(self: VideoSource, container: Any, stream: Any) -> Generator[Any, None, None]:
        for frame in decode(self, container, stream):
            decoded[self.name] += 1
            yield frame

    def waiting_push(self: NativeEngine, ref: Plane, dis: Sequence[Plane]) -> Rows:
        nonlocal pushed
        pushed += 1
        wait_until(lambda: min(decoded.values()) >= min(pushed + 1, len(planes)))
        return push(self, ref, dis)

    monkeypatch.setattr(VideoSource, "_decode", counted)
    monkeypatch.setattr(NativeEngine, "push", waiting_push)
    assert pyvmaf_tiny.features_many(paths[0], paths[1:]).shape == (2, 10, 6)
    assert pushed == 10
