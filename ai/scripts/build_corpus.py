"""Fetch the reference footage, encode and distort it, and write feature rows with teacher scores.

python ai/scripts/build_corpus.py --out runs/full_features_packages.parquet

Finished clips are kept in $VMAF_TINY_AI_CACHE (default ~/.cache/vmaf-tiny-ai): run it again to go
on. The table is written with what could be made; the exit status is 1 when something is missing.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.build import Build
from pyvmaf_tiny_ai.cache import ClipCache
from pyvmaf_tiny_ai.corpus import load_teacher, to_table
from pyvmaf_tiny_ai.distort import DISTORTIONS
from pyvmaf_tiny_ai.executors import SchedulerError, open_executor
from pyvmaf_tiny_ai.manifest import TIERS, Manifest, ManifestError, load_manifest
from pyvmaf_tiny_ai.packages import PackageUnavailableError
from pyvmaf_tiny_ai.table import write_table

CONSOLE = Console(stderr=True)


def main() -> int:
    """Build the corpus; see the module's text for the exit status."""
    arguments = parse()
    try:
        manifest = chosen(load_manifest(arguments.manifest, arguments.tier), arguments)
        teacher = load_teacher(manifest, arguments.packages)
    except (ManifestError, PackageUnavailableError) as error:
        CONSOLE.print(f"[bold red]ERROR:[/] {error}", soft_wrap=True)
        return 1
    build = Build(
        manifest,
        arguments.packages,
        ClipCache(arguments.cache),
        teacher,
        tuple(arguments.distortions or DISTORTIONS),
    )
    build.resume()
    for text in build.broken:
        CONSOLE.print(f"[bold yellow]WARNING:[/] made again, broken: {text}", soft_wrap=True)
    resumed = len(build.done)
    if resumed < build.total:
        try:
            fill(build, arguments.jobs, arguments.scheduler)
        except SchedulerError as error:
            CONSOLE.print(f"[bold red]ERROR:[/] {error}", soft_wrap=True)
            return 1
        except KeyboardInterrupt:
            CONSOLE.print(f"stopped; {len(build.done)} of {build.total} are in the cache")
            return 130
    for text in build.missing:
        CONSOLE.print(f"[bold yellow]WARNING:[/] {text}", soft_wrap=True)
    if not build.done:
        CONSOLE.print("[bold red]ERROR:[/] not one clip could be made")
        return 1
    reserved = frozenset(clip.source for clip in manifest.clips if clip.reserved)
    table = to_table(build.envelopes, arguments.corpus, build.teacher, reserved)
    write_table(table, arguments.out)
    held = table["reserved"]
    print(
        f"{arguments.out}: {len(table)} rows of {len(build.done)} distorted clips "
        f"({resumed} from the cache), {table['source'].nunique()} sources; of these reserved: "
        f"{held.sum()} rows, {table.loc[held, 'source'].nunique()} sources"
    )
    return 1 if build.missing and not arguments.allow_missing else 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, help="the table to write, .parquet")
    add("--manifest", type=Path, default=Path(__file__).parents[1] / "corpus.toml")
    add("--tier", choices=list(TIERS), default="small", help="how much of the manifest")
    add("--corpus", default="packages", help="what the column corpus says (packages)")
    add("--packages", type=Path, default=Path("runs/cache/packages"), help="fetched archives")
    add("--cache", type=Path, help="finished clips, instead of $VMAF_TINY_AI_CACHE")
    add("--jobs", type=int, default=os.cpu_count(), help="processes on this machine")
    add("--scheduler", metavar="ADDRESS", help="a Dask scheduler, instead of processes here")
    add("--allow-missing", action="store_true", help="exit 0 also when something is left out")
    add("--source", nargs="+", metavar="NAME", help="these sources only")
    add("--distortions", nargs="+", metavar="NAME", choices=list(DISTORTIONS), help="these only")
    add("--frames", type=int, help="per clip, instead of the manifest's number")
    return parser.parse_args()


def chosen(manifest: Manifest, arguments: argparse.Namespace) -> Manifest:
    """The part of the manifest that was asked for; ManifestError when there is no such source."""
    if arguments.source is not None:
        known = {clip.source for clip in manifest.clips}
        unknown = sorted(set(arguments.source) - known)
        if unknown:
            raise ManifestError(
                f"no source {', '.join(unknown)} in this tier; it has {', '.join(sorted(known))}"
            )
        clips = tuple(clip for clip in manifest.clips if clip.source in arguments.source)
        manifest = replace(manifest, clips=clips)
    if arguments.frames is not None:
        if arguments.frames < 1:
            raise ManifestError(f"--frames {arguments.frames}, expected at least 1")
        manifest = replace(manifest, frames=arguments.frames)
    return manifest


def fill(build: Build, jobs: int, scheduler: str | None) -> None:
    """Make what is missing, with a progress bar."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=CONSOLE) as progress:
        bar = progress.add_task("distorted clips", total=build.total, completed=len(build.done))
        with open_executor(jobs, scheduler) as executor:
            build.run(executor, lambda: progress.update(bar, completed=len(build.done)))


if __name__ == "__main__":
    sys.exit(main())
