"""The engine reads callers' frames where they are: arrays, decoded pictures, mapped files."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clips import moving_planes, noisy, video_frame, write_video, y4m_bytes, yuv_bytes

import pyvmaf_tiny
from pyvmaf_tiny import ReferenceScorer
from pyvmaf_tiny.engine.native import stream
from pyvmaf_tiny.frames import Plane
from pyvmaf_tiny.source.videoframe import LumaReader

WIDTH, HEIGHT, FRAMES = 640, 360, 5
PLANE = WIDTH * HEIGHT
REF = moving_planes(FRAMES, WIDTH, HEIGHT)
DIS = noisy(REF)


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Where the planes are that reach the C library: for each push the reference, then the rest."""
    seen: list[int] = []
    real = stream.lib

    class Recorder:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def pvt_push(
            self, context: Any, ref: Any, stride: int, dis: Any, strides: Any, *out: Any
        ) -> Any:
            planes = [ref, *(dis[number] for number in range(len(dis)))]
            seen.extend(int(stream.ffi.cast("uintptr_t", plane)) for plane in planes)
            return real.pvt_push(context, ref, stride, dis, strides, *out)

    monkeypatch.setattr(stream, "lib", Recorder())
    return seen


def at(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


@pytest.mark.parametrize("bit_depth", [8, 10])
def test_arrays(addresses: list[int], bit_depth: int) -> None:
    """Contiguous, with padded rows, read-only, and every row the same memory."""
    dtype = np.uint8 if bit_depth == 8 else np.uint16
    padded = np.zeros((HEIGHT, WIDTH + 13), dtype)[:, 5 : 5 + WIDTH]
    plain = np.ones((HEIGHT, WIDTH), dtype)
    plain.setflags(write=False)
    repeated = np.broadcast_to(np.ones(WIDTH, dtype), (HEIGHT, WIDTH))
    upper = np.ones((2 * HEIGHT, WIDTH), dtype)[1::2]
    planes = [padded, plain, repeated, upper]
    with ReferenceScorer(WIDTH, HEIGHT, 3, bit_depth=bit_depth) as scorer:
        scorer.push(padded, planes[1:])
        scorer.push(plain, planes[:3])
    assert addresses == list(map(at, [*planes, plain, *planes[:3]]))


def test_frames_of_pyav(addresses: list[int]) -> None:
    frames = [video_frame(plane) for plane in (*REF[:1], *DIS[:3])]
    with ReferenceScorer(WIDTH, HEIGHT, 3) as scorer:
        scorer.push(frames[0], frames[1:])
    assert addresses == [frame.planes[0].buffer_ptr for frame in frames]


def test_decoded_video(
    addresses: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planes of FFmpeg's own pictures, handed through the decoder's thread."""
    ref, dis = tmp_path / "ref.mp4", tmp_path / "dis.mp4"
    write_video(ref, REF)
    write_video(dis, DIS)
    read = LumaReader.read
    decoded: list[int] = []

    def noted(self: LumaReader, frame: Any, index: int) -> Any:
        decoded.append(frame.planes[0].buffer_ptr)
        return read(self, frame, index)

    monkeypatch.setattr(LumaReader, "read", noted)
    pyvmaf_tiny.score(ref, dis)
    assert addresses == decoded
    assert len(addresses) == 2 * FRAMES


def mappings(path: Path) -> list[range]:
    """Where a file is in this process's memory."""
    found = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        if line.endswith(str(path)):
            start, _, end = line.partition(" ")[0].partition("-")
            found.append(range(int(start, 16), int(end, 16)))
    return found


def test_mapped_files(addresses: list[int], tmp_path: Path) -> None:
    """Raw video and YUV4MPEG2 are read out of the mapping, chroma and headers stepped over."""
    raw, y4m = tmp_path / "ref.yuv", tmp_path / "dis.y4m"
    raw.write_bytes(yuv_bytes(REF))
    y4m.write_bytes(y4m_bytes(DIS))
    mapped: list[list[range]] = []
    pyvmaf_tiny.score(
        raw, y4m, WIDTH, HEIGHT, progress=lambda *_: mapped.append([*mappings(raw), *mappings(y4m)])
    )
    raw_map, y4m_map = mapped[0]
    assert [address - raw_map.start for address in addresses[::2]] == [
        frame * PLANE * 3 // 2 for frame in range(FRAMES)
    ]
    content = y4m.read_bytes()
    for frame, address in enumerate(addresses[1::2]):
        offset = address - y4m_map.start
        assert content[offset : offset + PLANE] == DIS[frame].tobytes()


def generator(planes: list[Plane]) -> Iterator[Plane]:
    yield from planes


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(np.stack, id="array"),
        pytest.param(generator, id="generator"),
        pytest.param(yuv_bytes, id="bytes"),
        pytest.param(lambda planes: bytearray(y4m_bytes(planes)), id="bytearray"),
        pytest.param(lambda planes: [video_frame(plane) for plane in planes], id="pyav"),
    ],
)
@pytest.mark.parametrize("neg", [False, "both"])
def test_nothing_as_large_as_a_plane_is_allocated(make: Callable[[Any], Any], neg: Any) -> None:
    """Over a whole call; tracemalloc sees NumPy's memory and Python's."""
    ref, renditions = make(REF), [make(DIS), make(REF)]
    options: dict[str, Any] = {"w": WIDTH, "h": HEIGHT, "neg": neg}
    pyvmaf_tiny.score_many(make(REF), [make(DIS)], **options)  # what is made once
    tracemalloc.start()
    try:
        pyvmaf_tiny.score_many(ref, renditions, **options)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < PLANE


def test_a_stream_allocates_its_one_buffer_once() -> None:
    """From a file object there is no other way than to read into memory: once per input."""
    ref, dis = (io.BytesIO(y4m_bytes(planes)) for planes in (REF, DIS))
    pyvmaf_tiny.score(REF, DIS)
    tracemalloc.start()
    try:
        pyvmaf_tiny.score(ref, dis)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 2 * PLANE < peak < 4 * PLANE
