"""``pyvmaf-tiny bench --device``: extraction speed on a GPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .bench_clip import Clip
from .bench_report import print_timings
from .measure_gpu import gpu_cases, measure_gpu, on_device, open_device, upload_rate


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
    memories = ["device", "host"] if backend.memory else ["host"]
    placed = on_device(backend, clip.pairs) if backend.memory else []
    cases = gpu_cases(streams, memories)
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
    print_timings(
        clip,
        timings,
        facts=facts,
        headline=f"{backend.device}, {name}, pyvmaf-tiny {__version__}\nuploads: {rate:.2f} GB/s, "
        f"which is {facts['upload_fps']:.0f} pairs of frames a second",
        columns=("frames in", "streams"),
        repeat=repeat,
        as_json=as_json,
    )
