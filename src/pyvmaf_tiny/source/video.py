"""Encoded video: any file, URL or file object that FFmpeg reads, through PyAV."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pyvmaf_tiny.errors import (
    BitDepthError,
    EmptyInputError,
    InputError,
    SourceError,
    TruncatedInputError,
)
from pyvmaf_tiny.frames import Plane

from .base import as_plane, check_same_size, check_size
from .readahead import ReadAhead
from .streams import BinaryReader
from .truncation import missing_bytes
from .videoframe import LumaReader, luma_format

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

    _Frames = Generator[av.VideoFrame, None, None] | ReadAhead[av.VideoFrame]


def is_url(path: str) -> bool:
    """Whether FFmpeg, not the file system, knows where ``path`` is."""
    return re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", path) is not None


class VideoSource:
    """Luma of the best video stream, every decoded frame once, in display order.

    Decoded planes are used in place. Frames are counted: time stamps, rotation and the
    container's cropping do not matter. The first frame is decoded at once, for size and bit
    depth. A damaged frame is an error unless it is skipped; of a cut-off file those frames are
    delivered that no missing one precedes.

    A path or URL is decoded in a thread of its own, a few frames ahead of what is asked for. A
    file object of the caller's is only read when a frame is asked for, in the caller's thread.
    """

    def __init__(self, file: str | BinaryReader, name: str, *, owned: bool = False) -> None:
        """``file``: a path or URL, or a file object; ``owned``: close it, too.

        Raises SourceError (not a video, no video stream, no decoder, damaged),
        TruncatedInputError, EmptyInputError, PixelFormatError, BitDepthError, FrameSizeError.
        """
        import av

        self.name = name
        self._index = 0  # frames handed out
        self._decoded = 0  # frames that left the decoder
        self._bytes = 0  # of the packets that went into it
        self._all_read = False
        self._missing = 0
        self._close_file = getattr(file, "close", None) if owned else None
        self._container: InputContainer | None = None
        self._frames: _Frames | None = None
        self._first: av.VideoFrame | None = None
        self._library_errors = (av.error.FFmpegError, OSError)
        with ExitStack() as undo:
            undo.callback(self.close)
            with self._reported("it cannot be opened as a video"):
                if isinstance(file, str) and not is_url(file):
                    self._missing = missing_bytes(file)
                    # Or else FFmpeg takes "take2:final.mp4" for a protocol named take2.
                    file = f"file:{file}"
                self._container = av.open(file, "r", **_tolerance_of_tags(av.__version__))
            stream = self._video_stream(self._container)
            frames = self._decode(self._container, stream)
            self._frames = ReadAhead(frames) if isinstance(file, str) else frames
            self._first = next(self._frames, None)
            if self._first is None:
                raise EmptyInputError(f"{name}: no frame", given="a video stream without any")
            self.width, self.height = self._first.width, self._first.height
            self.bit_depth = luma_format(self._first.format, name).bit_depth
            check_size(self.width, self.height, name)
            undo.pop_all()
        rate = stream.average_rate
        self.frame_rate = Fraction(rate.numerator, rate.denominator) if rate else None
        self.frame_count = _frame_count(stream)
        self._stated_bitrate = stream.bit_rate

    @property
    def bitrate(self) -> float | None:
        """kbit/s of the video stream: of its packets if all were read, else what the file says."""
        if self._all_read and self.frame_rate and self._decoded:
            return float(self._bytes * 8 * self.frame_rate / self._decoded / 1000)
        return self._stated_bitrate / 1000 if self._stated_bitrate else None

    def __iter__(self) -> Iterator[Plane]:
        luma_reader = LumaReader(self.name)
        while (frame := self._next()) is not None:
            index = self._index - 1
            if frame.is_corrupt:
                what = f"frame {index} is damaged"
                raise self._error(what, "errors that the decoder conceals", self._index)
            luma, bit_depth = luma_reader.read(frame, index)
            check_same_size(luma, self.width, self.height, name=self.name, index=index)
            if bit_depth != self.bit_depth:
                raise BitDepthError(
                    f"{self.name}: the bit depth changes at frame {index}",
                    given=f"{bit_depth} bit",
                    expected=f"{self.bit_depth} bit like the first frame",
                )
            yield as_plane(luma, bit_depth=bit_depth, name=self.name, index=index)

    def skip(self, frames: int) -> None:
        """Decode and drop ``frames`` frames."""
        for done in range(frames):
            if self._next() is None:
                raise EmptyInputError(
                    f"{self.name}: no frame is left", given=f"{frames} to skip, {done} there"
                )

    def close(self) -> None:
        """Close the decoder and the file; a file object of the caller's stays open."""
        self._first = None
        if self._frames is not None:
            self._frames.close()
            self._frames = None
        if self._container is not None:
            self._container.close()
            self._container = None
        if self._close_file is not None:
            self._close_file()

    def _next(self) -> av.VideoFrame | None:
        if self._frames is None:
            raise SourceError(f"{self.name}: the input is closed")
        frame, self._first = self._first, None
        if frame is None:
            frame = next(self._frames, None)
        if frame is not None:
            self._index += 1
        return frame

    def _video_stream(self, container: InputContainer) -> av.VideoStream:
        from av.stream import Disposition
        from av.video.stream import VideoStream

        stream = container.streams.best("video")
        if not isinstance(stream, VideoStream) or stream.disposition & Disposition.attached_pic:
            kinds = ["cover" if each is stream else each.type for each in container.streams]
            raise self._error("no video stream", f"streams: {', '.join(kinds) or 'none'}")
        if stream.codec_context is None:
            raise SourceError(f"{self.name}: FFmpeg has no decoder for this video")
        stream.thread_type = "AUTO"
        return stream

    def _decode(
        self, container: InputContainer, stream: av.VideoStream
    ) -> Generator[av.VideoFrame, None, None]:
        for frame in self._whole_frames(container, stream):
            self._decoded += 1
            yield frame

    def _whole_frames(
        self, container: InputContainer, stream: av.VideoStream
    ) -> Generator[av.VideoFrame, None, None]:
        decoded_to: int | None = None
        with self._reported("decoding failed"):
            for packet in container.demux(stream):
                at_end = packet.dts is None and packet.size == 0
                self._bytes += packet.size
                if packet.is_corrupt or (at_end and self._missing):
                    # What is missing cannot come before the last packet's decoding time.
                    for frame in stream.codec_context.decode(None):
                        if frame.pts is None or decoded_to is None or frame.pts > decoded_to:
                            break
                        yield frame
                    what = "a packet is damaged or cut off"
                    raise self._error(what, "incomplete data", self._decoded)
                yield from packet.decode()
                decoded_to = packet.dts
                self._all_read = at_end

    @contextmanager
    def _reported(self, what: str) -> Iterator[None]:
        """Turn PyAV's and the system's errors into ours."""
        try:
            yield
        except self._library_errors as error:
            raise self._error(what, error.strerror or str(error), self._decoded) from error

    def _error(self, what: str, given: str, after: int = 0) -> InputError:
        """TruncatedInputError if bytes are missing at the end of the file, else SourceError."""
        where = f"{self.name}, after {after} frames" if after else self.name
        if self._missing:
            return TruncatedInputError(
                f"{where}: the file is cut off, {what}",
                given=f"a file that ends {self._missing} bytes early",
                expected="a complete file",
                hint="copy or encode it again",
            )
        return SourceError(f"{where}: {what}", given=given)


def _tolerance_of_tags(pyav_version: str) -> dict[str, Any]:
    """Options of av.open by which tags in some old encoding are no reason to refuse a file.

    PyAV from 19 on has no such option, and no such refusal.
    """
    return {"metadata_errors": "replace"} if int(pyav_version.partition(".")[0]) < 19 else {}


def _frame_count(stream: av.VideoStream) -> int | None:
    """What an MP4 or QuickTime file says, if duration and rate agree; else None.

    They do not when an edit list hides frames. The numbers in AVI count empty chunks, too.
    """
    duration, time_base, rate = stream.duration, stream.time_base, stream.average_rate
    if "mov" not in stream.container.format.name or not stream.frames:
        return None
    if duration is None or time_base is None or rate is None:
        return None
    return stream.frames if abs(stream.frames - duration * time_base * rate) < 1 else None
