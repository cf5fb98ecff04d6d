"""``pyvmaf-tiny score``: one clip against its reference, with the flags of libvmaf's ``vmaf``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .delivery import score_and_deliver
from .exits import say
from .options import (
    engine_options,
    frame_options,
    pair_options,
    quiet_option,
    scoring_arguments,
    version_option,
)
from .output import check_output, check_plot, is_stdout, write_plot, write_result
from .pool import pool_method, pooled_score
from .vmaf_flags import libvmaf_options, parse_model

if TYPE_CHECKING:
    from pyvmaf_tiny.results import ScoreResult
    from pyvmaf_tiny.scorer import ModelSpec

#: What ``vmaf`` writes when -o comes without a format.
_DEFAULT_FORMAT = "xml"


@click.command(short_help="Score a video against its reference.")
@pair_options(required=True)
@click.option(
    "-m",
    "--model",
    "vmaf_model",
    multiple=True,
    callback=parse_model,
    metavar="SPEC",
    help="Model as vmaf spells it: version=ID or path=FILE.onnx.",
)
@click.option("--tiny-model", metavar="ID|FILE", help="Model id (see: models list) or .onnx file.")
@click.option(
    "--tiny-device",
    type=click.Choice(["auto", "cpu", "cuda", "openvino", "rocm"]),
    default="cpu",
    show_default=True,
    help="Where the model runs.",
)
@click.option("-n", "--no_prediction", is_flag=True, help="Features only, no model.")
@click.option("-o", "--output", metavar="FILE", help="Write the log there; - is stdout.")
@click.option("--xml", "log_format", flag_value="xml", help="Log as XML (default).")
@click.option("--json", "log_format", flag_value="json", help="Log as JSON.")
@click.option("--csv", "log_format", flag_value="csv", help="Log as CSV.")
@click.option("--parquet", "log_format", flag_value="parquet", help="Log as Parquet.")
@click.option("--plot", metavar="FILE", help="Plot score over frames: FILE.png or FILE.html.")
@click.option(
    "--pool",
    type=pool_method,
    metavar="METHOD",
    default="mean",
    show_default=True,
    help="Figure to print: mean, harmonic_mean, median, min, max, or p0 to p100.",
)
@frame_options
@engine_options
@quiet_option
@version_option("-v", "--version")
@libvmaf_options
def score(
    ref: str,
    dis: str,
    vmaf_model: str | None,
    tiny_model: str | None,
    tiny_device: str,
    no_prediction: bool,
    output: str | None,
    log_format: str | None,
    plot: str | None,
    pool: str,
    quiet: bool,
    **options: Any,
) -> None:
    """Score a distorted video against its reference.

    Takes the flags of libvmaf's vmaf tool. Prints "MODEL: SCORE" on stdout; a format flag
    without -o prints the log there instead. Everything else goes to stderr.
    """
    model = _model(vmaf_model, tiny_model, no_prediction)
    if output is None and log_format is not None:
        output = "-"
    log_format = log_format or _DEFAULT_FORMAT
    if output is not None:
        check_output(output, log_format)
        _note_suffix(output, log_format)
    if plot is not None:
        check_plot(plot)

    def deliver(result: ScoreResult) -> None:
        if tiny_device == "auto" and result.has_score and not quiet:
            say(f"the model runs on {result.info.provider}")
        if output is not None:
            write_result(result, output, log_format)
        if plot is not None:
            write_plot(result, plot, label=Path(dis).name)
        if result.has_score and (output is None or not is_stdout(output)):
            click.echo(f"{result.info.model_id}: {pooled_score(result, pool):.6f}")

    score_and_deliver(
        ref, dis, deliver, quiet=quiet, model=model, device=tiny_device,
        **scoring_arguments(options),
    )  # fmt: skip


def _model(vmaf_model: str | None, tiny_model: str | None, no_model: bool) -> ModelSpec:
    """The API's ``model=``: None for the default, False for none."""
    named = [model for model in (vmaf_model, tiny_model) if model is not None]
    if len(named) > 1:
        raise click.UsageError("-m/--model and --tiny-model both name a model; use one.")
    if no_model and named:
        raise click.UsageError("-n/--no_prediction needs no model; leave one of the two out.")
    if no_model:
        return False
    return named[0] if named else None


def _note_suffix(output: str, log_format: str) -> None:
    suffix = Path(output).suffix.lower().lstrip(".")
    if suffix in ("json", "csv", "xml", "parquet") and suffix != log_format:
        say(f"note: {output} is written as {log_format.upper()}; --{suffix} chooses its format")
