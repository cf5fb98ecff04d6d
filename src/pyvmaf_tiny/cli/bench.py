"""``pyvmaf-tiny bench``: extraction speed per feature, CPU tier and number of threads."""

from __future__ import annotations

import itertools
import platform
import re
import sys
from collections.abc import Callable
from pathlib import Path

import click

from .options import check_raw_size, json_option, pair_options, quiet_option
from .terminal import is_terminal
from .values import side


def size_of(value: str) -> tuple[int, int]:
    """Width and height from WIDTHxHEIGHT."""
    match = re.fullmatch(r"(\d+)x(\d+)", value)
    if match is None:
        raise click.BadParameter(f"{value!r} is not a size such as 1920x1080.")
    return side(match[1]), side(match[2])


def counts(value: str) -> list[int]:
    """Comma-separated numbers from 1 up."""
    if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", value):
        raise click.BadParameter(f"{value!r} is not a list of numbers such as 1,2,4.")
    return [int(part) for part in value.split(",")]


@click.command(short_help="Measure extraction speed.")
@pair_options(required=False)
@click.option(
    "--size",
    type=size_of,
    metavar="WxH",
    help="Size of the drawn clip that is used without -r and -d.  [default: 1920x1080]",
)
@click.option(
    "--frames",
    type=click.IntRange(1),
    help="Frames that are held in memory; a repetition takes each once, on a GPU again and again.  "
    "[default: 5, on a GPU 16]",
)
@click.option(
    "--repeat",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Repetitions, interleaved.",
)
@click.option(
    "--threads", type=counts, metavar="LIST", help="Thread counts.  [default: 1 and all cores]"
)
@click.option(
    "--device",
    default="cpu",
    show_default=True,
    metavar="DEVICE",
    help="What is measured: cpu, cuda, sycl, opencl, cuda:1 ..., or auto for the first GPU that "
    "there is and else the CPU.",
)
@click.option(
    "--streams",
    type=counts,
    metavar="LIST",
    help="On a GPU: streams at a time.  [default: 1,4]",
)
@json_option
@quiet_option
def bench(
    ref: str | None,
    dis: str | None,
    width: int | None,
    height: int | None,
    pixel_format: str,
    bit_depth: int | None,
    size: tuple[int, int] | None,
    frames: int | None,
    repeat: int,
    threads: list[int] | None,
    device: str,
    streams: list[int] | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure frames per second of feature extraction.

    Times adm, vif and motion alone and all features of a frame, on every CPU tier of this
    machine, with each number of threads; prints the median and the spread. The clip is drawn
    (a moving scene, --size and --bitdepth) unless -r and -d name a real one.

    On a GPU (--device) the parts are timed on frames that are in its memory, and everything also
    on frames of the host, one and several streams at a time, each in a thread of its own, beside
    the speed of uploads; "scored" is everything and the scores, left in the GPU's memory. A
    repetition takes half a second or more, after one that does not count.
    """
    from pyvmaf_tiny import __version__
    from pyvmaf_tiny.engine.base import usable_cpus

    from .bench_clip import drawn_clip, read_clip
    from .bench_report import print_timings
    from .measure import PARTS, Case, available_tiers, measure

    check_raw_size(width, height)
    if device == "auto":
        from pyvmaf_tiny.engine import gpu

        device = gpu.first_gpu() or "cpu"
    elif device == "cpu" and streams is not None:
        raise click.UsageError("--streams has no effect without a GPU (--device).")
    elif device != "cpu" and threads is not None:
        raise click.UsageError("--threads has no effect with a GPU (--device).")
    if frames is None:  # a GPU's caches are to have no frame that comes again
        frames = 5 if device == "cpu" else 16
    if ref is not None and dis is not None and size is None:
        clip = read_clip(
            ref,
            dis,
            frames,
            width=width,
            height=height,
            bit_depth=bit_depth,
            pixel_format=pixel_format,
        )
    elif ref is None and dis is None and width is None and height is None:
        clip = drawn_clip(size or (1920, 1080), frames, bit_depth or 8)
    else:
        raise click.UsageError("Either -r and -d (with -w and -h if raw), or --size.")
    if device != "cpu":
        from .bench_gpu import bench_gpu

        bench_gpu(clip, device, streams or [1, 4], repeat, as_json, _watch(repeat, quiet))
        return
    cases = [
        Case(part, tier, mask, count)
        for (tier, mask), count, part in itertools.product(
            available_tiers().items(), threads or sorted({1, usable_cpus()}), PARTS
        )
    ]
    timings = measure(clip.pairs, clip.bit_depth, cases, repeat, _watch(repeat, quiet))
    cpu = _cpu_name()
    print_timings(
        clip,
        timings,
        facts={"version": __version__, "cpu": cpu},
        headline=f"{cpu}, pyvmaf-tiny {__version__}",
        columns=("tier", "threads"),
        repeat=repeat,
        as_json=as_json,
    )


def _watch(repeat: int, quiet: bool) -> Callable[[int], None]:
    def watch(repetition: int) -> None:
        if not quiet and is_terminal(sys.stderr):
            end = "\r" if repetition + 1 < repeat else "\r\033[K"
            print(f"repetition {repetition + 1} of {repeat} ", end=end, file=sys.stderr, flush=True)

    return watch


def _cpu_name() -> str:
    """The CPU's marketing name where the system tells it, else its architecture."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        text = ""
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1] if match else platform.machine()
