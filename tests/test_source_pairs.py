"""``FramePairs`` and ``open_pairs``: two inputs side by side, and every way they can differ."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import clips
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyvmaf_tiny.errors import (
    BitDepthError,
    EmptyInputError,
    FrameCountError,
    FrameSizeError,
    FrameTypeError,
    InputError,
    OptionError,
    SourceError,
    TruncatedInputError,
)
from pyvmaf_tiny.frames import Plane
from pyvmaf_tiny.source import FramePairs, open_pairs, open_source

REF = clips.moving_planes(5, 40, 36)
DIS = clips.noisy(REF)
FRAME = 40 * 36 * 3 // 2


class Source:
    """A scripted source: planes, then maybe an error; notes what happens to it."""

    name = "scripted"
    width, height, bit_depth = 40, 36, 8
    frame_rate: Fraction | None = None
    bitrate: float | None = None

    def __init__(
        self, planes: list[Plane], error: Exception | None = None, *, counted: bool = False
    ) -> None:
        self.frame_count = len(planes) if counted else None
        self._planes = planes
        self._error = error
        self.taken = 0
        self.closed = 0

    def __iter__(self) -> Iterator[Plane]:
        for plane in self._planes:
            self.taken += 1
            yield plane
        if self._error is not None:
            raise self._error

    def skip(self, frames: int) -> None:
        if frames > len(self._planes):
            raise EmptyInputError("scripted: no frame is left")
        self._planes = self._planes[frames:]

    def close(self) -> None:
        self.closed += 1


def walk(pairs: FramePairs) -> tuple[int, InputError | None]:
    """How many pairs come, and what is raised then."""
    count = 0
    try:
        for _ in pairs:
            count += 1
    except InputError as error:
        return count, error
    return count, None


def test_pairs() -> None:
    pairs = open_pairs(REF, np.stack(DIS))
    assert (pairs.width, pairs.height, pairs.bit_depth, pairs.total) == (40, 36, 8, 5)
    assert pairs.names == ("<list>", "<array>")
    for (ref, dis), expected_ref, expected_dis in zip(pairs, REF, DIS, strict=True):
        np.testing.assert_array_equal(ref, expected_ref)
        np.testing.assert_array_equal(dis, expected_dis)


def test_frame_rate_of_whichever_knows_it() -> None:
    y4m = clips.y4m_bytes(REF, rate="30000:1001")
    for ref, dis in ((y4m, DIS), (REF, y4m)):
        assert open_pairs(ref, dis).frame_rate == Fraction(30000, 1001)
    assert open_pairs(REF, DIS).frame_rate is None


def test_different_sizes() -> None:
    other = clips.moving_planes(5, 42, 36)
    with pytest.raises(FrameSizeError, match=r"40x36 \(<list>\) and 42x36 \(<array>\)"):
        open_pairs(REF, np.stack(other))


def test_different_depths() -> None:
    deep = clips.y4m_bytes(clips.moving_planes(5, 40, 36, bit_depth=10), "420p10")
    with pytest.raises(BitDepthError, match=r"8 bit \(<list>\) and 10 bit \(<bytes>\)"):
        open_pairs(REF, deep)


def test_formats_are_checked_before_anything_is_read() -> None:
    ref, dis = Source(REF), Source(DIS)
    dis.height = 38
    with pytest.raises(FrameSizeError):
        FramePairs(ref, dis)
    assert (ref.taken, dis.taken) == (0, 0)
    assert (ref.closed, dis.closed) == (1, 1)


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("shorter", ["ref", "dis"])
def test_different_counts(shorter: str, counted: bool) -> None:
    ref = Source(REF[:3] if shorter == "ref" else REF, counted=counted)
    dis = Source(DIS[:3] if shorter == "dis" else DIS, counted=counted)
    pairs = FramePairs(ref, dis)
    assert pairs.total == (3 if counted else None)
    count, error = walk(pairs)
    assert count == 3
    assert isinstance(error, FrameCountError)
    longer = "5" if counted else "more than 3"
    numbers = ("3", longer) if shorter == "ref" else (longer, "3")
    assert f"given {numbers[0]} frames in scripted, {numbers[1]} in scripted" in str(error)
    assert "shortest=True" in str(error)
    assert ref.closed
    assert dis.closed


@pytest.mark.parametrize("shorter", ["ref", "dis"])
def test_shortest(shorter: str) -> None:
    ref = Source(REF[:3] if shorter == "ref" else REF)
    dis = Source(DIS[:3] if shorter == "dis" else DIS)
    assert walk(FramePairs(ref, dis, shortest=True)) == (3, None)
    if shorter == "ref":
        # An endless distorted stream is not asked for a frame that nobody needs.
        assert dis.taken == 3


@pytest.mark.parametrize("shortest", [False, True])
@pytest.mark.parametrize("empty", ["ref", "dis", "both"])
def test_no_frames(empty: str, shortest: bool) -> None:
    ref = Source(REF if empty == "dis" else [])
    dis = Source(DIS if empty == "ref" else [])
    count, error = walk(FramePairs(ref, dis, shortest=shortest))
    assert count == 0
    assert isinstance(error, EmptyInputError)
    name = "distorted" if empty == "dis" else "reference"
    assert str(error).startswith(f"{name} scripted: no frame")


def test_a_truncated_input_outranks_the_count(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.yuv", tmp_path / "cut.yuv"
    whole.write_bytes(clips.yuv_bytes(REF[:4]))
    cut.write_bytes(clips.yuv_bytes(DIS)[:-7])  # 4 frames and most of a fifth
    for ref, dis, role in ((whole, cut, "distorted"), (cut, whole, "reference")):
        count, error = walk(open_pairs(ref, dis, 40, 36))
        assert count == 4
        assert isinstance(error, TruncatedInputError)
        assert str(error).startswith(f"{role} {cut}: the input ends in the middle of frame 4")
        assert f"given {FRAME - 7} bytes" in str(error)
    count, error = walk(open_pairs(REF, cut, 40, 36))
    assert (count, type(error)) == (4, TruncatedInputError)
    assert walk(open_pairs(whole, cut, 40, 36, shortest=True)) == (4, None)


def test_errors_of_a_source_pass_through_after_the_pairs_before() -> None:
    for ref, dis, role in (
        (Source(REF[:2], SourceError("scripted: broken")), Source(DIS), "reference"),
        (Source(REF), Source(DIS[:2], SourceError("scripted: broken")), "distorted"),
    ):
        count, error = walk(FramePairs(ref, dis))
        assert (count, type(error), str(error)) == (2, SourceError, f"{role} scripted: broken")
        assert ref.closed
        assert dis.closed


def test_errors_of_other_kinds_close_both_too() -> None:
    ref, dis = Source(REF), Source(DIS[:2], ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        walk(FramePairs(ref, dis))
    assert ref.closed
    assert dis.closed


def test_who_is_to_blame_is_said_once() -> None:
    bad: list[Any] = [DIS[0], DIS[1].astype(float)]
    count, error = walk(open_pairs(REF, bad))
    assert (count, type(error)) == (1, FrameTypeError)
    assert str(error).startswith("distorted <list>, frame 1: unsupported sample type")
    with pytest.raises(SourceError, match=r"^reference /missing: cannot be opened"):
        open_pairs("/missing", DIS)
    with pytest.raises(EmptyInputError, match=r"^distorted <bytes>: no frame"):
        open_pairs(REF, b"", 40, 36)


@pytest.mark.parametrize(("frames", "expected"), [(1, 1), (4, 4), (5, 5), (9, 5), (None, 5)])
def test_a_limit(frames: int | None, expected: int) -> None:
    ref, dis = Source(REF, counted=True), Source(DIS, counted=True)
    pairs = FramePairs(ref, dis, frames=frames)
    assert pairs.total == expected
    assert walk(pairs) == (expected, None)
    assert ref.taken == dis.taken == expected


def test_a_limit_is_all_that_is_known_of_streams() -> None:
    assert FramePairs(Source(REF), Source(DIS), frames=3).total == 3
    assert FramePairs(Source(REF), Source(DIS)).total is None
    assert FramePairs(Source(REF, counted=True), Source(DIS)).total == 5


def test_a_limit_below_the_shorter_input_is_no_error() -> None:
    assert walk(open_pairs(REF, DIS[:3], frames=3)) == (3, None)
    count, error = walk(open_pairs(REF, DIS[:3], frames=4))
    assert (count, type(error)) == (3, FrameCountError)


def test_skipping() -> None:
    pairs = open_pairs(REF, DIS, skip_ref=2, skip_dis=2)
    assert pairs.total == 3
    for (ref, dis), expected_ref, expected_dis in zip(pairs, REF[2:], DIS[2:], strict=True):
        np.testing.assert_array_equal(ref, expected_ref)
        np.testing.assert_array_equal(dis, expected_dis)
    assert walk(open_pairs(REF, DIS[1:], skip_ref=1)) == (4, None)
    assert walk(open_pairs(REF, DIS, skip_ref=3, frames=2)) == (2, None)
    count, error = walk(open_pairs(REF, DIS, skip_dis=1))
    assert (count, type(error)) == (4, FrameCountError)
    assert "given 5 frames in <list>, 4 in <list> after skipping" in str(error)


@pytest.mark.parametrize("frames", [5, 6, 100])
@pytest.mark.parametrize("option", ["skip_ref", "skip_dis"])
@pytest.mark.parametrize("kind", ["list", "iterator", "raw", "y4m", "pipe"])
def test_skipping_beyond_the_end(kind: str, option: str, frames: int) -> None:
    def make(planes: list[Plane]) -> Any:
        raw = clips.yuv_bytes(planes)
        return {
            "list": planes,
            "iterator": iter(planes),
            "raw": raw,
            "y4m": clips.y4m_bytes(planes),
            "pipe": io.BufferedReader(io.BytesIO(raw)),
        }[kind]

    skips: dict[str, Any] = {option: frames}
    count, error = walk(open_pairs(make(REF), make(DIS), 40, 36, shortest=True, **skips))
    assert count == 0
    assert isinstance(error, EmptyInputError)
    assert str(error).startswith("reference" if option == "skip_ref" else "distorted")
    assert f"{frames} " in str(error)


@pytest.mark.parametrize("value", [-1, -100, 1.0, "1", True, [1]])
@pytest.mark.parametrize("option", ["frames", "skip_ref", "skip_dis"])
def test_options_that_are_no_counts(option: str, value: Any) -> None:
    ref, dis = Source(REF), Source(DIS)
    arguments: dict[str, Any] = {option: value}
    with pytest.raises(OptionError, match=f"{option} is not a whole number, or too small"):
        FramePairs(ref, dis, **arguments)
    assert (ref.closed, dis.closed) == (1, 1)


def test_no_frames_wanted() -> None:
    with pytest.raises(OptionError, match="at least 1"):
        FramePairs(Source(REF), Source(DIS), frames=0)


def test_integers_of_numpy_are_counts() -> None:
    frames: Any = np.int64(2)
    assert walk(FramePairs(Source(REF), Source(DIS), frames=frames)) == (2, None)


def test_one_stream_cannot_be_both(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(clips.y4m_bytes(REF)))
    monkeypatch.setattr(sys, "stdin", stdin)
    file, iterator = io.BytesIO(clips.y4m_bytes(REF)), iter(REF)
    generator = (plane for plane in REF)
    for ref, dis in (
        (file, file),
        ("-", "-"),
        ("-", stdin.buffer),
        (iterator, iterator),
        (generator, generator),
    ):
        with pytest.raises(OptionError, match="one and the same"):
            open_pairs(ref, dis)
    assert file.tell() == 0
    assert stdin.buffer.tell() == 0
    source = open_source(REF)
    with pytest.raises(OptionError, match="one and the same"):
        FramePairs(source, source)


def test_one_array_file_or_buffer_can_be_both(tmp_path: Path) -> None:
    path = tmp_path / "clip.y4m"
    path.write_bytes(clips.y4m_bytes(REF))
    for both in (REF, np.stack(REF), path, str(path), path.read_bytes(), REF[0]):
        pairs = open_pairs(both, both)
        for ref, dis in pairs:
            np.testing.assert_array_equal(ref, dis)
        assert pairs.total == walk(open_pairs(both, both))[0]


def test_a_plane_is_asked_for_only_when_it_is_needed() -> None:
    ref, dis = Source(REF), Source(DIS)
    pairs = iter(FramePairs(ref, dis))
    assert (ref.taken, dis.taken) == (0, 0)
    next(pairs)
    assert (ref.taken, dis.taken) == (1, 1)


def test_closing() -> None:
    ref, dis = Source(REF), Source(DIS)
    with FramePairs(ref, dis) as pairs:
        next(iter(pairs))
    assert ref.closed
    assert dis.closed
    pairs.close()

    ref, dis = Source(REF), Source(DIS)
    frames = iter(FramePairs(ref, dis))
    next(frames)
    del frames
    assert ref.closed
    assert dis.closed


def test_files_are_closed_whatever_happens(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.y4m", tmp_path / "bad.y4m"
    good.write_bytes(clips.y4m_bytes(REF))
    bad.write_bytes(clips.y4m_bytes(DIS)[:-1])

    def still_open() -> bool:
        links = [os.readlink(each) for each in Path("/proc/self/fd").iterdir() if each.exists()]
        return str(tmp_path) in Path("/proc/self/maps").read_text() + "".join(links)

    assert walk(open_pairs(good, good)) == (5, None)
    assert not still_open()
    # The error's stack holds the last planes, so it must not be kept.
    assert walk(open_pairs(good, bad))[0] == 4
    assert not still_open()
    for dis, options in (
        (tmp_path / "missing", {}),
        (clips.moving_planes(1, 44, 44), {}),
        (good, {"frames": -1}),
    ):
        arguments: dict[str, Any] = dict(options)
        with pytest.raises((InputError, OptionError)) as caught:
            open_pairs(good, dis, **arguments)
        assert not still_open(), caught.value


@given(
    ref_count=st.integers(0, 6),
    dis_count=st.integers(0, 6),
    frames=st.none() | st.integers(1, 7),
    skip_ref=st.integers(0, 7),
    skip_dis=st.integers(0, 7),
    shortest=st.booleans(),
    counted=st.booleans(),
)
def test_every_combination(
    ref_count: int, dis_count: int, frames: int | None, skip_ref: int, skip_dis: int,
    shortest: bool, counted: bool,
) -> None:  # fmt: skip
    plane = REF[0]
    ref = Source([plane] * ref_count, counted=counted)
    dis = Source([plane] * dis_count, counted=counted)
    pairs = FramePairs(
        ref, dis, frames=frames, skip_ref=skip_ref, skip_dis=skip_dis, shortest=shortest
    )
    count, error = walk(pairs)
    ref_left, dis_left = max(0, ref_count - skip_ref), max(0, dis_count - skip_dis)
    limit = 99 if frames is None else frames
    assert count == min(ref_left, dis_left, limit)
    if count == 0:
        assert isinstance(error, EmptyInputError)
    elif shortest or count == limit or ref_left == dis_left:
        assert error is None
    else:
        assert isinstance(error, FrameCountError)
    if counted:
        assert pairs.total == count
    assert ref.closed
    assert dis.closed
