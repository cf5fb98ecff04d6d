"""One distorted version of a reference, frame by frame."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pyvmaf_tiny.engine.base import Neg
from pyvmaf_tiny.frames import AnyArray, FrameScore
from pyvmaf_tiny.results import ScoreResult

from .outcome import ClipFacts
from .scoring import ModelSpec
from .stream import Stream

if TYPE_CHECKING:
    import av


class Scorer(Stream):
    """Scores a stream of frame pairs, frame by frame, in bounded memory.

    A context manager for encoder loops::

        with Scorer(1920, 1080) as scorer:
            for ref, dis in frames:
                for frame in scorer.push(ref, dis):
                    print(frame.index, frame.score)
            for frame in scorer.flush():
                print(frame.index, frame.score)
            print(scorer.result().mean)

    motion2 looks one frame ahead, so frame n arrives with push n+1 and the last one with
    :meth:`flush`. One scorer belongs to one thread at a time; scorers in several threads run in
    parallel, because the GIL is free while the engine works. Several distorted versions of one
    reference go through a :class:`ReferenceScorer`.
    """

    def __init__(
        self,
        w: int,
        h: int,
        *,
        bit_depth: int = 8,
        model: ModelSpec = None,
        neg: Neg = False,
        neg_model: ModelSpec = None,
        engine: str = "auto",
        threads: int | None = None,
        gain_limit: float | None = None,
        device: str = "cpu",
        model_device: str = "cpu",
        cpu_mask: int = 0,
        gpu_mask: int = 0,
        teacher: str | os.PathLike[str] | None = None,
        subsample: int = 1,
        keep_frames: bool = False,
        batch: int = 1,
    ) -> None:
        """Allocate the engine and load the model.

        Args:
            w: luma width in samples, 33 to 16384.
            h: luma height in samples, 33 to 16384.
            bit_depth: 8 (uint8 planes), 10, 12 or 16 (uint16 planes).
            model: None for the default model (NEG features have one of their own), a registry id,
                the path of an ``.onnx`` file of your own or of a libvmaf model (``.json``), or
                False for features without scores.
            neg: no credit for enhancement (libvmaf's NEG): enhancement gain limit 1.0. "both"
                scores with and without, in one pass: every frame and every result has a ``neg``.
            neg_model: with neg="both", the model for the NEG features; None for the same one, or
                the default for them when none is named.
            engine: "auto", "native", "libvmaf", or "libvmaf:/path/to/library".
            threads: threads that share a frame, with a GPU those that bring it there; None for as
                many as are useful here. Results do not depend on it.
            gain_limit: enhancement gain limit of your own, from 1.0 up; None for 100, or 1 with
                ``neg``.
            device: where the features are computed: "cpu", "cuda" (NVIDIA), "sycl" (Intel),
                "opencl" (AMD and others), with ":1" and so on for one of several GPUs, or "auto"
                for the first GPU that works and else the CPU. The native engine gives the same
                bits everywhere.
            model_device: where the model runs: "cpu", "cuda", "openvino", "rocm" or "auto".
            cpu_mask: bits of CPU features to leave unused (8 AVX2, 16 AVX-512, 32 AVX-512
                VNNI, -1 all).
            gpu_mask: libvmaf's gpumask: anything but 0 keeps its models' features off the GPU.
            teacher: with the libvmaf engine, its own model to score every frame, too:
                "vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1" or the path of a JSON file.
            subsample: score every n-th frame only; the others still count for motion, as in
                libvmaf.
            keep_frames: keep every frame for :meth:`result`; otherwise pooled figures only.
            batch: frames that go to the model at once. Above 1 they come back later, up to
                ``batch`` at a time; the numbers are the same.

        Raises FrameSizeError, BitDepthError, OptionError, ModelError, EngineError.
        """
        super().__init__(
            w,
            h,
            ("distorted",),
            bit_depth=bit_depth,
            model=model,
            neg=neg,
            neg_model=neg_model,
            engine=engine,
            threads=threads,
            gain_limit=gain_limit,
            device=device,
            model_device=model_device,
            cpu_mask=cpu_mask,
            gpu_mask=gpu_mask,
            teacher=teacher,
            subsample=subsample,
            keep_frames=keep_frames,
            batch=batch,
        )

    def push(
        self, ref: AnyArray | av.VideoFrame, dis: AnyArray | av.VideoFrame
    ) -> list[FrameScore]:
        """Take one pair of frames and return what became ready: usually the frame before.

        ``ref`` and ``dis`` are luma planes (height, width), uint8 at 8 bit and uint16 above,
        or PyAV video frames. They are used in place and are free again afterwards.

        Raises FrameTypeError, FrameSizeError, FrameLayoutError, BitDepthError, PixelFormatError,
        SampleRangeError, EngineStateError: then the push has changed nothing. Raises ModelError
        when the model gives no finite score: that frame is left out, the stream goes on.
        """
        return [frame for (frame,) in self.advance(ref, (dis,))]

    def flush(self) -> list[FrameScore]:
        """End the stream and return the frames that were still due; a second flush has none.

        Afterwards :meth:`reset` starts a new stream. After an interrupt in mid-push only what
        waited for the model comes. Raises EngineStateError, ModelError.
        """
        return [frame for (frame,) in self.finish()]

    @property
    def mean(self) -> float | None:
        """Mean score of the frames so far; None before the first one and without a model."""
        return self._scoring.mean(0)

    def result(self) -> ScoreResult:
        """The figures of the frames returned so far; also in mid-stream.

        Frames are in it only with ``keep_frames``. ``seconds`` is the time spent in the scorer.
        After an interrupt in mid-push only the frames that were kept are sure; without them
        EngineStateError is raised.
        """
        return self.outcome(ClipFacts())[0]
