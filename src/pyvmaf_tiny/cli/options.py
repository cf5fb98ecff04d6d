"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from pyvmaf_tiny.frames import NEG_GAIN_LIMIT

from .exits import say
from .values import cpu_bits, depth, side, unsigned

F = TypeVar("F", bound=Callable[..., Any])


def _input(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """The API's name for standard input is ``-``."""
    return "-" if value == "/dev/stdin" else value


def _stack(options: list[Callable[[F], F]]) -> Callable[[F], F]:
    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _inputs(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[str | None, ...]:
    return tuple(_input(ctx, param, value) for value in values)


def _one_input(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> str | None:
    """The only value of an option that may not be given again: click would take the last one."""
    if len(values) > 1:
        flags = "/".join(param.opts)
        hint = "; score and features take several" if param.name == "dis" else ""
        raise click.UsageError(f"{ctx.info_name} takes one {flags}, not {len(values)}{hint}.")
    return _input(ctx, param, values[0]) if values else None


def _reference(*, required: bool) -> Callable[[F], F]:
    return click.option(
        "-r", "--reference", "ref", metavar="FILE", required=required, multiple=True,
        callback=_one_input, help="Reference: raw .yuv, .y4m, any video file, or - for stdin.",
    )  # fmt: skip


#: What describes raw input.
_RAW: list[Callable[..., Any]] = [
    click.option("-w", "--width", type=side, metavar="N", help="Width of raw input."),
    click.option("-h", "--height", type=side, metavar="N", help="Height of raw input."),
    click.option(
        "-p", "--pixel_format", type=click.Choice(["400", "420", "422", "444"]),
        default="420", show_default=True, help="Chroma format of raw input.",
    ),
    click.option(
        "-b", "--bitdepth", "bit_depth", metavar="8|10|12|16", type=depth,
        help="Bit depth of raw input.  [default: 8]",
    ),
]  # fmt: skip


def rendition_options(command: F) -> F:
    """-r, any number of -d, and what describes raw input."""
    several = click.option(
        "-d", "--distorted", "dis", metavar="FILE", required=True, multiple=True, callback=_inputs,
        help="Distorted version of it, of the same size and bit depth; again for each further "
        "rendition.",
    )  # fmt: skip
    return _stack([_reference(required=True), several, *_RAW])(command)


def pair_options(*, required: bool) -> Callable[[F], F]:
    """-r, -d and what describes raw input."""
    one = click.option(
        "-d", "--distorted", "dis", metavar="FILE", required=required, multiple=True,
        callback=_one_input, help="Distorted version of it, of the same size and bit depth.",
    )  # fmt: skip
    return _stack([_reference(required=required), one, *_RAW])


def frame_options(command: F) -> F:
    """Which frames are read and which of them are scored."""
    return _stack(
        [
            click.option(
                "--frame_cnt", "frames", type=unsigned, default="0", metavar="N",
                help="Score at most N frame pairs.  [default: 0, all]",
            ),
            click.option(
                "--frame_skip_ref", "skip_ref", type=unsigned, default="0", metavar="N",
                help="Leave out the first N frames of the reference.",
            ),
            click.option(
                "--frame_skip_dist", "skip_dis", type=unsigned, default="0", metavar="N",
                help="Leave out the first N frames of the distorted input.",
            ),
            click.option(
                "--subsample", type=unsigned, default="1", metavar="N",
                help="Score every Nth frame only.",
            ),
            click.option(
                "--shortest", is_flag=True,
                help="Accept inputs of different length: score the frames that both have.",
            ),
        ]
    )(command)  # fmt: skip


def engine_options(command: F) -> F:
    """Which engine computes features, and how."""
    return _stack(
        [
            click.option("--engine", default="auto", show_default=True, metavar="NAME",
                         help="Feature engine: native, libvmaf, or libvmaf:FILE; see: pyvmaf-tiny "
                         "engines."),
            click.option("--device", default="cpu", show_default=True, metavar="DEVICE",
                         help="Where features are computed: cpu, cuda, sycl, opencl, cuda:1 ..., "
                              "or auto."),
            click.option("--gpumask", "gpu_mask", type=cpu_bits, default="0", metavar="BITS",
                         help="libvmaf's gpumask; for the libvmaf engine."),
        ]
    )(_kernel_options(_NEG_OR_BOTH, command))  # fmt: skip


def kernel_options(command: F) -> F:
    """How features are computed, whatever the engine."""
    return _kernel_options(_NEG, command)


_NEG = click.option(
    "--neg", is_flag=True, help="No gain from enhancement: libvmaf's NEG (gain limit 1)."
)
_NEG_OR_BOTH = click.option(
    "--neg",
    is_flag=False,
    flag_value="only",
    type=click.Choice(["only", "both"]),
    help="No gain from enhancement: libvmaf's NEG (gain limit 1); both: beside the default.",
)


def _kernel_options(neg: Callable[..., Any], command: F) -> F:
    return _stack(
        [
            click.option("--threads", type=unsigned, default="0", metavar="N",
                         help="Threads per frame.  [default: 0, the engine's choice]"),
            click.option("--cpumask", "cpu_mask", type=cpu_bits, default="0",
                         metavar="BITS", help="CPU features that must not be used, libvmaf's "
                         "bits: 8 AVX2, 16 AVX-512, 32 AVX-512 of Ice Lake; -1 all."),
            neg,
            click.option("--gain_limit", type=float, metavar="X",
                         help="Enhancement gain limit, 1 or more.  [default: 100]"),
        ]
    )(command)  # fmt: skip


def quiet_option(command: F) -> F:
    """-q: no progress bar, no summary."""
    return click.option("-q", "--quiet", is_flag=True, help="No progress bar and no summary.")(
        command
    )


def json_option(command: F) -> F:
    """--json for the commands that print a table."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def version_option(*names: str) -> Callable[[F], F]:
    """Print the version and exit."""

    def show(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
        if wanted and not ctx.resilient_parsing:
            from pyvmaf_tiny import __version__

            click.echo(__version__)
            ctx.exit()

    return click.option(
        *names, is_flag=True, expose_value=False, is_eager=True, callback=show,
        help="Print the version and exit.",
    )  # fmt: skip


def check_raw_size(width: int | None, height: int | None) -> None:
    """Refuse one side without the other."""
    if (width is None) != (height is None):
        raise click.UsageError("-w/--width and -h/--height belong together.")


def _gpu_mask(options: dict[str, Any]) -> int:
    """Libvmaf's gpumask; scripts for ``vmaf`` may set it, and other engines have no GPU."""
    mask: int = options["gpu_mask"]
    if mask and not options["engine"].startswith("libvmaf"):
        say("note: --gpumask has no effect, features are computed on the CPU")
        return 0
    return mask


def scoring_arguments(options: dict[str, Any]) -> dict[str, Any]:
    """The API's keyword arguments for the shared options of the commands.

    0 means "not limited", "every frame" and "the engine's choice", as in the ``vmaf`` tool.
    """
    neg = {None: False, "only": True}.get(options["neg"], options["neg"])
    if neg is True and options["gain_limit"] is not None:
        raise click.UsageError("--neg is --gain_limit 1; leave one of the two out.")
    if neg == "both" and options["gain_limit"] == NEG_GAIN_LIMIT:
        raise click.UsageError("--neg both puts --gain_limit 1 beside another one; leave it out.")
    check_raw_size(options["width"], options["height"])
    engine = {}
    if "engine" in options:
        engine = {
            "engine": options["engine"],
            "device": options["device"],
            "gpu_mask": _gpu_mask(options),
        }
    return engine | {
        "w": options["width"],
        "h": options["height"],
        "bit_depth": options["bit_depth"],
        "pixel_format": options["pixel_format"],
        "frames": options["frames"] or None,
        "skip_ref": options["skip_ref"],
        "skip_dis": options["skip_dis"],
        "subsample": options["subsample"] or 1,
        "shortest": options["shortest"],
        "threads": options["threads"] or None,
        "cpu_mask": options["cpu_mask"],
        "neg": neg,
        "gain_limit": options["gain_limit"],
    }
