"""``pyvmaf-tiny bench --device``: extraction speed on a GPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

import click

from .bench_clip import Clip
from .measure_gpu import (
    GpuTiming,
    gpu_cases,
    measure_gpu,
    on_device,
    open_device,
    upload_rate,
)
from .tables import print_json, print_table

_COLUMNS = ("feature", "frames in", "streams", "frames/s", "slowest", "fastest", "ms/frame")


def bench_gpu(
    clip: Clip,
    device: str,
    streams: Sequence[int],
    repeat: int,
    as_json: bool,
    watch: Callable[[int], None],
) -> None:
    """Measure and print. Raises DeviceError, OutOfMemoryError."""
    from pyvmaf_tiny import __version__, engines

    backend = open_device(device, clip.bit_depth)
    with backend.entered():
        rate = upload_rate(backend, repeat)
    placed = on_device(backend, clip.pairs)
    cases = gpu_cases(streams)
    timings = measure_gpu(clip.pairs, placed, clip.bit_depth, device, cases, repeat, watch)
    backend.close()
    name = engines()[0].device_names[backend.device]
    pair_bytes = sum(plane.nbytes for plane in clip.pairs[0])
    facts = {
        "version": __version__,
        "device": backend.device,
        "device_name": name,
        "upload_gb_per_s": rate,
        "upload_fps": 1e9 * rate / pair_bytes,
    }
    if as_json:
        report = facts | clip.to_dict() | {"repeat": repeat}
        print_json(report | {"timings": [asdict(timing) for timing in timings]})
        return
    click.echo(
        f"{clip.name}, {clip.width}x{clip.height} {clip.bit_depth} bit, {len(clip.pairs)} frames, "
        f"median of {repeat} interleaved repetitions\n"
        f"{backend.device}, {name}, pyvmaf-tiny {__version__}\n"
        f"uploads: {rate:.2f} GB/s, which is {facts['upload_fps']:.0f} pairs of frames a second"
    )
    print_table(_COLUMNS, [_row(timing) for timing in timings], right=_COLUMNS[2:])


def _row(timing: GpuTiming) -> tuple[str, ...]:
    figures = (timing.fps_median, timing.fps_min, timing.fps_max, timing.ms_per_frame)
    numbers = (f"{figure:.2f}" for figure in figures)
    return (timing.feature, timing.memory, str(timing.streams), *numbers)
