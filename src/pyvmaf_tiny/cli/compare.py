"""``pyvmaf-tiny compare``: two engines on the same frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pyvmaf_tiny.errors import VmafTinyError

from .exits import DIFFERENT, said, say
from .options import (
    frame_options,
    json_option,
    kernel_options,
    pair_options,
    quiet_option,
    scoring_arguments,
)
from .progress import pairs_bar
from .tables import print_json, print_table

if TYPE_CHECKING:
    from pyvmaf_tiny.parity import ComparisonResult, Explanation, FeatureComparison


@click.command(short_help="Compare the features of two engines.")
@pair_options(required=True)
@click.option(
    "--engines",
    nargs=2,
    metavar="A B",
    default=("native", "libvmaf"),
    help="Two engines, each with options of its own if need be: libvmaf:scalar, "
    "native:cpumask=48,threads=1.  [default: native libvmaf]",
)
@click.option("--scalar", is_flag=True, help="No SIMD in both: libvmaf's defining code path.")
@frame_options
@kernel_options
@json_option
@quiet_option
def compare(
    ref: str,
    dis: str,
    engines: tuple[str, str],
    scalar: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Compare the features of two engines on the same frames, double for double.

    Exit code 0: all features of all frames are equal; 6: at least one differs.
    """
    import pyvmaf_tiny

    arguments = scoring_arguments(options)
    if scalar and arguments["cpu_mask"]:
        raise click.UsageError("--scalar masks every CPU feature; leave --cpumask out.")
    try:
        with pairs_bar(quiet) as progress:
            result = pyvmaf_tiny.compare(
                ref, dis, engines=engines, scalar=scalar, progress=progress, **arguments
            )
    except (VmafTinyError, KeyboardInterrupt) as error:
        partial: ComparisonResult | None = getattr(error, "comparison", None)
        if partial is not None and partial.frames:
            say(f"note: incomplete, this compares the first {partial.frames} frames")
            with said():
                _show(partial, as_json)
        raise
    _show(result, as_json)
    click.get_current_context().exit(0 if result.equal else DIFFERENT)


def _show(result: ComparisonResult, as_json: bool) -> None:
    if as_json:
        print_json(result.to_dict())
        return
    first, second = result.engines
    click.echo(
        f"{result.frames} frames {result.width}x{result.height} {result.bit_depth} bit, "
        f"gain limit {result.gain_limit:g}"
    )
    for side in result.engines:
        threads = f"{side.threads} thread{'s' * (side.threads > 1)}"
        click.echo(f"{side.choice}: {side.name} {side.version}, {side.tier}, {threads}")
    numbers = ("equal frames", "largest difference", "relative", "frame", *_names(result))
    print_table(("feature", *numbers), map(_row, result.features), right=numbers)
    if result.equal:
        click.echo(f"equal: {first.choice} and {second.choice} give the same doubles")
    else:
        click.echo(f"different: {', '.join(result.different)}")
    if result.explanation is not None:
        _explain(result.explanation)


def _names(result: ComparisonResult) -> tuple[str, str]:
    """A heading for the values of each side; different ones, even for one engine twice."""
    first, second = (side.choice for side in result.engines)
    return (first, second) if first != second else (f"{first} (1)", f"{second} (2)")


def _row(feature: FeatureComparison) -> tuple[str, ...]:
    equal = f"{feature.equal_frames} of {feature.frames}"
    if feature.values is None:
        return (feature.feature, equal, "-", "-", "-", "-", "-")
    return (
        feature.feature,
        equal,
        f"{feature.max_difference:.3g}",
        f"{feature.max_relative_difference:.3g}",
        str(feature.frame),
        *(repr(value) for value in feature.values),
    )


def _explain(explanation: Explanation) -> None:
    """Say what libvmaf's SIMD code has to do with it."""
    click.echo()
    if explanation.unexplained:
        features = ", ".join(explanation.unexplained)
        click.echo(f"No deviation of libvmaf's SIMD code is known in {features}.")
    if explanation.scalar_equal is not None:
        verb = "gives the same" if explanation.scalar_equal else "does not give the same, either,"
        click.echo(f"libvmaf's scalar code {verb} in frame {explanation.frame}.")
    if explanation.causes:
        click.echo(f"Known deviations of libvmaf's {explanation.simd} code that can show here:")
    for cause in explanation.causes:
        click.echo(f"- {cause.id}: {cause.text}")
    click.echo("--scalar compares without SIMD.")
