"""Measures the native engine against libvmaf and writes tables and a plot.

    python benchmarks/run.py [--quick] [--output DIR] [--publish]

Needs what `make test` sets up, and imageio-ffmpeg for whole processes; `make bench` installs that,
too. See README.md in this folder.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

from instructions import count_instructions, valgrind_program  # noqa: E402
from machine import facts, load  # noqa: E402
from memory import measure_memory  # noqa: E402
from overhead import measure_overhead  # noqa: E402
from plan import FULL, QUICK, Plan, with_sizes  # noqa: E402
from plot import write_plot  # noqa: E402
from processes import ffmpeg_program, measure_processes  # noqa: E402
from publish import publish  # noqa: E402
from renditions import measure_renditions  # noqa: E402
from report import Results, markdown, write_csv  # noqa: E402
from scaling import measure_scaling  # noqa: E402
from timings import measure_timings  # noqa: E402

from pyvmaf_tiny.cli.bench import size_of  # noqa: E402

TABLES = (*("timings", "renditions", "threads", "memory", "processes", "overhead", "instructions"),)


def main() -> None:
    """Measure what the command line asks for."""
    arguments = _parser().parse_args()
    chosen = arguments.only
    if "processes" in chosen:
        ffmpeg_program()  # complains now, not after minutes
    if "instructions" in chosen:
        valgrind_program()
    plan = QUICK if arguments.quick else FULL
    if arguments.size:
        plan = with_sizes(plan, arguments.size)
    folder: Path = arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    results, before, start = Results(facts()), load(), time.monotonic()
    for table in TABLES:
        if table in chosen:
            _measure(table, plan, results)
            minutes = (time.monotonic() - start) / 60
            results.facts["load average"] = f"{before} before, {load()} after {minutes:.1f} minutes"
            _write(results, folder)  # what is measured stays, whatever becomes of the rest
    print(folder / "report.md")
    if arguments.publish:
        publish(results, folder)


def _measure(table: str, plan: Plan, results: Results) -> None:
    if table == "timings":
        results.timings = measure_timings(plan.sizes, _watch)
    elif table == "renditions":
        results.renditions = measure_renditions(plan.sizes, _watch)
    elif table == "threads":
        results.scaling = measure_scaling(plan.sizes, _watch)
    elif table == "memory":
        results.memory = measure_memory(plan.sizes, _watch)
    elif table == "processes":
        results.processes = measure_processes(plan.sizes, plan.process_rounds, _watch)
    elif table == "overhead":
        results.overhead = measure_overhead(plan.push_batches, plan.imports, _watch)
    else:
        results.instructions = count_instructions(plan.counted_sizes, _watch)


def _write(results: Results, folder: Path) -> None:
    write_csv(results, folder)
    (folder / "report.md").write_text("# Benchmark\n\n" + markdown(results))
    if results.timings.ratios:
        caption = f"{results.facts['CPU']}, {results.facts['commit']}, CPU time, one thread"
        write_plot(results.timings, results.renditions, caption, folder / "benchmark.png")


def _watch(doing: str) -> None:
    print(f"{time.strftime('%X')} {doing}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure the native engine against libvmaf.")
    parser.add_argument("--quick", action="store_true", help="fewer sizes, a minute or two")
    parser.add_argument(
        "--only",
        type=_tables,
        default=list(TABLES),
        metavar="TABLES",
        help=f"some of {','.join(TABLES)} (default: all)",
    )
    parser.add_argument(
        "--size",
        type=size_of,
        action="append",
        metavar="WxH",
        help="measure this size instead; may be given several times",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=CHECKOUT / "runs" / "benchmarks",
        metavar="DIR",
        help="folder for CSV files, report.md and benchmark.png (default: %(default)s)",
    )
    parser.add_argument(
        "--publish", action="store_true", help="also put report and plot into docs/performance.md"
    )
    return parser


def _tables(text: str) -> list[str]:
    chosen = text.split(",")
    unknown = [name for name in chosen if name not in TABLES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(TABLES)}")
    return chosen


if __name__ == "__main__":
    main()
