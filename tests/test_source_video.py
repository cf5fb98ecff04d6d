"""Encoded video through PyAV: order, completeness, damage."""

from __future__ import annotations

import io
import os
import tempfile
import wave
from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import clips
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyvmaf_tiny.errors import (
    BitDepthError,
    EmptyInputError,
    FrameSizeError,
    InputError,
    PixelFormatError,
    SourceError,
    TruncatedInputError,
)
from pyvmaf_tiny.frames import Plane
from pyvmaf_tiny.source import open_source
from pyvmaf_tiny.source.truncation import missing_bytes

PLANES = clips.moving_planes(12, 66, 50)

#: With B-frames, so that decoding order is not display order; x264 has none when lossless.
REORDERED = {"crf": "20", "preset": "fast", "bf": "3", "g": "12"}


def encoded(container: str = "mp4", planes: Sequence[Plane] = PLANES, **options: Any) -> bytes:
    file = io.BytesIO()
    clips.write_video(file, planes, container=container, **{"options": REORDERED, **options})
    return file.getvalue()


def remuxed(data: bytes, container: str, **options: str) -> bytes:
    """The same packets in another container."""
    # A real file: a fast start is made by reading the file again.
    with tempfile.NamedTemporaryFile() as file:
        with (
            av.open(io.BytesIO(data), "r") as source,
            av.open(file.name, "w", format=container, options=options) as target,
        ):
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
        return Path(file.name).read_bytes()


def decoded(data: bytes) -> list[Any]:
    """The planes as PyAV itself decodes them, in the order of the time stamps (AVI has none)."""
    with av.open(io.BytesIO(data), "r") as file:
        frames = list(file.decode(video=0))
        if file.format.name != "avi":
            frames.sort(key=lambda frame: frame.pts or 0)
        return [frame.to_ndarray()[: frame.height] for frame in frames]  # 4:2:0: luma first


# Encoded once: x264 does not give the same bits every time on a busy machine.
MP4 = encoded()
FASTSTART = remuxed(MP4, "mp4", movflags="faststart")
MKV = remuxed(MP4, "matroska")
AVI = encoded("avi")
FILES = {"a.mp4": MP4, "b.mp4": FASTSTART, "c.mkv": MKV, "d.avi": AVI}
DECODED = decoded(MP4)


def descriptors() -> set[str]:
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(os.readlink(entry))
        except FileNotFoundError:
            continue  # the descriptor of this listing
    return found


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_the_clip_has_frames_out_of_order() -> None:
    for data in (MP4, MKV):
        with av.open(io.BytesIO(data), "r") as file:
            stamps = [packet.pts for packet in file.demux(video=0) if packet.pts is not None]
        assert stamps != sorted(stamps)
    for planes in (DECODED, decoded(AVI)):
        assert len(planes) == 12
        for index, plane in enumerate(planes):
            distances = [np.abs(plane.astype(int) - original).mean() for original in PLANES]
            assert np.argmin(distances) == index


@pytest.mark.parametrize("container", ["mp4", "matroska", "avi", "mpegts", "mov", "nut"])
def test_frames_come_in_display_order_and_once(container: str) -> None:
    data = AVI if container == "avi" else remuxed(MP4, container)
    source = open_source(io.BytesIO(data))
    assert (source.width, source.height, source.bit_depth) == (66, 50, 8)
    assert source.frame_rate == 25
    for plane, expected in zip(source, decoded(data), strict=True):
        np.testing.assert_array_equal(plane, expected)


