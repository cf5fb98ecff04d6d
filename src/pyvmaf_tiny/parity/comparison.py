"""Runs two engines side by side on the same decoded frames."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from pyvmaf_tiny.engine import EngineSpec
from pyvmaf_tiny.engine.base import gain_limit_of
from pyvmaf_tiny.errors import OptionError
from pyvmaf_tiny.options import whole_number
from pyvmaf_tiny.source import open_pairs

from .choice import ALL_BITS, EngineChoice
from .result import ComparisonResult
from .run import Run
from .side import Side

#: Called after every pair with the number of pairs done and how many there will be, if known.
Progress = Callable[[int, int | None], None]


def compare(
    ref: Any,
    dis: Any,
    w: int | None = None,
    h: int | None = None,
    *,
    engines: Sequence[str | EngineChoice] = ("native", "libvmaf"),
    bit_depth: int | None = None,
    pixel_format: str = "420",
    neg: bool = False,
    gain_limit: float | None = None,
    scalar: bool = False,
    threads: int | None = None,
    cpu_mask: int = 0,
    frames: int | None = None,
    skip_ref: int = 0,
    skip_dis: int = 0,
    subsample: int = 1,
    shortest: bool = False,
    progress: Progress | None = None,
) -> ComparisonResult:
    """Compare the features of two engines on the same frames, in one pass and constant memory.

    Inputs and the options not named here are those of :func:`pyvmaf_tiny.features`.

    Args:
        ref: the reference.
        dis: the distorted version.
        w: luma width in samples; needed for raw YUV only.
        h: luma height in samples; needed for raw YUV only.
        engines: two of them, each a name ("native", "libvmaf"), a name with options of its own
            ("libvmaf:scalar", "native:cpumask=48,threads=1"), or an :class:`EngineChoice`.
        bit_depth: see ``features``.
        pixel_format: see ``features``.
        neg: see ``features``.
        gain_limit: see ``features``.
        scalar: no SIMD in both, unless a side says otherwise.
        threads: threads of each engine, unless a side says otherwise; None for the engine's
            choice, which is one where two libvmafs have different CPU masks.
        cpu_mask: CPU features that both leave unused, unless a side says otherwise.
        frames: compare at most this many pairs.
        skip_ref: see ``features``.
        skip_dis: see ``features``.
        subsample: see ``features``.
        shortest: see ``features``.
        progress: called after every pair, see :data:`Progress`.

    Raises as ``features`` does, and EngineUnavailableError where one of the engines is not here.
    What had been compared before an error is ``error.comparison``.
    """
    choices = _two_choices(engines)
    if scalar and cpu_mask:
        raise OptionError("scalar=True masks every CPU feature", given=f"cpu_mask={cpu_mask}")
    pairs = open_pairs(
        ref,
        dis,
        w,
        h,
        bit_depth=bit_depth,
        pixel_format=pixel_format,
        frames=frames,
        skip_ref=skip_ref,
        skip_dis=skip_dis,
        shortest=shortest,
    )
    every = whole_number("subsample", subsample, least=1)
    spec = EngineSpec(
        width=pairs.width,
        height=pairs.height,
        bit_depth=pairs.bit_depth,
        gain_limits=(gain_limit_of(neg, gain_limit),),
        threads=threads,
        cpu_mask=ALL_BITS if scalar else cpu_mask,
        subsample=every,
    )
    spec = _one_thread_for_two_masks(choices, spec)
    with pairs, ExitStack() as engines_open:
        run = Run(pairs, spec, [Side(choice, spec, engines_open) for choice in choices])
        with run.delivering():
            for done, pair in enumerate(pairs, start=1):
                run.push(*pair)
                if progress is not None:
                    progress(done, pairs.total)
            run.flush()
        return run.result(complete=True)


def _two_choices(engines: Sequence[str | EngineChoice]) -> tuple[EngineChoice, EngineChoice]:
    if isinstance(engines, str) or len(engines) != 2:
        raise OptionError("not two engines", given=repr(engines), expected="two names")
    first, second = (
        choice if isinstance(choice, EngineChoice) else EngineChoice.parse(choice)
        for choice in engines
    )
    return first, second


def _one_thread_for_two_masks(choices: Sequence[EngineChoice], spec: EngineSpec) -> EngineSpec:
    """Leave out threads that nobody asked for where two libvmafs have different CPU masks.

    libvmaf keeps one mask for the whole process, which its threads look at at any time.
    """
    masks = {choice.apply(spec).cpu_mask for choice in choices}
    two = len(masks) > 1 and all(choice.name == "libvmaf" for choice in choices)
    return dataclasses.replace(spec, threads=1) if two and spec.threads is None else spec
