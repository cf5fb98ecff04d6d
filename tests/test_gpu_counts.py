"""``benchmarks/gpu_counts.py``: every kernel is counted, and the figures hang together."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.append(str(BENCHMARKS))

from gpu_cards import ARCHITECTURES, LIMITS, pipe_of  # noqa: E402
from gpu_counts import main, weights, work  # noqa: E402
from gpu_cubin import Kernel, Line, kernels_of  # noqa: E402

LEVELS = [f"{feature}_{level}" for feature in ("vif", "adm") for level in range(4)]
DIVIDES = {"adm_1", "adm_2", "adm_3"}


def table(text: str) -> list[list[str]]:
    """The cells of a table in Markdown, without its head."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def test_the_tables(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu_counts.py", "--size", "1920x1080"])
    main()
    _, kernels, cards = capsys.readouterr().out.strip().split("\n\n")
    rows = {row[0]: row[1:] for row in table(kernels)}
    places = {
        name: dict(zip(LIMITS, map(float, row[: len(LIMITS)]), strict=True))
        for name, row in rows.items()
    }
    assert set(rows) == {"motion", *LEVELS}
    rates = ARCHITECTURES["sm_90"].rates
    for name, each in places.items():
        arithmetic = each["alu"] + each["fma"] / 2 + each["double"] + each["convert"]
        assert arithmetic < each["issue"], name  # of two places at most
        assert (each["double"] == 0) == (name == "motion")
        busiest = max(LIMITS, key=lambda limit: each[limit] / rates[limit])
        assert rows[name][-1] == busiest or name.endswith("_3")  # whose figures are short
    # From level to level there are a quarter of the pixels, and shorter filters.
    for fine, coarse in itertools.pairwise(LEVELS):
        if fine[:3] == coarse[:3]:
            assert places[coarse]["issue"] < places[fine]["issue"] / 2
    launches = 11 * 2 / 8
    total = sum(float(row[-2]) for row in rows.values()) + launches
    found = {name: list(map(float, row)) for name, *row in table(cards)}
    assert found["H100 SXM"][0] == pytest.approx(total, abs=0.1)
    assert found["H100 SXM"][:3] == found["H200"][:3]
    for name, (microseconds, rate, further, by_memory) in found.items():
        assert rate == pytest.approx(1e6 / microseconds, rel=0.01)
        assert 0.3 < further / microseconds < 0.95, name
        assert by_memory > rate  # memory is no limit anywhere


@pytest.mark.parametrize("bit_depth", [8, 10])
@pytest.mark.parametrize("target", ["sm_75", "sm_90"])
def test_nothing_is_overlooked(target: str, bit_depth: int) -> None:
    """Loops, divisions and registers are found, in the oldest code and the newest."""
    for name, kernel in kernels_of(target, bit_depth).items():
        if name not in {"motion", *LEVELS}:
            continue
        one, two = (work(name, kernel, renditions) for renditions in (1, 2))
        assert (one["issue"] < two["issue"] < 2 * one["issue"]) == (name != "motion")
        assert 16 <= kernel.registers <= 85  # three groups of 256
        assert ARCHITECTURES[target].resident(kernel.registers, 1024, 8) >= 3
        assert 16 << 10 < kernel.shared <= 48 << 10
        lines = zip(kernel.lines, weights(name, kernel, 1), strict=True)
        divisions = [weight for line, weight in lines if line.text.startswith("I2F.U32.RP")]
        expected = {"adm_0": [0.0] * 12}.get(name, [1.0] * 12 if name in DIVIDES else [])
        assert divisions == expected


def test_the_depth_decides_about_the_wide_way() -> None:
    short, narrow, wide = (
        work("vif_0", kernels_of("sm_90", depth)["vif_0"], 1)["fma"] for depth in (8, 10, 16)
    )
    assert short < 0.9 * narrow < narrow < 0.9 * wide


def lines(text: str) -> Kernel:
    """A kernel of these lines; a predicate comes first, in brackets."""
    parsed = (line.strip().rpartition("] ") for line in text.strip().splitlines())
    return Kernel([Line(instruction, head.lstrip("[")) for head, _, instruction in parsed])


def test_loops_and_partial_warps() -> None:
    kernel = lines(
        """
        S2R R7, SR_TID.X
        ISETP.GT.AND P0, PT, R7, 0x3f, PT
        [P0] BRA `(.L_x_1)
        IADD3 R1, R2, R3, RZ
        .L_x_1:
        ISETP.GE.AND P0, PT, R9, 0x3f, PT
        [P0] BRA `(.L_x_2)
        IMAD R1, R2, R3, RZ
        .L_x_2:
        LDS R1, [R2]
        LDS.128 R4, [R2]
        IMAD.WIDE R4, R2, R3, RZ
        BRA `(.L_x_2)
        BAR.SYNC.DEFER_BLOCKING 0x0
        EXIT
        MOV R1, R2
        """
    )
    found = weights("vif_0", kernel, 3)
    assert found[3] == 2 / 8  # items up to 63: two warps of eight
    assert found[7] == 1  # a condition on data
    assert found[9:12] == [15 / 8] * 3  # 480 groups of four pixels: 15 trips of 32
    assert found[-1] == 0  # behind the end


@pytest.mark.parametrize(
    ("instruction", "pipe", "places"),
    [
        ("IMAD R1, R2, R3, R4", "fma", 1),
        ("IMAD.WIDE.U32 R2, R4, 0x1, R6", "fma", 2),
        ("IDP.2A.LO.U16.U8 R1, R2, R3, RZ", "fma", 1),
        ("IADD3 R1, R2, R3, RZ", "alu", 1),
        ("I2FP.F32.S32 R1, R2", "alu", 1),
        ("FLO.U32 R1, R2", "special", 1),
        ("I2F.F64 R2, R4", "convert", 1),
        ("F2I.F64.TRUNC R1, R2", "convert", 1),
        ("DFMA R2, R4, R6, R8", "double", 1),
        ("LDS.128 R4, [R2]", "shared", 4),
        ("STS [R2], R4", "shared", 1),
        ("LDG.E.U8 R1, desc[UR4][R2.64]", "l1", 1 / 16),
        ("LDC.64 R2, c[0x0][0x210]", "issue", 0),
        ("UIADD3 UR4, UR5, 0x1, URZ", "issue", 0),
    ],
)
def test_pipes(instruction: str, pipe: str, places: float) -> None:
    assert pipe_of(instruction) == (pipe, places)


def test_what_fits_at_once() -> None:
    """By registers, by shared memory, by warps, by groups."""
    turing, hopper = ARCHITECTURES["sm_75"], ARCHITECTURES["sm_90"]
    assert turing.resident(80, 45600, 8) == 1
    assert hopper.resident(80, 46624, 8) == 3
    assert hopper.resident(32, 46624, 8) == 5
    assert hopper.resident(16, 0, 8) == 8
    assert hopper.resident(16, 0, 1) == 32
