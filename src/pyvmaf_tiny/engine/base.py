"""What every feature engine has in common: its specification, its protocol, what is known of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import numpy as np

from pyvmaf_tiny.errors import OptionError
from pyvmaf_tiny.frames import DEFAULT_GAIN_LIMIT, NEG_GAIN_LIMIT, AnyPlane, FeatureVector, Plane
from pyvmaf_tiny.options import whole_number

#: One frame's features: those of rendition r under gain limit g are at r * gain limits + g.
Lanes: TypeAlias = tuple[FeatureVector, ...]

#: What became known with a call, in frame order: usually nothing or one frame.
Rows: TypeAlias = tuple[Lanes, ...]

#: What ``neg=`` takes: no credit for enhancement, no or yes, or both in one pass.
Neg: TypeAlias = bool | Literal["both"]

#: Groups of features that an engine can be asked to compute alone; the others are NaN.
FEATURE_GROUPS: tuple[str, ...] = ("adm", "vif", "motion")

#: Environment variable: CPU features that nobody in this process may use, as in ``cpu_mask``.
CPU_MASK_VARIABLE = "PYVMAF_TINY_CPUMASK"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """What an engine is made for.

    ``width`` and ``height`` in luma samples, ``bit_depth`` 8, 10, 12 or 16. ``renditions`` are
    the distorted versions of each reference frame: one name per rendition, for messages.
    ``gain_limits`` are the enhancement gain limits, from 1.0 (NEG) up, under which each of them
    is compared. A rendition under a gain limit is a *lane*: the features of a frame are those of
    all lanes, the first rendition's first.

    ``threads`` None means as many as the process may use and the frame has work for; of a GPU
    engine they copy frames of the host's to where the GPU reads them. ``cpu_mask``
    holds bits of CPU features that must stay unused, numbered as libvmaf does (8 AVX2, 16
    AVX-512, 32 AVX-512 VNNI, on Arm 1 NEON, -1 all); the environment variable
    ``PYVMAF_TINY_CPUMASK`` adds to them.

    ``subsample`` n says that every n-th frame from 0 on is pushed and the others are skipped.
    ``lag`` is how many frames a row may come late: 1 is what motion2 needs, more lets an engine
    work on several frames at a time.

    ``device`` is "cpu", "cuda", "sycl" or "opencl", with ":1" and so on for one of several, or
    "auto" for the first GPU that works and else the CPU.

    The other three are for libvmaf alone. ``library`` is the path of the library, None for the
    one that is found. ``gpu_mask`` is libvmaf's gpumask. ``teacher`` is a model of libvmaf's, by
    its built-in name or as the path of a JSON file, whose score comes with every row
    (:class:`TaughtVector`).
    """

    width: int
    height: int
    bit_depth: int = 8
    renditions: tuple[str, ...] = ("distorted",)
    gain_limits: tuple[float, ...] = (DEFAULT_GAIN_LIMIT,)
    threads: int | None = None
    cpu_mask: int = 0
    features: tuple[str, ...] = FEATURE_GROUPS
    subsample: int = 1
    lag: int = 1
    device: str = "cpu"
    library: str | None = None
    gpu_mask: int = 0
    teacher: str | os.PathLike[str] | None = None

    @property
    def lanes(self) -> int:
        """Feature vectors per frame."""
        return len(self.renditions) * len(self.gain_limits)


class TaughtVector(FeatureVector):
    """A row with the score that libvmaf's own model gives to its frame."""

    teacher: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """What :func:`pyvmaf_tiny.engines` says about one engine.

    ``tier`` is the kernel tier that it would use here, ``cpu_flags`` what it knows of the CPU;
    ``cpu_mask`` are the bits that the environment holds back from it; ``reason`` says why the
    engine is not available and what to do (None when it is). ``devices``
    are what ``device`` takes: of the native engine the devices of this machine, of libvmaf as far
    as its code goes (whether the machine has such a device shows when it is opened).
    ``device_names`` says what they are as far as that is known, by what ``device`` takes, and
    ``device_reasons`` why there is none of a kind. ``file`` is the library that was loaded at run
    time, ``preallocated_pictures`` whether it has those.
    """

    name: str
    available: bool
    version: str | None = None
    tier: str | None = None
    cpu_flags: tuple[str, ...] = ()
    cpu_mask: int = 0
    reason: str | None = None
    devices: tuple[str, ...] = ("cpu",)
    device_names: dict[str, str] = field(default_factory=dict)
    device_reasons: dict[str, str] = field(default_factory=dict)
    file: str | None = None
    preallocated_pictures: bool | None = None


