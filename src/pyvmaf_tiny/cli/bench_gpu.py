"""``pyvmaf-tiny bench --device``: extraction speed on a GPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .bench_clip import Clip
from .bench_report import print_timings
from .gpu_facts import facts_at_work
from .measure_gpu import GpuMeasurement, gpu_cases, on_device, open_device, upload_rate


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
    try:
        rate = upload_rate(backend)
        pair_bytes = sum(plane.nbytes for plane in clip.pairs[0])
        upload_fps = 1e9 * rate / pair_bytes
        memories = ("host",) if backend.memory is None else ("device", "host")
        placed = on_device(backend, clip.pairs) if "device" in memories else []
        cases = gpu_cases(streams, memories)
        measurement = GpuMeasurement(clip.pairs, placed, clip.bit_depth, device, cases)
        try:
            measurement.warm_up()
            timings = measurement.measure(repeat, upload_fps, watch)
            found = facts_at_work(backend, measurement.keep_busy)
        finally:
            measurement.close()
    finally:
        backend.close()
    name = engines()[0].device_names[backend.device]
    facts = {
        "version": __version__,
        "device": backend.device,
        "device_name": name,
        **found,
        "upload_gb_per_s": rate,
        "upload_fps": upload_fps,
    }
    more = "".join(f"{key.replace('_', ' ')} {value}, " for key, value in found.items())
    print_timings(
        clip,
        timings,
        facts=facts,
        headline=f"{backend.device}, {name}, {more}pyvmaf-tiny {__version__}\n"
        f"uploads: {rate:.2f} GB/s, which is {upload_fps:.0f} pairs of frames a second",
        columns=("frames in", "streams"),
        more=("of uploads",),
        repeat=repeat,
        as_json=as_json,
    )