@pytest.mark.parametrize(
    ("codec", "pixel_format", "bit_depth"),
    [
        ("libx264", "yuv420p", 8),
        ("libx264", "yuvj420p", 8),
        ("libx264", "yuv444p", 8),
        ("libx264", "gray", 8),
        ("libx264", "nv12", 8),
        ("libx264", "yuv420p10le", 10),
        ("libx264", "yuv422p10le", 10),
        ("ffv1", "gray", 8),
        ("ffv1", "yuva420p", 8),
        ("ffv1", "yuv411p", 8),
        ("ffv1", "yuv420p10le", 10),
        ("ffv1", "yuv422p12le", 12),
        ("ffv1", "gray12le", 12),
        ("ffv1", "yuv444p16le", 16),
        ("ffv1", "gray16le", 16),
        ("libx265", "yuv420p12le", 12),
    ],
)
def test_lossless_codecs(tmp_path: Path, codec: str, pixel_format: str, bit_depth: int) -> None:
    planes = clips.moving_planes(3, 66, 50, bit_depth=bit_depth)
    options = {"x265-params": "lossless=1:log-level=none"} if codec == "libx265" else None
    path = tmp_path / "clip.mkv"
    clips.write_video(path, planes, codec=codec, pixel_format=pixel_format, options=options)
    source = open_source(path)
    assert source.bit_depth == bit_depth
    for plane, expected in zip(source, planes, strict=True):
        np.testing.assert_array_equal(plane, expected)
        assert plane.dtype == expected.dtype
    source.close()


def test_odd_sizes(tmp_path: Path) -> None:
    planes = clips.moving_planes(3, 35, 37)
    path = tmp_path / "clip.mkv"
    clips.write_video(path, planes, codec="ffv1")
    for plane, expected in zip(open_source(path), planes, strict=True):
        np.testing.assert_array_equal(plane, expected)


def test_decoded_planes_are_used_in_place_and_outlive_the_source() -> None:
    source = open_source(io.BytesIO(MP4))
    planes = list(source)
    source.close()
    del source
    assert all(plane.strides[0] > 66 and not plane.flags.owndata for plane in planes)
    for plane, expected in zip(planes, DECODED, strict=True):
        np.testing.assert_array_equal(plane, expected)


