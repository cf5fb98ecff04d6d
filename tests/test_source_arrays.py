"""Frames in memory: NumPy arrays, what NumPy takes for arrays, iterables, PyAV frames."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import clips
import numpy as np
import pytest
from conftest import RunPython

from pyvmaf_tiny.errors import (
    BitDepthError,
    EmptyInputError,
    FrameLayoutError,
    FrameSizeError,
    FrameTypeError,
    PixelFormatError,
    SourceError,
)
from pyvmaf_tiny.frames import Plane
from pyvmaf_tiny.source import open_source

PLANES = clips.moving_planes(4, 40, 36)
DEEP = clips.moving_planes(4, 40, 36, bit_depth=10)


def check(source: Any, expected: Any = PLANES) -> None:
    for plane, wanted in zip(source, expected, strict=True):
        np.testing.assert_array_equal(plane, wanted)


def test_an_array_of_frames_is_used_in_place() -> None:
    array = np.stack(PLANES)
    source = open_source(array)
    assert (source.width, source.height, source.bit_depth) == (40, 36, 8)
    assert (source.frame_count, source.frame_rate, source.name) == (4, None, "<array>")
    for index, plane in enumerate(source):
        assert plane.ctypes.data == array[index].ctypes.data


def test_one_frame() -> None:
    for frame in (PLANES[0], clips.video_frame(PLANES[0])):
        source = open_source(frame)
        assert source.frame_count == 1
        check(source, PLANES[:1])


@pytest.mark.parametrize("bit_depth", [10, 12, 16])
def test_uint16_with_its_bit_depth(bit_depth: int) -> None:
    planes = clips.moving_planes(2, 40, 36, bit_depth=bit_depth)
    for given in (np.stack(planes), planes, iter(planes)):
        source = open_source(given, bit_depth=bit_depth)
        assert source.bit_depth == bit_depth
        check(source, planes)
    check(open_source(np.stack(DEEP), pixel_format="gray10le"), DEEP)


@pytest.mark.parametrize("given", [np.stack(DEEP), DEEP, DEEP[0], iter(DEEP)])
def test_uint16_without_bit_depth(given: Any) -> None:
    with pytest.raises(BitDepthError, match="expected bit_depth=10, 12 or 16"):
        open_source(given)


def test_sample_type_and_bit_depth_contradict_each_other() -> None:
    with pytest.raises(BitDepthError, match="uint8 samples with bit_depth=10"):
        open_source(np.stack(PLANES), bit_depth=10)
    with pytest.raises(BitDepthError, match="uint16 samples with bit_depth=8"):
        open_source(np.stack(DEEP), bit_depth=8)
    with pytest.raises(BitDepthError, match="given 10 bit, expected 12 bit"):
        open_source(clips.video_frame(DEEP[0], "yuv420p10le"), bit_depth=12)


@pytest.mark.parametrize("shape", [(40, 50, 3), (40, 50, 4), (2, 40, 50, 3), (33, 33, 3)])
def test_colour_is_explained(shape: tuple[int, ...]) -> None:
    with pytest.raises(FrameTypeError, match=r"RGB.*luma alone"):
        open_source(np.zeros(shape, np.uint8))
    if len(shape) == 3:
        with pytest.raises(FrameTypeError, match="RGB"):
            open_source([np.zeros(shape, np.uint8)])


@pytest.mark.parametrize("shape", [(), (4000,), (1, 1, 40, 50), (2, 3, 40, 50), (1, 1, 1, 40, 50)])
def test_other_dimensions(shape: tuple[int, ...]) -> None:
    with pytest.raises(FrameTypeError, match="height, width"):
        open_source(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(0, 40, 50), (4, 0, 50), (4, 40, 0), (0, 0), (40, 0)])
def test_empty_arrays(shape: tuple[int, ...]) -> None:
    with pytest.raises(EmptyInputError, match="no frame"):
        open_source(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("empty", [[], (), iter([]), iter(()), set(), {}])
def test_empty_iterables(empty: Any) -> None:
    with pytest.raises(EmptyInputError, match="without items"):
        open_source(empty)


@pytest.mark.parametrize("shape", [(4, 32, 40), (4, 40, 32), (32, 40)])
def test_too_small(shape: tuple[int, ...]) -> None:
    with pytest.raises(FrameSizeError, match="33x33"):
        open_source(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("dtype", [float, np.float32, bool, np.int16, np.int64, ">u2"])
def test_sample_types(dtype: Any) -> None:
    with pytest.raises(FrameTypeError, match="<array>, frame 0: unsupported sample type"):
        open_source(np.zeros((2, 40, 50), dtype))


def test_a_float_frame_in_the_middle() -> None:
    frames = iter(open_source([PLANES[0], PLANES[1].astype(float), PLANES[2]]))
    next(frames)
    with pytest.raises(FrameTypeError, match=r"<list>, frame 1: .*np\.rint"):
        next(frames)


@pytest.mark.parametrize("view", [np.s_[:, ::-1], np.s_[:, :, ::-1], np.s_[:, :, ::2]])
def test_strides_of_views(view: Any) -> None:
    array = np.zeros((2, 80, 100), np.uint8)
    with pytest.raises(FrameLayoutError, match="ascontiguousarray"):
        open_source(array[view])
    source = open_source(array[::-1, 4:, 7:-9])
    assert (source.width, source.height) == (84, 76)


def test_interleaved_fields_are_used_in_place() -> None:
    array = np.stack(PLANES + PLANES).reshape(4, 72, 40)
    check(open_source(array[:, ::2]), list(array[:, ::2]))


def test_the_size_changes() -> None:
    frames = iter(open_source([PLANES[0], PLANES[1][:-1]]))
    next(frames)
    with pytest.raises(FrameSizeError, match="frame 1: given 40x35, expected 40x36"):
        next(frames)


def test_a_generator_may_use_one_array_again_and_again() -> None:
    shared = np.empty((36, 40), np.uint8)
    taken = []

    def produce() -> Iterator[Any]:
        for index, plane in enumerate(PLANES):
            taken.append(index)
            shared[:] = plane
            yield shared

    source = open_source(produce())
    assert source.frame_count is None
    assert taken == [0]
    for index, plane in enumerate(source):
        assert taken == list(range(index + 1))
        assert plane is shared
        np.testing.assert_array_equal(plane, PLANES[index])


def test_errors_of_a_generator_pass_through() -> None:
    def produce() -> Iterator[Any]:
        yield PLANES[0]
        raise ZeroDivisionError

    frames = iter(open_source(produce()))
    next(frames)
    with pytest.raises(ZeroDivisionError):
        next(frames)


def test_skipping() -> None:
    for given in (np.stack(PLANES), PLANES, iter(PLANES)):
        source = open_source(given)
        source.skip(1)
        source.skip(2)
        check(source, PLANES[3:])
    source = open_source(PLANES)
    source.skip(4)
    assert list(source) == []
    with pytest.raises(EmptyInputError, match="5 to skip, 4 there"):
        open_source(PLANES).skip(5)


def test_closing() -> None:
    class Noted:
        gone = False

        def __iter__(self) -> Iterator[Any]:
            try:
                yield from PLANES
            finally:
                Noted.gone = True

    source = open_source(Noted())
    frames = iter(source)
    next(frames)
    source.close()
    source.close()
    del frames
    assert Noted.gone
    with pytest.raises(SourceError, match="closed"):
        next(iter(source))


class Interface:
    """Something that only says where its samples are."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.__array_interface__ = array.__array_interface__


