"""What a GPU has to do per frame, counted in the compiled kernels, and what that allows.

    python benchmarks/gpu_counts.py [--size 1920x1080] [--bitdepth 8]

needs no GPU, but ``pip install nvidia-cuda-nvdisasm``. An instruction counts once per warp that
comes by, those of a loop once per trip of each warp. What a condition on the data may skip counts,
so this is an upper bound, less two ways that are hardly ever taken: the division of doubles that
are no ordinary numbers, and that of coefficients from 16384 at ADM's level 0.

A kernel takes at least as long as its busiest pipe; in whole groups per multiprocessor, which
matters where there are few. Its launch adds LAUNCH. The rates are in gpu_cards.py.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gpu_cards import ARCHITECTURES, CARDS, LIMITS, WARP, Card, pipe_of
from gpu_cubin import Kernel, kernels_of

from pyvmaf_tiny.engine.gpu.layout import Launch, Stream, plan
from pyvmaf_tiny.engine.gpu.source import ITEMS

#: Frames that are worked on at once, as `score` does it.
BATCH = 8

#: Seconds that a launch keeps the device from full work: an assumption, generous for one in a row.
LAUNCH = 2e-6

_WARPS = ITEMS // WARP

#: Lines of the table of logarithms (64 lines) that 32 values meet if they are anywhere in it.
_TABLE_LINES = 64 * (1 - (1 - 1 / 64) ** 32)

_QUADS = {  # groups of four pixels of a tile
    **{f"vif_{i}": 8 * ((ITEMS - 2 * radius) // 4) for i, radius in enumerate((8, 4, 2, 1))},
    "motion": 16 * (ITEMS - 4) // 4,
}


def weights(name: str, kernel: Kernel, renditions: int) -> list[float]:
    """How often the warps of a group come by each line, on average."""
    result = [1.0] * len(kernel.lines)
    for first, last, factor in _factors(name, kernel, renditions):  # they nest
        result[first:last] = [factor * weight for weight in result[first:last]]
    return result


def _factors(name: str, kernel: Kernel, renditions: int) -> Iterator[tuple[int, int, float]]:
    for at, to in kernel.jumps():
        if to < at - 3:  # a loop; the one at the end of every kernel goes to itself
            yield to, at + 1, _trips(name, kernel, to, at, renditions)
        elif to > at and (share := _share(kernel, at)) is not None:
            yield at + 1, to, share
    if name == "adm_0":
        for at, line in enumerate(kernel.lines):
            if line.text.startswith("I2F.U32.RP"):  # the division's first step
                around = [(to - of, of, to) for of, to in kernel.jumps() if of < at < to]
                _, of, to = min(around)
                yield of + 1, to, 0.0
    end = max(at for at, line in enumerate(kernel.lines) if line.text.startswith("EXIT"))
    yield end + 1, len(kernel.lines), 0.0  # functions, and what fills up


def _trips(name: str, kernel: Kernel, first: int, last: int, renditions: int) -> float:
    if any(line.text.startswith("BAR") for line in kernel.lines[first:last]):
        return renditions
    return math.ceil(_QUADS[name] / WARP) / _WARPS


def _share(kernel: Kernel, at: int) -> float | None:
    """The warps that a branch on the item's number alone lets through; None for other branches."""
    predicate = kernel.lines[at].predicate
    name = predicate.lstrip("!")
    setter = rf"ISETP\.(GT|GE|LT|LE)\S* {name}, PT, (R\d+)\S*, (0x[0-9a-f]+), PT"
    written = _last_written(kernel, at, name) if name else None
    found = None if written is None else re.match(setter, kernel.lines[written].text)
    if written is None or found is None:
        return None
    number = _last_written(kernel, written, found[2])
    if number is None or not kernel.lines[number].text.endswith("SR_TID.X"):
        return None
    bound = int(found[3], 16) + (found[1] in ("GT", "LE"))  # item >= bound, or item < bound
    low = predicate.startswith("!") == (found[1] in ("LT", "LE"))  # items below it come by
    warps = math.ceil(bound / WARP) if low else _WARPS - bound // WARP
    return min(max(warps, 0), _WARPS) / _WARPS


def _last_written(kernel: Kernel, before: int, register: str) -> int | None:
    """The last line that writes a register, if need be as a part of two or four."""
    writers = [rf"\S+ (?:U?P\w+, )?{register}(\.reuse)?,"]
    if register.startswith("R"):
        n = int(register[1:])
        writers.append(rf"\S*(WIDE|64)\S* R{n - 1},")
        writers.append(rf"\S*128\S* R({n - 1}|{n - 2}|{n - 3}),")
    for at in reversed(range(before)):
        if any(re.match(writer, kernel.lines[at].text) for writer in writers):
            return at
    return None


