"""Instructions per frame of either engine, counted by valgrind's callgrind.

    python benchmarks/instructions.py PLANES.npy BIT_DEPTH

is the process that callgrind watches. It pushes frames through every case in turn. Around the last
push of each it calls ``pvt_version``, and callgrind writes what it has counted whenever that
function ends: every second file has the instructions of one push, and the few ten thousand of the
Python call around it. libvmaf's own functions cannot be the mark: valgrind does not find symbols
in the library of the wheel.
"""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from footage import load_planes, planes_file
from oracle.libvmaf import SCALAR
from plan import Case, Format
from streams import LIBVMAF, OURS, LibvmafStream, Watch, open_ours

from pyvmaf_tiny.cli.measure import PARTS
from pyvmaf_tiny.engine.native.stream import lib

#: Tiers that valgrind knows the instructions of, with the mask for it: it has no AVX-512.
_TIERS = {"avx2": 0, "scalar": SCALAR}

_CASES = [
    Case(part, tier, mask, 1) for part, (tier, mask) in itertools.product(PARTS, _TIERS.items())
]

#: Pushed in each case; the last one is counted, when everything is set up.
_FRAMES = 3

#: The function that tells callgrind to write; it does nothing else.
_MARK = "pvt_version"


@dataclass(frozen=True, slots=True)
class Instructions:
    """Instructions that an engine executes for one frame."""

    width: int
    height: int
    bit_depth: int
    part: str
    tier: str
    engine: str
    per_frame: int


def count_instructions(sizes: Iterable[tuple[int, int]], watch: Watch) -> list[Instructions]:
    """Instructions of either engine (ours first), part by part; AVX2 and scalar."""
    found = []
    for (width, height), bit_depth in itertools.product(sizes, (8, 10)):
        kind = Format(width, height, bit_depth)
        watch(f"{kind}: instructions")
        counts = iter(_counts(kind))
        for case in _CASES:
            for engine in OURS, LIBVMAF:
                found.append(
                    Instructions(
                        width, height, bit_depth, case.part, case.tier, engine, next(counts)
                    )
                )
    return found


def valgrind_program() -> str:
    """valgrind, which has to be installed."""
    program = shutil.which("valgrind")
    if program is None:
        raise SystemExit(
            "counting instructions needs valgrind: `apt-get install valgrind`, or choose other "
            "tables with --only"
        )
    return program


def _counts(kind: Format) -> list[int]:
    """What callgrind counted in the last frame of each case, ours and libvmaf's in turn."""
    with planes_file(kind, _FRAMES) as planes, tempfile.TemporaryDirectory() as folder:
        command = [valgrind_program(), "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        command += [f"--dump-after={_MARK}", sys.executable, __file__]
        command += [str(planes), str(kind.bit_depth)]
        finished = subprocess.run(command, check=False, capture_output=True, text=True)
        if finished.returncode != 0:
            raise RuntimeError(finished.stderr)
        dumps = [path for path in Path(folder).iterdir() if path.suffix]
        dumps.sort(key=lambda path: int(path.suffix[1:]))
        totals = [total for path in dumps if (total := _total(path))]
    wanted = 2 * 2 * len(_CASES)  # either engine, before and after
    if len(totals) < wanted:
        raise RuntimeError(f"callgrind did not see {_MARK}: is the module stripped?")
    return totals[-wanted:][1::2]  # importing the package calls the mark, too


def _total(dump: Path) -> int | None:
    """The count in a file that the mark made; None for the one of the program's end."""
    text = dump.read_text()
    if f"--dump-after={_MARK}" not in text:
        return None
    match = re.search(r"^totals: (\d+)", text, re.MULTILINE)
    assert match, f"{dump.name} has no total"
    return int(match[1])


def main() -> None:
    """Push frames through every case, for callgrind to watch."""
    planes, bit_depth = sys.argv[1:]
    clip = load_planes(planes, int(bit_depth))
    for case in _CASES:
        engine, stream = open_ours(clip.format, case), LibvmafStream(clip, case)
        pairs = list(zip(clip.ref, clip.dis, strict=True))
        pictures = [stream.pictures(*pair) for pair in pairs]
        for ref, dis in pairs[:-1]:
            engine.push(ref, (dis,))
        ref, dis = pairs[-1]
        lib.pvt_version()
        engine.push(ref, (dis,))
        lib.pvt_version()
        for both in pictures[:-1]:
            stream.push(both)
        lib.pvt_version()
        stream.push(pictures[-1])
        lib.pvt_version()
        engine.close()
        stream.close()


if __name__ == "__main__":
    main()