def test_irregular_time_stamps_do_not_matter() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        stream = output.add_stream("ffv1", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 66, 50, "gray"
        for plane, pts in zip(PLANES, [0, 1, 2, 50, 51, 53, 60, 61, 62, 63, 64, 900], strict=True):
            frame = clips.video_frame(plane, "gray")
            frame.pts = pts
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    for plane, expected in zip(open_source(io.BytesIO(file.getvalue())), PLANES, strict=True):
        np.testing.assert_array_equal(plane, expected)


def test_frame_counts() -> None:
    assert open_source(io.BytesIO(MP4)).frame_count == 12
    assert open_source(io.BytesIO(remuxed(MP4, "mov"))).frame_count == 12
    assert open_source(io.BytesIO(MKV)).frame_count is None
    # AVI fills the time between frames with empty chunks, and counts those.
    assert open_source(io.BytesIO(remuxed(encoded("mpegts"), "avi"))).frame_count is None


def test_frames_hidden_by_an_edit_list_are_not_counted() -> None:
    file = io.BytesIO()
    with av.open(io.BytesIO(MP4), "r") as source, av.open(file, "w", format="mp4") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is None or packet.pts is None or packet.time_base is None:
                continue
            packet.pts -= int(5 / 25 / packet.time_base)
            packet.dts -= int(5 / 25 / packet.time_base)
            packet.stream = stream
            target.mux(packet)
    trimmed = open_source(io.BytesIO(file.getvalue()))
    assert trimmed.frame_count is None
    for plane, expected in zip(trimmed, DECODED[5:], strict=True):
        np.testing.assert_array_equal(plane, expected)


def test_frame_rate() -> None:
    source = open_source(io.BytesIO(encoded(rate=Fraction(30000, 1001))))
    assert source.frame_rate == Fraction(30000, 1001)


def test_skipping() -> None:
    source = open_source(io.BytesIO(MP4))
    source.skip(5)
    for plane, expected in zip(source, DECODED[5:], strict=True):
        np.testing.assert_array_equal(plane, expected)
    source = open_source(io.BytesIO(MP4))
    source.skip(12)
    assert list(source) == []
    with pytest.raises(EmptyInputError, match="13 to skip, 12 there"):
        open_source(io.BytesIO(MP4)).skip(13)


@pytest.mark.parametrize(
    "name",
    ["clip.mp4", "clip", "take2:final.mp4", "file:x.mp4", "a b%03d.mp4", "клип.mp4", "-.mp4"],
)
def test_names_of_files(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / name, MP4)
    monkeypatch.chdir(tmp_path)
    for given_path in (path, str(path), name):
        source = open_source(given_path)
        assert source.name == str(given_path)
        assert len(list(source)) == 12
        source.close()


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/cl\xffip.mp4"
    with open(path, "wb") as file:
        file.write(MP4)
    assert len(list(open_source(os.fsdecode(path)))) == 12


def test_tags_in_an_old_encoding() -> None:
    assert MP4.count(b"Lavf") == 1
    source = open_source(io.BytesIO(MP4.replace(b"Lavf", b"L\xe4\xf6f")))
    assert len(list(source)) == 12


def test_urls(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", MP4)
    source = open_source(f"file://{path}")
    assert len(list(source)) == 12
    source.close()
    with pytest.raises(SourceError, match="cannot be opened"):
        open_source(f"file://{path}.missing")
    with pytest.raises(SourceError, match="cannot be opened"):
        open_source("nosuchprotocol://host/clip.mp4")


def lossless(
    container: str, planes: Sequence[Plane] = PLANES, pixel_format: str = "yuv420p"
) -> bytes:
    options = {"qp": "0", "preset": "ultrafast", "g": "1"}
    return encoded(container, planes, pixel_format=pixel_format, options=options)


def test_the_size_changes_in_the_middle(tmp_path: Path) -> None:
    other = clips.moving_planes(2, 80, 64)
    path = write(tmp_path / "clip.h264", lossless("h264", PLANES[:3]) + lossless("h264", other))
    frames = iter(open_source(path))
    for expected in PLANES[:3]:
        np.testing.assert_array_equal(next(frames), expected)
    with pytest.raises(FrameSizeError, match="frame 3: given 80x64, expected 66x50"):
        next(frames)


def test_the_bit_depth_changes_in_the_middle(tmp_path: Path) -> None:
    deep = clips.moving_planes(2, 66, 50, bit_depth=10)
    data = lossless("h264", PLANES[:3]) + lossless("h264", deep, "yuv420p10le")
    frames = iter(open_source(write(tmp_path / "clip.h264", data)))
    for expected in PLANES[:3]:
        np.testing.assert_array_equal(next(frames), expected)
    with pytest.raises(BitDepthError, match="frame 3: given 10 bit, expected 8 bit"):
        next(frames)


@pytest.mark.parametrize(
    ("pixel_format", "error"),
    [("bgr0", PixelFormatError), ("bgra", PixelFormatError), ("ya8", PixelFormatError),
     ("gbrp10le", PixelFormatError), ("yuv420p9le", BitDepthError), ("gray14le", BitDepthError)],
)  # fmt: skip
def test_formats_that_cannot_be_used(
    tmp_path: Path, pixel_format: str, error: type[InputError]
) -> None:
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 66, 50, pixel_format
        output.mux(stream.encode(av.VideoFrame(66, 50, pixel_format)))
        output.mux(stream.encode(None))
    with pytest.raises(error, match=r"clip\.mkv.*pixel format"):
        open_source(path)
    assert str(path) not in descriptors()


def test_too_small(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    clips.write_video(path, [np.zeros((32, 40), np.uint8)], codec="ffv1")
    with pytest.raises(FrameSizeError, match="40x32"):
        open_source(path)


def test_no_video_stream(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    with pytest.raises(SourceError, match="no video stream: given streams: audio") as caught:
        open_source(path)
    assert caught.value.hint is None
    assert str(path) not in descriptors()


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    picture = io.BytesIO()
    clips.write_video(
        picture, PLANES[:1], codec="mjpeg", pixel_format="yuvj420p", container="mjpeg"
    )
    path = tmp_path / "song.mka"
    with av.open(str(path), "w", format="matroska") as output:
        stream = output.add_stream("pcm_s16le", rate=8000)
        assert isinstance(stream, av.AudioStream)
        output.add_attachment("cover.jpg", "image/jpeg", picture.getvalue())
        sound = av.AudioFrame(format="s16", layout="mono", samples=800)
        sound.sample_rate = 8000
        output.mux(stream.encode(sound))
        output.mux(stream.encode(None))
    with pytest.raises(SourceError, match="no video stream: given streams: audio, cover"):
        open_source(path)


@pytest.mark.parametrize("content", [b"hello, world\n" * 50, bytes(5000), b"\x1a\x45\xdf\xa3junk"])
def test_files_that_are_no_video(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "notes.mp4", content)
    with pytest.raises(SourceError) as caught:
        open_source(path)
    assert str(path) in str(caught.value)
    assert "raw video needs width and height" in str(caught.value)
    assert str(path) not in descriptors()
    with pytest.raises(SourceError, match="needs width and height"):
        open_source(io.BytesIO(content))


def test_closing(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", MP4)
    source = open_source(path)
    frames = iter(source)
    next(frames)
    assert str(path) in descriptors()
    source.close()
    source.close()
    assert str(path) not in descriptors()
    with pytest.raises(SourceError, match="closed"):
        next(frames)


def outcome(source: Any, planes: Sequence[Any] = DECODED) -> InputError | None:
    """Check that what comes is the beginning of ``planes``; the error at the end."""
    expected = iter(planes)
    try:
        for plane in source:
            np.testing.assert_array_equal(plane, next(expected))
    except InputError as error:
        return error
    assert next(expected, None) is None
    return None


def opened(path: Path) -> Any:
    """The source, or the error that it could not be opened for."""
    try:
        return open_source(path)
    except InputError as error:
        return error


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=12, deadline=None)
@given(share=st.floats(0.02, 1, exclude_max=True))
def test_a_file_that_is_cut_off(
    tmp_path_factory: pytest.TempPathFactory, name: str, share: float
) -> None:
    data = FILES[name]
    length = int(len(data) * share)
    path = write(tmp_path_factory.getbasetemp() / name, data[:length])
    source = opened(path)
    if isinstance(source, InputError):
        # Cut between two boxes, or before FFmpeg sees what it is.
        assert isinstance(source, (TruncatedInputError, SourceError))
    else:
        error = outcome(source, decoded(data))
        source.close()
        assert isinstance(error, TruncatedInputError)
        assert f"ends {len(data) - length} bytes early" in str(error)
    assert str(path) not in descriptors()


def cut_in_packet(data: bytes, packet_number: int) -> bytes:
    with av.open(io.BytesIO(data), "r") as file:
        packets = [packet for packet in file.demux(video=0) if packet.size]
    packet = packets[packet_number]
    assert packet.pos is not None
    return data[: packet.pos + packet.size // 2]


@pytest.mark.parametrize("name", ["b.mp4", "c.mkv", "d.avi"])
@pytest.mark.parametrize("packet_number", range(1, 12))
def test_a_missing_packet_leaves_no_gap(tmp_path: Path, name: str, packet_number: int) -> None:
    # Without a frame that should come first, later frames must not move up in display order.
    source = opened(write(tmp_path / name, cut_in_packet(FILES[name], packet_number)))
    error = source if isinstance(source, InputError) else outcome(source, decoded(FILES[name]))
    assert isinstance(error, TruncatedInputError)


@pytest.mark.parametrize("packet_number", range(1, 12))
def test_half_a_packet_in_a_file_object(packet_number: int) -> None:
    # Where the file object ends is not looked up, but FFmpeg notices half a packet.
    file = io.BytesIO(cut_in_packet(FASTSTART, packet_number))
    try:
        source = open_source(file)
    except SourceError:
        assert packet_number < 4
    else:
        error = outcome(source)
        assert isinstance(error, SourceError)
        assert "cut off" in str(error)


@pytest.mark.parametrize("data", [FASTSTART, MKV])
def test_most_frames_of_a_file_that_is_cut_off_at_the_end_are_delivered(
    tmp_path: Path, data: bytes
) -> None:
    frames = iter(open_source(write(tmp_path / "clip", data[: int(len(data) * 0.9)])))
    for expected in DECODED[:5]:
        np.testing.assert_array_equal(next(frames), expected)


def test_complete_files_are_complete(tmp_path: Path) -> None:
    others = [remuxed(MP4, container) for container in ("mpegts", "mov", "nut")]
    for data in (MP4, FASTSTART, MKV, AVI, *others):
        assert missing_bytes(str(write(tmp_path / "clip", data))) == 0
        assert outcome(open_source(tmp_path / "clip"), decoded(data)) is None
        write(tmp_path / "clip", data + b"something appended by another program")
        assert missing_bytes(str(tmp_path / "clip")) == 0
    fragmented = remuxed(MP4, "mp4", movflags="frag_keyframe+empty_moov")
    assert missing_bytes(str(write(tmp_path / "clip", fragmented))) == 0
    assert missing_bytes(str(write(tmp_path / "clip", fragmented[:-500]))) > 400
    live = remuxed(MP4, "matroska", live="1")
    assert missing_bytes(str(write(tmp_path / "clip", live[:-100]))) == 0
    assert missing_bytes(str(tmp_path)) == 0


@settings(max_examples=100, deadline=None)
@given(head=st.sampled_from([MP4, MKV, AVI]), keep=st.integers(0, 64), tail=st.binary(max_size=64))
def test_looking_for_the_end_survives_anything(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, keep: int, tail: bytes
) -> None:
    path = write(tmp_path_factory.getbasetemp() / "junk", head[:keep] + tail)
    assert missing_bytes(str(path)) >= 0


def damaged(data: bytes, packet_number: int) -> bytes:
    """Overwrite the middle of one packet."""
    with av.open(io.BytesIO(data), "r") as file:
        packets = [bytes(packet) for packet in file.demux(video=0) if packet.size]
    packet = packets[packet_number]
    start = data.index(packet) + len(packet) // 3
    return data[:start] + bytes(len(packet) // 3) + data[start + len(packet) // 3 :]


@pytest.mark.parametrize("container", ["mp4", "matroska", "avi"])
def test_damage_in_the_middle(tmp_path: Path, container: str) -> None:
    path = write(tmp_path / "clip.bin", damaged(lossless(container), 5))
    frames = iter(open_source(path))
    for expected in PLANES[:5]:
        np.testing.assert_array_equal(next(frames), expected)
    with pytest.raises(SourceError, match=r"clip\.bin, after 6 frames: frame 5 is damaged"):
        next(frames)


def test_damaged_frames_may_be_skipped(tmp_path: Path) -> None:
    source = open_source(write(tmp_path / "clip.mkv", damaged(lossless("matroska"), 2)))
    source.skip(3)
    for plane, expected in zip(source, PLANES[3:], strict=True):
        np.testing.assert_array_equal(plane, expected)


def test_damage_at_the_beginning(tmp_path: Path) -> None:
    # Which damage a decoder notices depends on the bits; the first packet breaks everything.
    frames = iter(open_source(write(tmp_path / "clip.mkv", damaged(MKV, 0))))
    with pytest.raises(SourceError, match=r"clip\.mkv, after 1 frames: frame 0 is damaged"):
        deque(frames, maxlen=0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(MP4) - 1), st.integers(0, 255)), max_size=20))
def test_damage_anywhere_never_crashes(changes: list[tuple[int, int]]) -> None:
    data = bytearray(MP4)
    for position, value in changes:
        data[position] = value
    try:
        assert all(plane.shape >= (33, 33) for plane in open_source(io.BytesIO(data)))
    except InputError as error:
        given_name = error.message.split(",")[0].split(":")[0]
    else:
        given_name = "<BytesIO>"
    assert given_name == "<BytesIO>"