class Engine(Protocol):
    """Computes the six features of a stream of reference frames and their distorted versions.

    A call returns what became known with it, in frame order; every pushed frame has one row, with
    a vector per lane (see :class:`EngineSpec`). motion2 looks one frame ahead, so usually that is
    the row of the frame pushed before. An engine that learns motion2 later returns several rows
    in one call, at the latest in flush.
    A call that raises changes nothing; the stream goes on as if it had not been made.
    Planes are (height, width) as the specification says and are free again when a call returns.

    An engine that has one lane only is made into one of several by ``split.SplitEngine``.
    """

    name: str
    version: str
    tier: str
    threads: int
    device: str  # where it works: "cpu", "cuda:0"
    device_memory: str | None  # "cuda" or "sycl" where it takes a DevicePlane as a plane

    def push(self, ref: Plane, dis: Sequence[Plane]) -> Rows:
        """Take a reference frame and its distorted versions, one per rendition."""

    def skip(self, ref: Plane) -> Rows:
        """Take a reference frame that counts for the motion of its neighbours only."""

    def flush(self) -> Rows:
        """End the stream: the rows that are still due."""

    def reset(self) -> None:
        """Forget the stream; the next frame is frame 0."""

    def close(self) -> None:
        """Free the engine's memory; may be called twice."""


def check_renditions(spec: EngineSpec, dis: Sequence[AnyPlane]) -> None:
    """OptionError unless there is one plane per rendition."""
    if len(dis) != len(spec.renditions):
        raise OptionError(
            "another number of distorted frames than of renditions",
            given=len(dis),
            expected=len(spec.renditions),
        )


def gain_limit_of(neg: bool, gain_limit: float | None) -> float:
    """The gain limit that the two options ask for; OptionError when they contradict."""
    if not isinstance(neg, (bool, np.bool_)):
        raise OptionError("neg is a yes or a no", given=repr(neg), expected="True or False")
    if gain_limit is None:
        return NEG_GAIN_LIMIT if neg else DEFAULT_GAIN_LIMIT
    if neg and gain_limit != NEG_GAIN_LIMIT:
        raise OptionError(
            "neg=True is gain_limit=1.0", given=f"gain_limit={gain_limit!r}", expected="one of them"
        )
    return gain_limit


def gain_limits_of(neg: Neg, gain_limit: float | None) -> tuple[float, ...]:
    """One gain limit, or with ``neg="both"`` two of them, NEG's last; raises OptionError."""
    if isinstance(neg, (bool, np.bool_)):
        return (gain_limit_of(bool(neg), gain_limit),)
    if neg != "both":
        raise OptionError("unknown neg", given=repr(neg), expected='True, False or "both"')
    if gain_limit == NEG_GAIN_LIMIT:
        raise OptionError(
            'neg="both" puts gain limit 1.0 beside another one',
            given=f"gain_limit={gain_limit!r}",
            expected="another one, or None for 100",
        )
    return (gain_limit_of(False, gain_limit), NEG_GAIN_LIMIT)


def refuse_libvmafs_options(engine: str, spec: EngineSpec) -> None:
    """OptionError for options of the specification that only libvmaf can follow."""
    for option, value, neutral in (
        ("teacher", spec.teacher, None),
        ("gpu_mask", spec.gpu_mask, 0),
    ):
        if value != neutral:
            raise OptionError(
                f"the {engine} engine knows no {option}",
                given=repr(value),
                hint='say engine="libvmaf", or leave the option out',
            )


def cpu_mask_of(mask: object) -> int:
    """The CPU features that must stay unused: ``mask`` and what the environment adds to it.

    Both may be -1, for all of them; the environment variable also hexadecimal (``0x30``). Raises
    OptionError for anything else that is not a whole number of at least 0.
    """
    bits = whole_number("cpu_mask", mask, least=-1)
    text = os.environ.get(CPU_MASK_VARIABLE, "").strip()
    try:
        held_back = int(text or "0", 0)
    except ValueError:
        held_back = -2
    if held_back < -1:
        raise OptionError(
            f"the environment variable {CPU_MASK_VARIABLE} is not a CPU mask",
            given=repr(text),
            expected="a whole number such as 48 or 0x30, or -1 for all bits",
        )
    return (bits | held_back) & 0xFFFFFFFF


def usable_cpus() -> int:
    """CPUs that this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this platform
        return os.cpu_count() or 1
