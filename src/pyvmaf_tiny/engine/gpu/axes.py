"""ADM's wavelet levels along one axis: sizes, the cropped centre, and what it depends on."""

from __future__ import annotations

from dataclasses import dataclass

#: Levels of VIF's pyramid and of ADM's wavelet.
LEVELS = 4


@dataclass(frozen=True, slots=True)
class Axis:
    """A level's bands along one axis; ranges are inclusive.

    ``inputs`` samples become ``size``. ``pooled`` is the cropped centre; ``analysed`` has its
    neighbours, too, and what the next level reads of the approximation.
    """

    inputs: int
    size: int
    pooled: tuple[int, int]
    analysed: tuple[int, int]

    @property
    def pooled_count(self) -> int:
        return self.pooled[1] - self.pooled[0] + 1


def adm_axes(n: int) -> list[Axis]:
    """The levels along an axis of n pixels, finest first; worked out from the coarsest."""
    inputs = [n]
    for _ in range(LEVELS):
        inputs.append((inputs[-1] + 1) // 2)
    axes: list[Axis] = []
    needed: tuple[int, int] | None = None  # of this level's approximation
    for level in reversed(range(LEVELS)):
        size = inputs[level + 1]
        margin = int(size * 0.1 - 0.5)
        first, last = max(margin - 1, 0), min(size - margin, size - 1)
        if needed is not None:
            first, last = min(first, needed[0]), max(last, needed[1])
        axes.insert(0, Axis(inputs[level], size, (margin, size - margin - 1), (first, last)))
        needed = max(2 * first - 1, 0), min(2 * last + 2, inputs[level] - 1)
    return axes


def ceil_log2(n: int) -> int:
    """Smallest b with 2**b >= n."""
    return (n - 1).bit_length()
