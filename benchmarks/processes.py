"""Speed of whole processes: ``ffmpeg -lavfi libvmaf`` and ``pyvmaf-tiny score`` on raw files.

Both read the same 4:2:0 files from memory (tmpfs), score them with their default model and write
a JSON log. What is timed is the process from its start to its end: loading the interpreter, the
libraries and the model is in it for either, so a longer clip would favour the slower starter. Ours
runs from an installed copy of the package. Of several renditions the same file stands for each: one
process of ours takes all of them, ffmpeg is started once for each.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from footage import PIXEL_FORMATS, make_clip, write_raw
from installed import environment_of, installed_copy
from plan import Format, SizePlan
from streams import OURS, Watch
from timings import quartiles

from pyvmaf_tiny.engine.base import usable_cpus
from pyvmaf_tiny.frames import FEATURES

FFMPEG = "ffmpeg libvmaf"

#: Files in memory, so that no disk takes part.
_MEMORY = Path("/dev/shm")

#: Distorted versions of one reference, where there are several.
_RENDITIONS = 6

#: The scene is drawn this long and repeated.
_DRAWN_FRAMES = 6


@dataclass(frozen=True, slots=True)
class ProcessTiming:
    """One program on a reference and so many distorted files, start-up included.

    Milliseconds are per frame of one of them.
    """

    width: int
    height: int
    bit_depth: int
    renditions: int
    threads: int
    program: str
    rounds: int
    frames: int
    cpu_ms: float
    wall_ms: float
    wall_ms_q1: float
    wall_ms_q3: float


def measure_processes(sizes: Iterable[SizePlan], rounds: int, watch: Watch) -> list[ProcessTiming]:
    """Time both programs on every size and depth, by one thread and by all, in turns.

    AssertionError when their logs disagree.
    """
    found = []
    with installed_copy() as copy:
        for size in sizes:
            for kind in size.formats():
                if kind.bit_depth in size.file_depths:
                    found += _measure(kind, size, rounds, environment_of(copy), watch)
    return found


def _measure(
    kind: Format, size: SizePlan, rounds: int, environment: dict[str, str], watch: Watch
) -> list[ProcessTiming]:
    watch(f"{kind}: files for whole processes")
    clip = make_clip(kind, _DRAWN_FRAMES)
    all_threads = sorted({1, usable_cpus()})
    runs = [(1, threads) for threads in all_threads]
    if size.file_ladder and kind == size.formats()[0]:
        runs += [(_RENDITIONS, all_threads[-1])]
    found = []
    with tempfile.TemporaryDirectory(dir=_MEMORY, prefix="pyvmaf-tiny-") as folder:
        files = write_raw(clip, Path(folder), size.file_frames)
        for renditions, threads in runs:
            watch(f"{kind}: whole processes, {renditions} renditions, {threads} threads")
            case = _Case(kind, renditions, threads, size.file_frames)
            ffmpeg = _ffmpeg_command(ffmpeg_program(), kind, *files, threads)
            commands = {
                OURS: [our_command(kind, *files, threads, renditions)],
                FFMPEG: [ffmpeg] * renditions,
            }
            found += _in_turns(commands, environment, case, rounds)
            _compare_logs(log_of(OURS, files[0]), log_of(FFMPEG, files[0]), size.file_frames)
    return found


@dataclass(frozen=True, slots=True)
class _Case:
    kind: Format
    renditions: int
    threads: int
    frames: int


def ffmpeg_program() -> str:
    """The static build that imageio-ffmpeg carries."""
    try:
        import imageio_ffmpeg
    except ModuleNotFoundError:
        raise SystemExit(
            "whole processes are compared with the ffmpeg of the package imageio-ffmpeg: "
            "`python -m pip install imageio-ffmpeg`, or choose other tables with --only"
        ) from None
    program: str = imageio_ffmpeg.get_ffmpeg_exe()
    return program


def our_command(kind: Format, ref: Path, dis: Path, threads: int, renditions: int = 1) -> list[str]:
    """What is timed of ours."""
    return [
        *(sys.executable, "-m", "pyvmaf_tiny", "score", "--quiet", "--json"),
        *("-r", str(ref), *(["-d", str(dis)] * renditions)),
        *("-w", str(kind.width), "-h", str(kind.height)),
        *("-b", str(kind.bit_depth), "--threads", str(threads)),
        *("-o", str(log_of(OURS, ref))),
    ]


def _ffmpeg_command(program: str, kind: Format, ref: Path, dis: Path, threads: int) -> list[str]:
    raw = ["-f", "rawvideo", "-pix_fmt", PIXEL_FORMATS[kind.bit_depth]]
    raw += ["-s", f"{kind.width}x{kind.height}"]
    # 0: libvmaf works in the thread of ffmpeg's filter
    count = 0 if threads == 1 else threads
    graph = f"libvmaf=n_threads={count}:log_fmt=json:log_path={log_of(FFMPEG, ref)}"
    return [
        *(program, "-v", "error", "-nostdin"),
        *(*raw, "-i", str(dis), *raw, "-i", str(ref), "-lavfi", graph, "-f", "null", "-"),
    ]


def log_of(program: str, ref: Path) -> Path:
    """Where a program writes its log."""
    return ref.with_name(program.split()[0] + ".json")


def _in_turns(
    commands: dict[str, list[list[str]]], environment: dict[str, str], case: _Case, rounds: int
) -> list[ProcessTiming]:
    wall: dict[str, list[float]] = {program: [] for program in commands}
    cpu: dict[str, list[float]] = {program: [] for program in commands}
    frames = case.frames * case.renditions
    for _ in range(rounds):
        for program, runs in commands.items():
            seconds = np.sum([_run(command, environment) for command in runs], axis=0)
            wall[program].append(1000 * float(seconds[0]) / frames)
            cpu[program].append(1000 * float(seconds[1]) / frames)
    return [
        ProcessTiming(
            width=case.kind.width,
            height=case.kind.height,
            bit_depth=case.kind.bit_depth,
            renditions=case.renditions,
            threads=case.threads,
            program=program,
            rounds=rounds,
            frames=case.frames,
            cpu_ms=quartiles(cpu[program])[1],
            wall_ms=quartiles(wall[program])[1],
            wall_ms_q1=quartiles(wall[program])[0],
            wall_ms_q3=quartiles(wall[program])[2],
        )
        for program in commands
    ]


def _run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command, CPU of all its threads."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        command,
        check=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _compare_logs(ours: Path, theirs: Path, frames: int) -> None:
    """Same frames, same features, as far as libvmaf's six decimals and its faster kernels go."""
    rows = []
    for path in ours, theirs:
        content = json.loads(path.read_text())
        log = content.get("renditions", [content])[-1]["frames"]
        assert len(log) == frames, f"{path.name}: {len(log)} frames, expected {frames}"
        rows.append([[frame["metrics"][f"integer_{name}"] for name in FEATURES] for frame in log])
    np.testing.assert_allclose(rows[0], rows[1], rtol=0, atol=2e-6)
