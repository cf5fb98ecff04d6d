"""What a GPU has to do per frame, counted in the compiled kernels, and what that allows.

    python benchmarks/gpu_counts.py [--size 1920x1080] [--bitdepth 8]

needs no GPU: NVRTC compiles the kernels, nvdisasm (``pip install nvidia-cuda-nvdisasm``) shows the
machine code. Every instruction of a kernel counts once per warp, those of a loop once per trip:
an upper bound, since code that hardly ever runs (large coefficients, equal samples) counts as well.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import importlib.metadata
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from pyvmaf_tiny.engine.gpu.layout import Launch, Stream, plan
from pyvmaf_tiny.engine.gpu.nvrtc import compile_source
from pyvmaf_tiny.engine.gpu.source import ITEMS, kernel_source

WARP = 32
_WARPS = ITEMS // WARP


@dataclass(frozen=True, slots=True)
class Card:
    """Limits of a card: multiprocessors, GHz, GB/s, and lanes per clock and multiprocessor of each
    pipe, from the throughput table of the CUDA programming guide. The double-width multiplication
    is not in that table; it is taken to have half the rate of the single one.
    """

    name: str
    target: str
    multiprocessors: int
    ghz: float
    gb_per_s: float
    pipes: dict[str, int]


_HOPPER = {"issue": 128, "integer": 64, "double": 64, "convert": 16, "memory": 32}
_ADA = {"issue": 128, "integer": 64, "double": 2, "convert": 2, "memory": 32}

CARDS = (
    Card("H100 SXM", "sm_90", 132, 1.755, 3350, _HOPPER),
    Card("H200", "sm_90", 132, 1.755, 4800, _HOPPER),
    Card("RTX 4090", "sm_89", 128, 2.52, 1008, _ADA),
)

#: First letters of instructions -> the pipe that they need, and how many places in it.
_PIPES = (
    (r"IMAD\.(WIDE|HI)", "integer", 2),
    (r"(LDG|LDS|STS|STG|LD|ST|ATOM)\b", "memory", 1),
    (r"D(FMA|MUL|ADD|SETP|MNMX)", "double", 1),
    (r"(F2I|I2F|F2F|MUFU)\.?\S*64", "convert", 1),
    (r"(BRA|BSSY|BSYNC|EXIT|NOP|BAR|CALL|RET|WARPSYNC|S2R|CS2R|LDC|ULDC|U\w+)\b", "issue", 0),
    (r"(FADD|FMUL|FFMA|FSETP|FSEL|MOV)\b", "issue", 0),
    (r".", "integer", 1),
)


#: A label, or an instruction without its predicate.
_LINE = re.compile(r"\s*(\.L_x_\d+:)|\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?(.*?)\s*;")


def disassemble(cubin: bytes) -> dict[str, list[str]]:
    """Kernel -> its lines: instructions, and labels with a colon."""
    files = importlib.metadata.files("nvidia-cuda-nvdisasm") or []
    (program,) = (str(file.locate()) for file in files if file.name == "nvdisasm")
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        run = [program, "-c", file.name]
        text = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    kernels: dict[str, list[str]] = {}
    for line in text.splitlines():
        if found := re.match(r"\.text\.(\w+):", line):
            lines = kernels.setdefault(found[1], [])
        elif found := _LINE.match(line):
            lines.append(found[1] or found[2])
    return kernels


@functools.cache
def kernels_of(target: str, sample_bytes: int) -> dict[str, list[str]]:
    """The lines of all kernels, for one gain limit."""
    return disassemble(compile_source(kernel_source(sample_bytes), target))


def loops(lines: list[str]) -> Iterator[tuple[int, int]]:
    """First and last line of every loop; the one at the end of every kernel stays out."""
    labels = {line[:-1]: at for at, line in enumerate(lines) if line.endswith(":")}
    for at, line in enumerate(lines):
        found = re.match(r"BRA\S*\s.*\((\.L_x_\d+)\)", line)
        if found and at > labels.get(found[1], at) + 3:
            yield labels[found[1]], at


def trips(kernel: str, body: list[str], renditions: int) -> float:
    """How often a warp goes through a loop at most; loops are told apart by what is in them."""
    loads = sum(line.startswith("LDS") for line in body)
    if any(line.startswith("BAR") for line in body):
        return renditions
    if kernel.startswith("vif"):
        return 2.0  # groups of four pixels
    return 16 / (loads / 5) if kernel == "motion" else 1.0


def work(kernel: str, lines: list[str], renditions: int) -> dict[str, float]:
    """Places in each pipe that one warp takes; "issue" counts every instruction."""
    weights = [1.0] * len(lines)
    for first, last in loops(lines):  # they nest
        times = trips(kernel, lines[first : last + 1], renditions)
        weights[first : last + 1] = [times * weight for weight in weights[first : last + 1]]
    places: dict[str, float] = dict.fromkeys(CARDS[0].pipes, 0.0)
    for line, weight in zip(lines, weights, strict=True):
        if line.endswith(":"):
            continue
        pipe, count = next((pipe, n) for pattern, pipe, n in _PIPES if re.match(pattern, line))
        places["issue"] += weight
        if count:
            places[pipe] += weight * count
    return places


def traffic(stream: Stream) -> int:
    """Bytes between chip and memory for one frame, if a plane travels once per kernel."""
    pixels = stream.width * stream.height
    both = 2 * pixels * stream.sample_bytes
    motion = 2 * pixels * stream.sample_bytes  # the frame and the one before
    vif = both + sum(2 * 2 * 2 * (pixels >> 2 * level) for level in (1, 2, 3))
    adm = both + sum(2 * 2 * 4 * (pixels >> 2 * level) for level in (1, 2, 3))
    layout = plan(stream)
    partials = 2 * 8 * (layout.pair_partials + layout.frame_partials)
    return motion + vif + adm + partials


def frame_seconds(
    card: Card, stream: Stream
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Per kernel: the seconds of its busiest pipe; and all pipes in giga-places per frame."""
    kernels = kernels_of(card.target, stream.sample_bytes)
    layout = plan(stream)
    launches: tuple[Launch, ...] = (layout.motion, *layout.vif, *layout.adm)
    seconds: dict[str, float] = {}
    counted: dict[str, dict[str, float]] = {}
    for launch in launches:
        groups = launch.grid[0] * launch.grid[1]
        places = work(launch.kernel, kernels[launch.kernel], stream.renditions)
        lanes = {pipe: n * WARP * _WARPS * groups for pipe, n in places.items()}
        rate = card.multiprocessors * card.ghz * 1e9
        seconds[launch.kernel] = max(n / (rate * card.pipes[pipe]) for pipe, n in lanes.items())
        counted[launch.kernel] = lanes
    return seconds, counted


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--bitdepth", type=int, default=8)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    stream = Stream(width=width, height=height, bit_depth=options.bitdepth)
    pixels = width * height
    seconds, counted = frame_seconds(CARDS[0], stream)
    print(f"{options.size}, {options.bitdepth} bit, {CARDS[0].target}\n")
    print("| kernel | instructions per pixel | integer | double | convert | memory | µs on H100 |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kernel, lanes in counted.items():
        row = (lanes.get(pipe, 0) / pixels for pipe in CARDS[0].pipes)
        print(f"| {kernel} | {' | '.join(f'{n:.2f}' for n in row)} | {1e6 * seconds[kernel]:.1f} |")
    two = dataclasses.replace(stream, renditions=2)
    print(
        "\n| card | µs per frame, pipes full | frames/s | µs per further rendition "
        "| MB per frame | frames/s by memory |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for card in CARDS:
        total, more = (sum(frame_seconds(card, each)[0].values()) for each in (stream, two))
        moved = traffic(stream)
        print(
            f"| {card.name} | {1e6 * total:.0f} | {1 / total:.0f} "
            f"| {1e6 * (more - total):.0f} | {moved / 1e6:.1f} "
            f"| {1e9 * card.gb_per_s / moved:.0f} |"
        )


if __name__ == "__main__":
    main()
