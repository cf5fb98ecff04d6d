"""Scores and features that stay in a GPU's memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from pyvmaf_tiny.engine import EngineSpec
from pyvmaf_tiny.engine.base import gain_limit_of
from pyvmaf_tiny.engine.gpu import DeviceFrames, create_device_stream
from pyvmaf_tiny.errors import VmafTinyError
from pyvmaf_tiny.frames import NEG_GAIN_LIMIT
from pyvmaf_tiny.model.layers import load_network
from pyvmaf_tiny.options import whole_number
from pyvmaf_tiny.rendition_names import rendition_names

from .planes import PlaneReader
from .pushed import Pushed
from .scoring import ModelSpec, check_gain_limit

if TYPE_CHECKING:
    from .planes import Frame, Frames


class DeviceScorer(Pushed):
    """Scores a stream of frame pairs on a GPU and leaves the results there.

    For pipelines that go on with them in PyTorch, CuPy or dpctl::

        with DeviceScorer(1920, 1080, device="cuda") as scorer:
            for ref, dis in frames:
                for part in scorer.push(ref, dis):
                    scores = torch.from_dlpack(part.scores)
            for part in scorer.flush():
                ...

    Frames come back a batch at a time, as soon as the work on them has been asked for: nothing
    waits for the results, and nothing of them comes to the host. Whoever uses them waits on the
    device. The host waits only where a batch is to be filled whose frames before are still being
    worked on. motion2 looks one frame ahead, so the last frame of a batch comes with the next.

    The features are the doubles of :class:`Scorer`. The scores come from a kernel of our own, so
    that they may differ from ONNX Runtime's in the last digits of single precision (docs/gpu.md
    has figures).

    A score that is not finite cannot be an error here, for that the host would have to wait: it
    is NaN, and so is the score of features that are not finite.

    Attributes:
        device: where it works: "cuda:0".
    """

    def __init__(
        self,
        w: int,
        h: int,
        *,
        renditions: int | Sequence[str] | None = None,
        bit_depth: int = 8,
        model: ModelSpec = None,
        neg: bool = False,
        gain_limit: float | None = None,
        device: str = "cuda",
        threads: int | None = None,
        batch: int = 8,
    ) -> None:
        """Allocate the engine's memory and load the model.

        Args:
            w: luma width in samples, 33 to 16384.
            h: luma height in samples, 33 to 16384.
            renditions: None for one distorted frame per push; how many there are, 1 to 64, or
                their names. Then :meth:`push` takes them in a list or a dictionary, and results
                have an axis for them. What depends on the reference alone is computed once.
            bit_depth: 8 (uint8 planes), 10, 12 or 16 (uint16 planes).
            model: None for the default model (NEG features have one of their own), a registry id,
                the path of an ``.onnx`` file of your own, or False for features alone. Networks
                of dense layers can be run on the device, libvmaf's own models cannot.
            neg: no credit for enhancement (libvmaf's NEG): enhancement gain limit 1.0.
            gain_limit: enhancement gain limit of your own, from 1.0 up; None for 100, or 1 with
                ``neg``.
            device: "cuda" (NVIDIA) or "sycl" (Intel), with ":1" and so on for one of several, or
                "auto" for the first GPU.
            threads: threads that bring frames of the host's to the GPU; None for as many as are
                useful here.
            batch: frames that are worked on at once, and come back together; with renditions at
                most 65535 pairs.

        Raises FrameSizeError, BitDepthError, OptionError; DeviceError when there is no such
        device, or "auto" finds none; ModelError, also for a model that the device cannot run;
        EngineError.
        """
        super().__init__()
        limit = gain_limit_of(neg, gain_limit)
        batch = whole_number("batch", batch, least=1)
        self._several = renditions is not None
        #: The renditions' names, in the order in which results have them.
        self.names = ("distorted",) if renditions is None else rendition_names(renditions)
        spec = EngineSpec(
            width=w,
            height=h,
            bit_depth=bit_depth,
            renditions=self.names,
            gain_limits=(limit,),
            threads=threads,
            device=device,
        )
        network = None
        if model is not False:
            network = load_network(model, neg=limit == NEG_GAIN_LIMIT)
            check_gain_limit(network.id, network.gain_limit, limit)
        self._stream = create_device_stream(spec, network, batch, by_rendition=self._several)
        self.device = self._stream.device
        self._planes = PlaneReader(spec, self._stream.device_memory)
        self._pushed = 0

    def push(self, ref: Frame, dis: Frame | Frames) -> list[DeviceFrames]:
        """Take one pair of frames; usually nothing comes back, with every batch its frames.

        ``ref`` and ``dis`` are luma planes (height, width), uint8 at 8 bit and uint16 above, in
        the host's memory or the device's, or PyAV video frames. Those of the host are free again
        afterwards, those of the device in the order of their stream (docs/gpu.md). Of several
        renditions ``dis`` is a list, in their order, or a dictionary by their names.

        Raises FrameTypeError, FrameSizeError, FrameLayoutError, BitDepthError, PixelFormatError,
        SampleRangeError, OptionError (another number of frames than of renditions),
        OutOfMemoryError: then the push has changed nothing. Raises EngineError
        when the device fails: then what the batch held is lost.
        """
        with self._turn:
            self._check_whole()
            ref_plane = self._planes.reference(ref, self._pushed)
            frames = cast("Frames", dis if self._several else (dis,))
            dis_planes = self._planes.renditions(frames, self._pushed)
            self._torn = True  # until engine and scorer are at the same frame again
            try:
                ready = self._stream.push(ref_plane, dis_planes)
                self._pushed += 1
            except VmafTinyError:
                self._torn = False
                raise
            self._torn = False
        return ready

    def flush(self) -> list[DeviceFrames]:
        """End the stream and return the frames that were still due; a second flush has none.

        Afterwards :meth:`reset` starts a new stream. Raises EngineError; after an
        OutOfMemoryError it can be called again.
        """
        with self._turn:
            self._check_whole()
            return self._stream.flush()

    def reset(self) -> None:
        """Forget all frames; the next push is frame 0. Results that were returned stay."""
        with self._turn:
            self._stream.reset()
            self._pushed, self._torn = 0, False

    def close(self) -> None:
        """Free the engine's memory; may be called twice.

        What was returned stays as long as somebody refers to it, and is freed with the last of it.
        """
        self._stream.close()