class Exchange:
    """Something that only exports DLPack."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()


class Tensor(Interface):
    """Like a tensor: has a shape, and is an iterable of its frames."""

    def __init__(self, array: Any) -> None:
        super().__init__(array)
        self.shape = array.shape
        self.taken = 0

    def __iter__(self) -> Iterator[Any]:
        for each in self._array:
            self.taken += 1
            yield Tensor(each)

    def __len__(self) -> int:
        return len(self._array)


@pytest.mark.parametrize("kind", [Interface, Exchange, Tensor])
def test_foreign_arrays_are_used_in_place(kind: Any) -> None:
    array = np.stack(PLANES)
    check(open_source(kind(array)))
    (plane,) = open_source(kind(PLANES[0]))
    assert plane.ctypes.data == PLANES[0].ctypes.data
    check(open_source([kind(plane) for plane in PLANES]))
    with pytest.raises(FrameTypeError, match="RGB"):
        open_source(kind(np.zeros((40, 50, 3), np.uint8)))


def test_many_foreign_frames_are_taken_one_by_one() -> None:
    tensor = Tensor(np.stack(PLANES))
    source = open_source(tensor)
    assert source.frame_count == 4
    assert tensor.taken == 1
    next(iter(source))
    assert tensor.taken == 1


def test_arrays_that_are_elsewhere() -> None:
    class OnAnotherDevice:
        def __array__(self, *_: Any, **__: Any) -> Any:
            raise TypeError("can't convert cuda:0 device type tensor to numpy")

    for given in (OnAnotherDevice(), [OnAnotherDevice()]):
        with pytest.raises(FrameTypeError, match=r"cuda:0.*tensor\.cpu\(\)"):
            open_source(given)


def test_masked_arrays() -> None:
    masked = np.ma.masked_equal(PLANES[0], 3)
    with pytest.raises(FrameTypeError, match="filled"):
        open_source([masked])
    with pytest.raises(FrameTypeError, match="filled"):
        open_source(masked)


@pytest.mark.parametrize("items", [[1, 2, 3], ["a"], [None], [[1, 2], [3]], [b"abc"], {"a": 1}])
def test_items_that_are_no_frames(items: Any) -> None:
    with pytest.raises(FrameTypeError, match="frame 0"):
        open_source(items)


def test_nested_lists_say_what_they_are() -> None:
    with pytest.raises(FrameTypeError, match=r"int64.*astype\(np.uint8\)"):
        open_source([PLANES[0].tolist()])


@pytest.mark.parametrize(
    "pixel_format",
    ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuva420p", "gray",
     "nv12", "nv21", "nv16", "nv24"],
)  # fmt: skip
def test_frames_of_8_bit_are_used_in_place(pixel_format: str) -> None:
    frames = [clips.video_frame(plane, pixel_format) for plane in PLANES]
    source = open_source(frames)
    assert (source.width, source.height, source.bit_depth) == (40, 36, 8)
    for plane, frame, expected in zip(source, frames, PLANES, strict=True):
        assert plane.ctypes.data == frame.planes[0].buffer_ptr
        assert plane.strides[0] == frame.planes[0].line_size > 40
        np.testing.assert_array_equal(plane, expected)


@pytest.mark.parametrize(
    ("pixel_format", "bit_depth"),
    [("yuv420p10le", 10), ("yuv422p12le", 12), ("yuv444p16le", 16), ("gray10le", 10),
     ("gray12le", 12), ("gray16le", 16), ("yuva444p10le", 10), ("nv20le", 10), ("p016le", 16)],
)  # fmt: skip
def test_frames_of_more_bits_are_used_in_place(pixel_format: str, bit_depth: int) -> None:
    planes = clips.moving_planes(2, 40, 36, bit_depth=bit_depth)
    frames = [clips.video_frame(plane, pixel_format) for plane in planes]
    source = open_source(frames)
    assert source.bit_depth == bit_depth
    for plane, frame, expected in zip(source, frames, planes, strict=True):
        assert plane.ctypes.data == frame.planes[0].buffer_ptr
        np.testing.assert_array_equal(plane, expected)


def left_aligned(plane: Plane, bit_depth: int) -> Plane:
    return (plane << (16 - bit_depth)).astype(np.uint16)


@pytest.mark.parametrize(
    ("pixel_format", "bit_depth"),
    [("p010le", 10), ("p012le", 12), ("p210le", 10), ("p412le", 12), ("yuv444p10msble", 10)],
)
def test_left_aligned_samples_are_shifted(pixel_format: str, bit_depth: int) -> None:
    planes = clips.moving_planes(2, 40, 36, bit_depth=bit_depth)
    frames = [clips.video_frame(left_aligned(plane, bit_depth), pixel_format) for plane in planes]
    source = open_source(frames)
    assert source.bit_depth == bit_depth
    check(source, planes)


def test_left_aligned_samples_are_what_ffmpeg_makes_of_them() -> None:
    frame = clips.video_frame(DEEP[0], "yuv420p10le")
    check(open_source(frame.reformat(format="p010le")), DEEP[:1])


@pytest.mark.parametrize(
    "pixel_format",
    ["rgb24", "bgra", "gbrp", "gbrp10le", "pal8", "yuyv422", "uyvy422", "ya8", "monow", "rgb48le",
     "yuv420p10be", "gray16be", "grayf32le", "bayer_rggb8", "xyz12le", "p010be", "ayuv", "y210le"],
)  # fmt: skip
def test_formats_without_a_luma_plane(pixel_format: str) -> None:
    frame = av.VideoFrame(40, 36, pixel_format)
    with pytest.raises(PixelFormatError) as caught:
        open_source([frame])
    assert f"given pixel format {pixel_format}" in str(caught.value)
    assert "reformat" in str(caught.value)


@pytest.mark.parametrize("pixel_format", ["yuv420p9le", "yuv444p14le", "gray9le", "gray14le"])
def test_depths_that_no_engine_takes(pixel_format: str) -> None:
    with pytest.raises(BitDepthError, match="8, 10, 12 or 16"):
        open_source([av.VideoFrame(40, 36, pixel_format)])


def test_frames_and_arrays_in_turn() -> None:
    mixed = [
        PLANES[0],
        clips.video_frame(PLANES[1], "nv12"),
        clips.video_frame(PLANES[2]),
        PLANES[3],
    ]
    check(open_source(mixed))
    mixed = [clips.video_frame(DEEP[0], "yuv420p10le"), DEEP[1]]
    check(open_source(mixed), DEEP[:2])
    mixed.append(clips.video_frame(DEEP[2] * 4, "yuv420p12le"))
    frames = iter(open_source(mixed))
    assert [next(frames).shape for _ in range(2)] == [(36, 40)] * 2
    with pytest.raises(BitDepthError, match=r"frame 2.*given 12 bit, expected 10 bit"):
        next(frames)


def test_a_plane_keeps_its_frame_alive() -> None:
    planes = list(open_source(clips.video_frame(plane) for plane in PLANES))
    check(planes)


def test_frames_stored_upside_down() -> None:
    tick = Fraction(1, 25)
    graph = av.filter.Graph()
    start = graph.add_buffer(width=40, height=36, format=av.VideoFormat("yuv420p"), time_base=tick)
    flip, end = graph.add("vflip"), graph.add("buffersink")
    start.link_to(flip)
    flip.link_to(end)
    graph.configure()
    frame = clips.video_frame(PLANES[0])
    frame.pts, frame.time_base = 0, tick
    graph.push(frame)
    flipped = graph.pull()
    assert isinstance(flipped, av.VideoFrame)
    assert flipped.planes[0].line_size < 0
    with pytest.raises(FrameLayoutError, match="upside down"):
        open_source(flipped)
    copy = av.VideoFrame.from_ndarray(flipped.to_ndarray(), format=flipped.format.name)
    check(open_source(copy), [PLANES[0][::-1]])


def test_pyav_is_not_imported_for_arrays(run_python: RunPython) -> None:
    out = run_python(
        textwrap.dedent("""
        import sys
        import numpy as np
        from pyvmaf_tiny.source import open_source
        list(open_source(np.zeros((2, 40, 40), np.uint8)))
        print([name for name in ("av", "onnxruntime", "pandas") if name in sys.modules])
        """)
    )
    assert out.strip() == "[]"
    assert "av" in sys.modules
