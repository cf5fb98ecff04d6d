"""``pyvmaf-tiny features``: the six features of every frame, without a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pyvmaf_tiny.report import FORMATS

from .delivery import score_and_deliver
from .options import (
    engine_options,
    frame_options,
    quiet_option,
    rendition_options,
    scoring_arguments,
)
from .output import check_output, is_stdout, write_results

if TYPE_CHECKING:
    from pyvmaf_tiny.renditions import ScoreResults


@click.command(short_help="Print the six features of every frame.")
@rendition_options
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="-",
    help=f"FILE with a suffix of {', '.join(FORMATS)}.  [default: CSV on stdout]",
)
@frame_options
@engine_options
@quiet_option
def features(ref: str, dis: tuple[str, ...], output: str, quiet: bool, **options: Any) -> None:
    """Print the six features of every frame: adm2, vif_scale0 to 3, motion2.

    The columns and their names are those of libvmaf's logs; every digit is printed. Of several
    renditions the first column is the name.
    """
    suffix = "csv" if is_stdout(output) else Path(output).suffix.lower().lstrip(".")
    check_output(output, suffix, (ref, *dis), several=len(dis) > 1)

    def deliver(results: ScoreResults) -> None:
        write_results(results, output, suffix)

    score_and_deliver(ref, dis, deliver, quiet=quiet, model=False, **scoring_arguments(options))
