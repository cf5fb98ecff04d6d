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
    pair_options,
    quiet_option,
    scoring_arguments,
)
from .output import check_output, is_stdout, write_result

if TYPE_CHECKING:
    from pyvmaf_tiny.results import ScoreResult


@click.command(short_help="Print the six features of every frame.")
@pair_options(required=True)
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
def features(ref: str, dis: str, output: str, quiet: bool, **options: Any) -> None:
    """Print the six features of every frame: adm2, vif_scale0 to 3, motion2.

    The columns and their names are those of libvmaf's logs; every digit is printed.
    """
    suffix = "csv" if is_stdout(output) else Path(output).suffix.lower().lstrip(".")
    check_output(output, suffix, (ref, dis))

    def deliver(result: ScoreResult) -> None:
        write_result(result, output, suffix)

    score_and_deliver(ref, dis, deliver, quiet=quiet, model=False, **scoring_arguments(options))
