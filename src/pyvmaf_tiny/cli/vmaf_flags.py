"""Flags that libvmaf's ``vmaf`` tool has and that mean something else, or nothing, here.

A script that is moved over must either keep working or learn what to change: no flag of
``vmaf`` is an "unknown option", and none is ignored without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

#: The metric's name in every log.
_LOG_NAME = "vmaf"

#: libvmaf's extractors of the features that are always computed here.
_OUR_FEATURES = ("adm", "vif", "motion")

_REFUSED = {
    "--sub": "There is no subtitle output; use --json, --csv or --xml.",
    "--aom_ctc": "The AOM test conditions need metrics that are not computed here.",
    "--nflx_ctc": "The Netflix test conditions need metrics that are not computed here.",
}


def _refuse(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value:
        flag = param.opts[0]
        raise click.UsageError(f"{flag} is a flag of libvmaf's vmaf tool. {_REFUSED[flag]}", ctx)


def _check_features(ctx: click.Context, _param: click.Parameter, value: Sequence[str]) -> None:
    for feature in value:
        if feature not in _OUR_FEATURES:
            raise click.UsageError(
                f"--feature {feature} is not computed here. Every log has the six features "
                f"of {', '.join(_OUR_FEATURES)}; for other metrics use libvmaf.",
                ctx,
            )


def libvmaf_options(command: F) -> F:
    """The hidden options that accept, refuse or explain what only ``vmaf`` does."""
    hidden: dict[str, Any] = {"hidden": True, "expose_value": False}
    for option in (
        click.option("--sub", is_flag=True, callback=_refuse, **hidden),
        click.option("--aom_ctc", callback=_refuse, **hidden),
        click.option("--nflx_ctc", callback=_refuse, **hidden),
        click.option("--feature", multiple=True, callback=_check_features, **hidden),
    ):
        command = option(command)
    return command


class VmafModel(NamedTuple):
    """What ``--model`` asks for: a model, a value of ``--neg``, and a note on the choice.

    ``neg_model`` is the other one of two.
    """

    model: str
    neg: Literal["only", "both"] | None = None
    note: str | None = None
    neg_model: str | None = None


def parse_model(
    ctx: click.Context, param: click.Parameter, value: Sequence[str]
) -> VmafModel | None:
    """The model that ``vmaf``'s ``--model version=...|path=...[:name=...]`` asks for.

    ``version=`` takes an id of the registry, or the model whose scores the default model was
    trained on, with "neg" behind it or not; ``path=`` takes an ONNX file or a libvmaf model
    (``.json``). libvmaf's other built-in models, options and feature overloads are refused with
    the way to say it here.
    """
    if not value:
        return None
    models = [_one_model(each, ctx, param) for each in value]
    if len(models) == 1:
        return models[0]
    plain = [model for model in models if model.neg is None]
    neg = [model for model in models if model.neg == "only"]
    if len(plain) == len(neg) == 1 and plain[0].note:
        notes = " and ".join(str(model.note) for model in models)
        return VmafModel(plain[0].model, "both", notes, neg[0].model)
    raise click.BadParameter(
        "two models a run are version=vmaf_v0.6.1 and version=vmaf_v0.6.1neg; for others see "
        "--neg both and --neg-model, or run once per model.",
        ctx,
        param,
    )


def _one_model(value: str, ctx: click.Context, param: click.Parameter) -> VmafModel:
    chosen: list[VmafModel] = []
    for part in value.split(":"):
        key, _, setting = part.partition("=")
        if key in ("version", "path") and setting:
            chosen.append(_own_model(key, setting, ctx, param))
        elif key != "name" or setting != _LOG_NAME:
            raise click.BadParameter(f"{part!r}: {_explain(key)}", ctx, param)
    if len(chosen) != 1:
        raise click.BadParameter(f"{value!r}: expected version=ID or path=FILE, once.", ctx, param)
    return chosen[0]


def _own_model(key: str, setting: str, ctx: click.Context, param: click.Parameter) -> VmafModel:
    if key == "path" and not setting.lower().endswith((".onnx", ".json")):
        raise click.BadParameter(
            f"{setting!r} is neither an ONNX file nor a libvmaf model (.json). Use --tiny-model "
            "for a model of this package (see: pyvmaf-tiny models list).",
            ctx,
            param,
        )
    if key == "version" and setting.startswith(("vmaf_v0", "vmaf_4k", "vmaf_b", "vmaf_float")):
        student = _student(setting)
        if student is not None:
            return student
        raise click.BadParameter(
            f"{setting} is one of libvmaf's own models. Import it once (pyvmaf-tiny models import "
            f"{setting}) and use --tiny-model {setting}.onnx, or leave -m out for the default "
            "model.",
            ctx,
            param,
        )
    return VmafModel(setting)


def _student(version: str) -> VmafModel | None:
    """The default model for it, if that was trained on the scores of libvmaf's ``version``."""
    from pyvmaf_tiny.model import Registry

    registry = Registry.load()
    neg = version.endswith("neg")
    entry = registry.entry(neg=neg)
    if version != registry.sidecar(entry).get("teacher"):
        return None
    how = f"{entry.id}, which was trained on its scores"
    return VmafModel(entry.id, "only" if neg else None, f"{version} is scored by {how}")


def _explain(key: str) -> str:
    if key == "name":
        return f"the score is called {_LOG_NAME} in every log and cannot be renamed."
    if key in ("disable_clip", "enable_transform"):
        return (
            "clipping and transforms are part of the model here; "
            "pyvmaf-tiny models import --transform makes a model with its transform."
        )
    if key.endswith("enhn_gain_limit"):
        return "use --neg, or --gain_limit for all features at once."
    return "expected version=ID or path=FILE."
