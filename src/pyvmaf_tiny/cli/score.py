"""``pyvmaf-tiny score``: clips against their reference, with the flags of libvmaf's ``vmaf``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from pyvmaf_tiny.pooling import TEACHER
from pyvmaf_tiny.report import FORMATS

from .delivery import in_turn, score_and_deliver
from .exits import say
from .ladder import print_ladder
from .options import (
    engine_options,
    frame_options,
    quiet_option,
    rendition_options,
    scoring_arguments,
    version_option,
)
from .output import check_output, check_plot, is_stdout, write_plot, write_results
from .pool import pool_method, pooled_score
from .vmaf_flags import VmafModel, libvmaf_options, parse_model

if TYPE_CHECKING:
    from pyvmaf_tiny.renditions import ScoreResults
    from pyvmaf_tiny.results import ScoreResult
    from pyvmaf_tiny.scorer import ModelSpec

F = TypeVar("F", bound=Callable[..., Any])

#: What ``vmaf`` writes when -o comes without a format, and what several renditions are written as.
_DEFAULT_FORMAT = "xml"
_DEFAULT_OF_SEVERAL = "json"

#: Options that have a use only where there are scores, by parameter.
_NEED_SCORES = {
    "vmaf_model": "-m/--model",
    "tiny_model": "--tiny-model",
    "neg_model": "--neg-model",
    "tiny_device": "--tiny-device",
    "plot": "--plot",
    "pool": "--pool",
}


def format_options(command: F) -> F:
    """A flag for every format of a log."""
    for name in reversed(FORMATS):
        default = " (default)" if name == _DEFAULT_FORMAT else ""
        option = click.option(
            f"--{name}", "log_format", flag_value=name, help=f"Log as {name.upper()}{default}."
        )
        command = option(command)
    return command


@click.command(short_help="Score videos against their reference.")
@rendition_options
@click.option(
    "-m",
    "--model",
    "vmaf_model",
    multiple=True,
    callback=parse_model,
    metavar="SPEC",
    help="Model as vmaf spells it: version=ID or path=FILE.",
)
@click.option(
    "--tiny-model",
    metavar="ID|FILE",
    help="Model id (see: models list), .onnx file, or libvmaf's .json.",
)
@click.option(
    "--neg-model",
    metavar="ID|FILE",
    help="With --neg both: the model for the NEG features.  [default: the model named, or the "
    "default for them]",
)
@click.option(
    "--tiny-device",
    type=click.Choice(["auto", "cpu", "cuda", "openvino", "rocm"]),
    default="cpu",
    show_default=True,
    help="Where the model runs.",
)
@click.option(
    "--teacher",
    metavar="NAME|FILE",
    help="With --engine libvmaf: libvmaf's own model beside ours, vmaf_v0.6.1 or a .json.",
)
@click.option("-n", "--no_prediction", is_flag=True, help="Features only, no model.")
@click.option("-o", "--output", metavar="FILE", help="Write the log there; - is stdout.")
@format_options
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
    dis: tuple[str, ...],
    vmaf_model: VmafModel | None,
    tiny_model: str | None,
    neg_model: str | None,
    tiny_device: str,
    teacher: str | None,
    no_prediction: bool,
    output: str | None,
    log_format: str | None,
    plot: str | None,
    pool: str,
    quiet: bool,
    **options: Any,
) -> None:
    """Score distorted videos against their reference.

    Takes the flags of libvmaf's vmaf tool. Prints "MODEL: SCORE" on stdout, or with several -d a
    table of them; a format flag without -o prints the log there instead. Everything else goes
    to stderr.
    """
    asked = _asked_for(_NEED_SCORES)
    if no_prediction and asked:
        raise click.UsageError(
            f"-n/--no_prediction scores nothing; leave {_NEED_SCORES[asked[0]]} out."
        )
    if vmaf_model is not None and tiny_model is not None:
        raise click.UsageError("-m/--model and --tiny-model both name a model; use one.")
    model: ModelSpec = False if no_prediction else tiny_model
    if vmaf_model is not None:
        model = vmaf_model.model
        options["neg"] = options["neg"] or vmaf_model.neg
        if vmaf_model.neg_model is not None:
            if neg_model is not None:
                raise click.UsageError(
                    "-m/--model twice and --neg-model both name a model for NEG."
                )
            neg_model = vmaf_model.neg_model
    if neg_model is not None and options["neg"] != "both":
        raise click.UsageError("--neg-model scores the features of NEG; say --neg both.")
    several = len(dis) > 1
    arguments = scoring_arguments(options)
    if output is None and log_format is not None:
        output = "-"
    log_format = log_format or _default_format(output, several)
    taken = [ref, *dis]
    taken += [
        each
        for each in (model, neg_model)
        if isinstance(each, str) and each.endswith((".onnx", ".json"))
    ]
    if output is not None:
        check_output(output, log_format, taken, several=several)
        if not is_stdout(output):
            taken.append(output)
        _note_suffix(output, log_format)
    if plot is not None:
        check_plot(plot, taken)
    if vmaf_model is not None and vmaf_model.note is not None:
        say(f"note: {vmaf_model.note}")

    def deliver(results: ScoreResults) -> None:
        result = results[0]
        if tiny_device == "auto" and result.has_score and not quiet:
            say(f"the model runs on {result.info.provider}")
        deliveries: list[Callable[[], None]] = []
        if output is not None:
            deliveries.append(lambda: write_results(results, output, log_format))
        if plot is not None:
            deliveries.append(lambda: write_plot(results, plot))
        if result.has_score:
            deliveries.append(lambda: print_scores(results))
        in_turn(deliveries)

    def print_scores(results: ScoreResults) -> None:
        result = results[0]
        free = output is None or not is_stdout(output)
        if several and free:
            print_ladder(results, pool if "pool" in asked else None)
        elif free:
            for line in _score_lines(result, pool):
                click.echo(line)
        elif "pool" in asked:
            for name, each in zip(results.names, results, strict=True):
                for line in _score_lines(each, pool):
                    say(f"note: {pool} of {f'{name}, ' if several else ''}{line}")

    arguments |= {"teacher": teacher, "neg_model": neg_model}
    arguments |= {"model": model, "model_device": tiny_device}
    score_and_deliver(ref, dis, deliver, quiet=quiet, **arguments)


def _score_lines(result: ScoreResult, pool: str) -> list[str]:
    """``MODEL: SCORE``, and the same of NEG and of the teacher if they were asked for."""
    lines = [f"{result.info.model_id}: {pooled_score(result, pool):.6f}"]
    if result.neg is not None:
        lines.append(f"{result.neg.info.model_id} (NEG): {pooled_score(result.neg, pool):.6f}")
    if (teacher := result.info.teacher) is not None:
        lines.append(f"{Path(teacher).name} (libvmaf): {pooled_score(result, pool, TEACHER):.6f}")
    return lines


def _default_format(output: str | None, several: bool) -> str:
    if not several:
        return _DEFAULT_FORMAT
    suffix = "" if output is None else Path(output).suffix.lower().lstrip(".")
    return suffix if suffix in FORMATS else _DEFAULT_OF_SEVERAL


def _asked_for(parameters: Iterable[str]) -> list[str]:
    """Those of the running command's parameters that the command line names."""
    source = click.get_current_context().get_parameter_source
    return [name for name in parameters if source(name) is ParameterSource.COMMANDLINE]


def _note_suffix(output: str, log_format: str) -> None:
    suffix = Path(output).suffix.lower().lstrip(".")
    if suffix in FORMATS and suffix != log_format:
        say(f"note: {output} is written as {log_format.upper()}; --{suffix} chooses its format")
