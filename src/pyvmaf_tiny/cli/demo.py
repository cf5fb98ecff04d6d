"""``pyvmaf-tiny demo``: x264 at several CRFs, scored while it encodes, drawn at the end."""

from __future__ import annotations

import csv
import importlib.util
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pyvmaf_tiny.errors import OptionError

from .exits import say
from .options import quiet_option
from .output import check_place
from .values import unsigned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyvmaf_tiny.demo.run import Outcome
    from pyvmaf_tiny.demo.scene import Scene

_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower")


def crf_list(value: str) -> list[int]:
    """Comma-separated CRF values, each once, in rising order."""
    parts = value.split(",")
    crfs = sorted({int(part) for part in parts}) if all(map(str.isdecimal, parts)) else []
    if not crfs or crfs[0] < 1 or crfs[-1] > 51:
        raise click.BadParameter(f"{value!r} is not a list of CRFs from 1 to 51, such as 18,28.")
    return crfs


@click.command(short_help="Encode a moving scene, score it meanwhile, draw it.")
@click.option(
    "--input",
    "video",
    metavar="VIDEO",
    type=click.Path(path_type=Path),
    help="Your own clip instead of the demo's footage.",
)
@click.option(
    "--crf",
    "crfs",
    type=crf_list,
    default="18,24,30,36,42",
    show_default=True,
    metavar="LIST",
    help="x264 quality levels.",
)
@click.option(
    "--preset",
    type=click.Choice(_PRESETS),
    default="medium",
    show_default=True,
    help="x264 speed preset.",
)
@click.option(
    "--frames",
    type=unsigned,
    default="250",
    show_default=True,
    metavar="N",
    help="Use at most N frames; 0 means all.",
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="demo-output",
    show_default=True,
    help="Folder for what is left behind.",
)
@quiet_option
def demo(
    video: Path | None,
    crfs: list[int],
    preset: str,
    frames: int,
    folder: Path,
    quiet: bool,
) -> None:
    """Encode a moving scene at several CRFs and score it while it is encoded.

    Leaves a table, a plot of score over frames (PNG, and an HTML page that needs nothing else)
    and one log and one encode per CRF.
    """
    from pyvmaf_tiny.demo.run import encode_and_score

    from .demo_display import live_display

    scene = _scene(video, frames or None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError("cannot make the output folder", given=folder) from error
    if video is not None:
        for crf in crfs:
            check_place(folder / f"crf-{crf}.h264", [str(video)])
    click.echo(
        f"{scene.name}, {scene.width}x{scene.height}, {float(scene.rate):g} fps: "
        f"x264 at CRF {', '.join(map(str, crfs))}, each frame scored as it is decoded"
    )
    start = time.perf_counter()
    with live_display(scene, quiet) as watch:
        outcome = encode_and_score(scene, crfs, folder, preset=preset, watch=watch)
    seconds = time.perf_counter() - start
    _print_table(outcome, scene, seconds)
    click.echo("Left behind:")
    for name, what in _leave(outcome, scene, folder, preset):
        click.echo(f"  {folder / name!s:<{len(str(folder)) + 14}} {what}")
    if outcome.cut_short is not None:
        say("note: incomplete, the scene was cut short")
        raise outcome.cut_short


def _scene(video: Path | None, frames: int | None) -> Scene:
    from pyvmaf_tiny.demo.scene import draw_scene, installed_footage, open_scene

    path = video or installed_footage()
    if path is not None:
        return open_scene(path, frames)
    say(
        "note: the demo's footage is not installed, so a drawn scene takes its place "
        '(pip install "pyvmaf-tiny[demo]", or --input VIDEO)'
    )
    return draw_scene(frames)


def _rows(outcome: Outcome) -> list[tuple[str, ...]]:
    rows = []
    for curve in outcome.curves:
        result = curve.result
        figures = (result.mean, result.harmonic_mean, result.percentile(5), result.min)
        rows.append(
            (
                curve.label.removeprefix("CRF "),
                f"{curve.bitrate:.0f}",
                *(f"{figure:.2f}" for figure in figures),
            )
        )
    return rows


_COLUMNS = ("CRF", "kbit/s", "mean", "harmonic mean", "5th percentile", "min")


def _print_table(outcome: Outcome, scene: Scene, seconds: float) -> None:
    from .tables import print_table

    print_table(_COLUMNS, _rows(outcome), right=_COLUMNS)
    frames = sum(len(curve.result) for curve in outcome.curves)
    click.echo(
        f"{frames} frames encoded, decoded and scored in {seconds:.1f} s "
        f"({frames / seconds:.0f} frames/s)."
    )
    # The highest CRF suffers most.
    worst = outcome.curves[-1].result
    at = int(worst.indices[worst.scores.argmin()])
    scores = ", ".join(f"{curve.result.scores[at]:.1f}" for curve in outcome.curves)
    click.echo(f"Hardest moment: frame {at} ({float(at / scene.rate):.1f} s) scores {scores}.")


def _leave(outcome: Outcome, scene: Scene, folder: Path, preset: str) -> Iterator[tuple[str, str]]:
    """Write the pictures, the table and the logs; yields each name and what is there."""
    from pyvmaf_tiny.report import save_plot

    title = f"{scene.name}: x264 {preset}, score over frames"
    pictures = {"scores.html": "score over frames per CRF, for a browser"}
    if importlib.util.find_spec("matplotlib") is None:
        say('note: no PNG without matplotlib (pip install "pyvmaf-tiny[plot]")')
    else:
        pictures["scores.png"] = "the same as a picture"
    for name, what in pictures.items():
        save_plot(outcome.curves, folder / name, title=title, thumbnails=outcome.thumbnails)
        yield name, what
    with (folder / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([_COLUMNS, *_rows(outcome)])
    yield "table.csv", "the table above"
    for curve in outcome.curves:
        curve.result.save(folder / f"{curve.label.lower().replace(' ', '-')}.json")
    yield "crf-*.json", "a log per CRF, as libvmaf writes it"
    yield "crf-*.h264", "the encodes"