def work(name: str, kernel: Kernel, renditions: int) -> dict[str, float]:
    """Places in each pipe that one item takes."""
    places = dict.fromkeys(LIMITS, 0.0)
    for line, weight in zip(kernel.lines, weights(name, kernel, renditions), strict=True):
        if line.is_label or line.text.startswith("NOP"):
            continue
        pipe, count = pipe_of(line.text)
        places["issue"] += weight
        if count:
            places[pipe] += weight * count
        if name.startswith("vif") and line.text.startswith("FLO"):
            places["l1"] += weight * (_TABLE_LINES - 2) / WARP
    return places


@functools.cache
def _work(target: str, bit_depth: int, name: str, renditions: int) -> dict[str, float]:
    return work(name, kernels_of(target, bit_depth)[name], renditions)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a kernel, on a card: places per item, groups per frame, and what fits at once."""

    places: dict[str, float]
    groups: int
    resident: int
    card: Card

    def clocks(self, limit: str) -> float:
        """Clocks of one multiprocessor that a group takes by this limit alone."""
        return ITEMS * self.places[limit] / ARCHITECTURES[self.card.target].rates[limit]

    @property
    def limit(self) -> str:
        """What is busiest."""
        return max(LIMITS, key=self.clocks)

    @property
    def filled(self) -> float:
        """How much of the multiprocessors' time is used, groups being whole."""
        each = BATCH * self.groups / self.card.multiprocessors
        return each / math.ceil(each)

    @property
    def seconds(self) -> float:
        """Per frame, in a batch."""
        clocks = self.clocks(self.limit) * self.groups / self.card.multiprocessors
        return clocks / (1e9 * self.card.ghz * self.filled)


def costs(card: Card, stream: Stream) -> dict[str, Cost]:
    """Every kernel of a frame; "totals" is left out, which is a thousandth."""
    kernels = kernels_of(card.target, stream.bit_depth)
    layout = plan(stream)
    launches: tuple[Launch, ...] = (layout.motion, *layout.vif, *layout.adm)
    result = {}
    for launch in launches:
        kernel = kernels[launch.kernel]
        places = _work(card.target, stream.bit_depth, launch.kernel, stream.renditions)
        architecture = ARCHITECTURES[card.target]
        resident = architecture.resident(kernel.registers, kernel.shared, _WARPS)
        groups = launch.grid[0] * launch.grid[1]
        result[launch.kernel] = Cost(places, groups, resident, card)
    return result


def frame_seconds(card: Card, stream: Stream) -> float:
    """All kernels, one after the other, and their launches."""
    kernels = costs(card, stream)
    return sum(cost.seconds for cost in kernels.values()) + (len(kernels) + 2) * LAUNCH / BATCH


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


def print_kernels(card: Card, stream: Stream) -> None:
    """A row per kernel: what a pixel of the frame takes."""
    pixels = stream.width * stream.height
    print(f"| kernel | {' | '.join(LIMITS)} | groups | warps at once | filled | µs | limit |")
    print("| --- " * (len(LIMITS) + 6) + "|")
    for name, cost in costs(card, stream).items():
        each = (n * cost.groups * ITEMS / pixels for n in cost.places.values())
        cells = (
            *(f"{n:.2f}" for n in each),
            *(f"{cost.groups}", f"{cost.resident * _WARPS}", f"{cost.filled:.2f}"),
            *(f"{1e6 * cost.seconds:.2f}", cost.limit),
        )
        print(f"| {name} | {' | '.join(cells)} |")


def print_cards(stream: Stream) -> None:
    """A row per card: rates if every kernel's busiest pipe were full."""
    two = dataclasses.replace(stream, renditions=2)
    moved = traffic(stream)
    print("| card | µs per frame | frames/s | µs per further rendition | frames/s by memory |")
    print("| --- " * 5 + "|")
    for card in CARDS:
        total, more = (frame_seconds(card, each) for each in (stream, two))
        print(
            f"| {card.name} | {1e6 * total:.1f} | {1 / total:.0f} | {1e6 * (more - total):.1f} "
            f"| {1e9 * card.gb_per_s / moved:.0f} |"
        )


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--bitdepth", type=int, default=8)
    parser.add_argument("--card", default="H100 SXM", choices=[card.name for card in CARDS])
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    stream = Stream(width=width, height=height, bit_depth=options.bitdepth)
    (card,) = (card for card in CARDS if card.name == options.card)
    print(f"{options.size}, {options.bitdepth} bit, {card.name}\n")
    print_kernels(card, stream)
    print()
    print_cards(stream)


if __name__ == "__main__":
    main()
