"""Peak memory of either engine, each in a process of its own.

    python benchmarks/memory.py ENGINE PLANES.npy BIT_DEPTH THREADS

is that process: it prints the bytes by which it grew at its peak, counted from when planes and
libraries were loaded.
"""

from __future__ import annotations

import gc
import mmap
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from footage import Clip, load_planes, planes_file
from oracle.libvmaf import library
from plan import WHOLE, Case, SizePlan, masks
from streams import LIBVMAF, OURS, LibvmafStream, Watch, open_ours

from pyvmaf_tiny.engine.base import usable_cpus

#: Frames of the stream; libvmaf's queue of frames is full by then.
_FRAMES = 6


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes that an engine adds to a process at the most, beside the caller's frames."""

    width: int
    height: int
    bit_depth: int
    threads: int
    engine: str
    peak_bytes: int


def measure_memory(sizes: Iterable[SizePlan], watch: Watch) -> list[Memory]:
    """Peak memory of whole frames on the best tier, by one thread and by all."""
    found = []
    for size in sizes:
        for kind in size.formats():
            watch(f"{kind}: memory")
            with planes_file(kind, 2) as planes:
                for threads in sorted({1, usable_cpus()}):
                    for engine in OURS, LIBVMAF:
                        arguments = [engine, str(planes), str(kind.bit_depth), str(threads)]
                        peak = _run(arguments)
                        found.append(
                            Memory(kind.width, kind.height, kind.bit_depth, threads, engine, peak)
                        )
    return found


def _run(arguments: list[str]) -> int:
    command = [sys.executable, __file__, *arguments]
    return int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main() -> None:
    """Run the stream that the command line describes."""
    engine, planes, bit_depth, threads = sys.argv[1:]
    tier, mask = next(iter(masks().items()))
    case = Case(WHOLE, tier, mask, int(threads))
    clip = load_planes(planes, int(bit_depth))
    library()
    before = _start_of_growth()
    if engine == LIBVMAF:
        _libvmaf(clip, case)
    else:
        _ours(clip, case)
    # Tiny frames may fit into pages that were there already; a page is the least that counts.
    print(max(_peak() - before, mmap.PAGESIZE))


def _ours(clip: Clip, case: Case) -> None:
    engine = open_ours(clip.format, case)
    for index in range(_FRAMES):
        at = index % len(clip.ref)
        engine.push(clip.ref[at], (clip.dis[at],))
    engine.flush()
    engine.close()


def _libvmaf(clip: Clip, case: Case) -> None:
    stream = LibvmafStream(clip, case)
    for index in range(_FRAMES):
        at = index % len(clip.ref)
        stream.push(stream.pictures(clip.ref[at], clip.dis[at]))
    stream.flush()
    stream.close()


def _start_of_growth() -> int:
    """Set the peak back to what is resident now; ``ru_maxrss`` would start at the parent's."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    """Peak of this process's resident memory, in bytes."""
    match = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert match, "no VmHWM in /proc/self/status"
    return int(match[1]) * 1024


if __name__ == "__main__":
    main()
