"""One rendition: x264 at one CRF, its decoder and a scorer, frame by frame in memory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pyvmaf_tiny.errors import SourceError
from pyvmaf_tiny.frames import FrameScore
from pyvmaf_tiny.scorer import ClipFacts, Scorer

from .scene import PIXEL_FORMAT, Scene

if TYPE_CHECKING:
    import av

    from pyvmaf_tiny.results import ScoreResult


class Rendition:
    """Takes source frames, encodes and decodes them, scores each as it leaves the decoder.

    The encoder looks ahead, so references wait in memory until their decoded twin comes out;
    there are never more than its look-ahead. Encoder and decoder run on one thread each: the
    renditions run side by side.
    """

    def __init__(self, scene: Scene, crf: int, preset: str, folder: Path) -> None:
        """``preset`` is x264's; the encode is kept as ``folder/crf-N.h264``."""
        import av

        self.crf = crf
        self.bytes = 0
        #: Scores so far, in display order.
        self.scores: list[float] = []
        self._scene = scene
        self._packets = 0
        self._file = (folder / f"crf-{crf}.h264").open("wb")
        self._encoder = av.VideoCodecContext.create("libx264", "w")
        self._encoder.width, self._encoder.height = scene.width, scene.height
        self._encoder.pix_fmt = PIXEL_FORMAT
        self._encoder.time_base = 1 / scene.rate
        self._encoder.framerate = scene.rate
        self._encoder.thread_count = 1
        self._encoder.options = {"crf": str(crf), "preset": preset}
        self._decoder = av.VideoCodecContext.create("h264", "r")
        self._decoder.thread_count = 1
        self._waiting: dict[int, av.VideoFrame] = {}
        self._scorer = Scorer(scene.width, scene.height, threads=1, keep_frames=True)

    @property
    def bitrate(self) -> float:
        """kbit/s of the frames encoded so far; 0 before the first."""
        if not self._packets:
            return 0.0
        return float(self.bytes * 8 * self._scene.rate / self._packets / 1000)

    def push(self, frame: av.VideoFrame) -> None:
        """Encode a source frame (``pts`` is its number) and score what the decoder gives back."""
        self._waiting[_number(frame)] = frame
        self._decode(self._encoder.encode(frame))

    def finish(self) -> ScoreResult:
        """Drain encoder, decoder and scorer; the result of all frames."""
        self._decode(self._encoder.encode(None))
        self._score(self._decoder.decode(None))
        self._keep(self._scorer.flush())
        facts = ClipFacts(
            reference=self._scene.name,
            distorted=(f"{self._scene.name}, x264 CRF {self.crf}",),
            bitrates=(self.bitrate,),
            frame_rate=float(self._scene.rate),
        )
        return self._scorer.outcome(facts)[0]

    def close(self) -> None:
        """Free the scorer and close the file."""
        self._scorer.close()
        self._file.close()

    def __enter__(self) -> Rendition:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _decode(self, packets: Iterable[av.Packet[av.VideoStream]]) -> None:
        for packet in packets:
            self._packets += 1
            self.bytes += self._file.write(bytes(packet))
            self._score(self._decoder.decode(packet))

    def _score(self, decoded: Iterable[av.VideoFrame]) -> None:
        for frame in decoded:
            reference = self._waiting.pop(_number(frame))
            self._keep(self._scorer.push(reference, frame))

    def _keep(self, ready: Iterable[FrameScore]) -> None:
        self.scores.extend(frame.score for frame in ready if frame.score is not None)


def _number(frame: av.VideoFrame) -> int:
    """The time stamp that was given to the encoder and comes back out of the decoder."""
    if frame.pts is None:
        raise SourceError("a frame without its number came back from the codec")
    return frame.pts
