"""Several distorted versions of one clip in one call: :func:`score_many`, :func:`features_many`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .api import feature_pair
from .clip import BATCH, Clip, check_progress
from .engine.base import Neg
from .rendition_names import named_inputs, unique_names
from .renditions import ScoreResults
from .results import ScoreResult
from .scorer import ModelSpec, ReferenceScorer
from .source import open_groups

#: Called after every frame with the number of frames done, how many there will be (None when
#: unknown) and the scorer at work, whose ``means`` are the mean scores so far.
ProgressMany = Callable[[int, int | None, ReferenceScorer], None]


def score_many(
    ref: Any,
    renditions: Iterable[Any] | Mapping[str, Any],
    w: int | None = None,
    h: int | None = None,
    *,
    bit_depth: int | None = None,
    pixel_format: str = "420",
    model: ModelSpec = None,
    neg: Neg = False,
    neg_model: ModelSpec = None,
    engine: str = "auto",
    threads: int | None = None,
    frames: int | None = None,
    skip_ref: int = 0,
    skip_dis: int = 0,
    subsample: int = 1,
    shortest: bool = False,
    progress: ProgressMany | None = None,
    gain_limit: float | None = None,
    device: str = "cpu",
    model_device: str = "cpu",
    cpu_mask: int = 0,
    gpu_mask: int = 0,
    teacher: str | os.PathLike[str] | None = None,
) -> ScoreResults:
    """Score several distorted versions of one clip, say the rungs of a ladder, in one pass.

    Every reference frame is read, decoded and prepared once. The scores are exactly those of one
    :func:`score` call per rendition; ``ref`` and each rendition may be whatever that takes.

    Args:
        ref: the reference.
        renditions: its distorted versions, of the same size and bit depth, 1 to 64: a list, or a
            dictionary that gives each of them a name, a string.
        w: luma width in samples; needed for raw YUV only.
        h: luma height in samples; needed for raw YUV only.
        bit_depth: 8, 10, 12 or 16; needed for raw YUV above 8 bit and for uint16 arrays.
        pixel_format: of raw YUV: "400", "420", "422", "444", or ffmpeg's name for it.
        model: None for the default model (NEG features have one of their own), a registry id, the
            path of an ``.onnx`` file of your own or of a libvmaf model (``.json``), or False for
            features without scores.
        neg: no credit for enhancement (libvmaf's NEG): enhancement gain limit 1.0. "both" scores
            with and without in one pass: every result's ``neg`` is the one without.
        neg_model: with neg="both", the model for the NEG features; None for the same one, or
            the default for them when none is named.
        engine: "auto", "native", "libvmaf", or "libvmaf:/path/to/library".
        threads: threads that share a frame, with a GPU those that bring it there; None for as many
            as are useful here.
        frames: score at most this many frames.
        skip_ref: frames to leave out at the beginning of the reference.
        skip_dis: frames to leave out at the beginning of every rendition.
        subsample: score every n-th frame only; the others still count for motion.
        shortest: end all with the shortest clip instead of raising FrameCountError.
        progress: called after every frame, see :data:`ProgressMany`.
        gain_limit: enhancement gain limit of your own, from 1.0 up.
        device: where the features are computed: "cpu", "cuda" (NVIDIA), "sycl" (Intel),
            "opencl" (AMD and others), with ":1" and so on for one of several GPUs, or "auto" for
            the first GPU that works and else the CPU. The native engine gives the same bits
            everywhere.
        model_device: where the model runs: "cpu", "cuda", "openvino", "rocm" or "auto".
        cpu_mask: bits of CPU features to leave unused (8 AVX2, 16 AVX-512, 32 AVX-512
            VNNI, -1 all).
        gpu_mask: libvmaf's gpumask: anything but 0 keeps its models' features off the GPU.
        teacher: with the libvmaf engine, its own model to score every frame, too: "vmaf_v0.6.1",
            "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1" or the path of a JSON file.

    Returns a :class:`ScoreResults`: a :class:`ScoreResult` per rendition, by position or name.

    Raises a :class:`VmafTinyError` (see ``errors.py``); its ``rendition`` is the position of the
    rendition at fault. Whatever ends the call early, Ctrl-C and exceptions of your own iterables
    included, ends it for all of them and carries what had been scored as ``error.results``.
    """
    check_progress(progress)
    names, inputs = named_inputs(ref, renditions)
    groups = open_groups(
        ref,
        inputs,
        w,
        h,
        bit_depth=bit_depth,
        pixel_format=pixel_format,
        frames=frames,
        skip_ref=skip_ref,
        skip_dis=skip_dis,
        shortest=shortest,
        names=names or None,
    )
    names = names or unique_names(groups.names[1:])
    with (
        groups,
        ReferenceScorer(
            groups.width,
            groups.height,
            names,
            bit_depth=groups.bit_depth,
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
            keep_frames=True,
            batch=BATCH,
        ) as scorer,
    ):

        def carry(error: BaseException, partial: list[ScoreResult]) -> None:
            error.results = ScoreResults(partial, names)  # type: ignore[attr-defined]

        return ScoreResults(Clip(scorer, groups, carry).run(progress), names)


def features_many(
    ref: Any,
    renditions: Iterable[Any] | Mapping[str, Any],
    w: int | None = None,
    h: int | None = None,
    *,
    bit_depth: int | None = None,
    pixel_format: str = "420",
    neg: Neg = False,
    engine: str = "auto",
    threads: int | None = None,
    frames: int | None = None,
    skip_ref: int = 0,
    skip_dis: int = 0,
    subsample: int = 1,
    shortest: bool = False,
    progress: ProgressMany | None = None,
    gain_limit: float | None = None,
    cpu_mask: int = 0,
    device: str = "cpu",
    gpu_mask: int = 0,
) -> NDArray[np.float64]:
    """Extract the six features of every frame of several distorted versions, in one pass.

    Inputs and options are those of :func:`score_many`, less the model's.

    Returns float64 (R, N, 6) for R renditions of N frames, columns in the order of
    :data:`pyvmaf_tiny.FEATURES`; with neg="both" (R, 2, N, 6), NEG's last. Raises as
    :func:`score_many` does.
    """
    results = score_many(
        ref,
        renditions,
        w,
        h,
        bit_depth=bit_depth,
        pixel_format=pixel_format,
        model=False,
        neg=neg,
        engine=engine,
        threads=threads,
        frames=frames,
        skip_ref=skip_ref,
        skip_dis=skip_dis,
        subsample=subsample,
        shortest=shortest,
        progress=progress,
        gain_limit=gain_limit,
        cpu_mask=cpu_mask,
        device=device,
        gpu_mask=gpu_mask,
    )
    return np.stack(
        [result.features if result.neg is None else feature_pair(result) for result in results]
    )
