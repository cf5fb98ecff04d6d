"""Cards, and which pipe of a multiprocessor an instruction needs.

Sources, for facts alone. NVIDIA's CUDA programming guide has results per clock of each kind of
instruction and the limits of a multiprocessor. That integer multiplications (IMAD) and dot products
(IDP) run in the FMA pipe, and other integer instructions beside them in the ALU pipe, is said by
NVIDIA's engineers (forums.developer.nvidia.com, topics 108729 on Volta, 302018 on Ampere to Hopper)
and was measured by Abdelkhalik and others ("Demystifying the Nvidia Ampere Architecture through
Microbenchmarking and Instruction-level Analysis", 2022). Each of the four schedulers issues one
instruction per clock; both pipes have 16 lanes there. The FMA pipe's second half of Ampere's
consumer cards, Ada and Hopper takes single precision only. Volta's L1 cache looks up four lines per
clock (forum topic 49571); it and shared memory deliver 128 bytes per clock. That a double-width
multiplication (IMAD.WIDE, IMAD.HI) takes the FMA pipe twice as long is an assumption: nobody
documents it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

WARP = 32

#: What limits a multiprocessor: lanes per clock of the pipes, words of four bytes per clock of
#: shared memory, lines per clock of the L1 cache.
LIMITS = ("issue", "alu", "fma", "double", "convert", "special", "shared", "l1")


@dataclass(frozen=True, slots=True)
class Architecture:
    """Rates per clock of one multiprocessor, and what it holds at a time."""

    rates: dict[str, int]
    warps: int
    groups: int
    shared: int  # bytes
    shared_reserved: int = 1024  # of every group, where the compiled kernel does not say so

    def resident(self, registers: int, shared: int, warps: int) -> int:
        """Groups of so many warps, and registers per item, that fit at once."""
        by_registers = 65536 // (warps * math.ceil(registers * WARP / 256) * 256)
        by_shared = self.shared // max(shared + self.shared_reserved, 1)
        return min(self.groups, self.warps // warps, by_registers, by_shared)


def _rates(double: int, convert: int) -> dict[str, int]:
    return dict(zip(LIMITS, (128, 64, 64, double, convert, 16, 32, 4), strict=True))


ARCHITECTURES = {
    "sm_75": Architecture(_rates(2, 2), 32, 16, 64 << 10, 0),
    "sm_80": Architecture(_rates(32, 16), 64, 32, 164 << 10),
    "sm_89": Architecture(_rates(2, 2), 48, 24, 100 << 10),
    "sm_90": Architecture(_rates(64, 16), 64, 32, 228 << 10, 0),
}


@dataclass(frozen=True, slots=True)
class Card:
    """Multiprocessors, their boost clock, and the bandwidth of the memory, from data sheets."""

    name: str
    target: str
    multiprocessors: int
    ghz: float
    gb_per_s: float


CARDS = (
    Card("T4", "sm_75", 40, 1.59, 320),
    Card("RTX 2080 Ti", "sm_75", 68, 1.545, 616),
    Card("A100 SXM", "sm_80", 108, 1.41, 2039),  # of 80 GB
    Card("RTX 4090", "sm_89", 128, 2.52, 1008),
    Card("H100 SXM", "sm_90", 132, 1.755, 3350),
    Card("H200", "sm_90", 132, 1.755, 4800),
)

#: First letters of instructions -> the pipe that they need, and places in it.
_PIPES = (
    (r"IMAD\.(WIDE|HI)", "fma", 2),
    (r"IMAD|IMUL|IDP|FADD|FMUL|FFMA|HFMA2|HADD2", "fma", 1),
    (r"D(FMA|MUL|ADD|SETP|MNMX)", "double", 1),
    (r"(F2I|I2F|F2F)\.\S*F?64", "convert", 1),
    (r"F2I|I2F\b|I2F\.|MUFU|FLO|POPC|BREV", "special", 1),
    (r"U\w+|BRA|BSSY|BSYNC|EXIT|NOP|BAR|CALL|RET|WARPSYNC|S2|CS2|LDC|R2UR|DEPBAR", "issue", 0),
    (r"(LDS|STS)\S*\.128", "shared", 4),
    (r"(LDS|STS)\S*\.64", "shared", 2),
    (r"LDS|STS", "shared", 1),
    (r"LD|ST|ATOM|RED", "l1", 2 / WARP),  # lines that 32 samples in a row, or spilled values, touch
    (r".", "alu", 1),
)


def pipe_of(instruction: str) -> tuple[str, float]:
    """The pipe, and the places in it that one item takes; 0 where issuing it is all that counts."""
    return next((pipe, places) for start, pipe, places in _PIPES if re.match(start, instruction))
