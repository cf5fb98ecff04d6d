"""``pyvmaf-tiny models``: what is shipped, whether it is what the registry vouches for, imports."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pyvmaf_tiny.errors import ModelDigestError, ModelError, OptionError

from .options import json_option
from .output import check_place
from .tables import print_facts, print_json, print_table

if TYPE_CHECKING:
    from pyvmaf_tiny.model import ModelInfo


@click.group()
def models() -> None:
    """List, show, verify and import models."""


@models.command("list")
@json_option
def list_models(as_json: bool) -> None:
    """List the shipped models."""
    import pyvmaf_tiny

    infos = pyvmaf_tiny.models()
    if as_json:
        print_json([asdict(info) for info in infos])
        return
    print_table(
        ("model", "default", "state", "sha256", "licence", "notes"),
        [
            (
                info.id,
                _default_for(info),
                "ok" if info.ok else info.reason or "",
                info.digest[:16],
                info.license,
                info.notes,
            )
            for info in infos
        ],
    )


@models.command()
@click.argument("model", metavar="ID")
@json_option
def show(model: str, as_json: bool) -> None:
    """Show everything known about one model: registry entry and sidecar."""
    from pyvmaf_tiny.model import Registry

    registry = Registry.load()
    entry = registry.entry(model)
    facts = {"registry": asdict(registry.info(entry)), "sidecar": registry.sidecar(entry)}
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


@models.command()
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@json_option
def verify(files: tuple[Path, ...], as_json: bool) -> None:
    """Compare sha256 digests with the registry: of the shipped models, or of FILEs.

    Exit code 4 when one of them does not match.
    """
    rows = [_verify_file(path) for path in files] if files else _verify_shipped()
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            click.echo(f"{row['name']}: {'ok' if row['ok'] else row['reason']}")
    bad = sum(not row["ok"] for row in rows)
    if bad:
        raise ModelDigestError(
            "not what the registry vouches for", given=f"{bad} of {len(rows)} models"
        )


@models.command("import")
@click.argument("source", metavar="FILE.json|NAME")
@click.option("-o", "--output", metavar="FILE.onnx", help="[default: NAME.onnx, here]")
@click.option(
    "--libvmaf",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Library to take a built-in model from.  [default: the one that engines shows]",
)
@click.option("--force", is_flag=True, help="Replace FILE.onnx where there is one.")
@click.option("--transform", is_flag=True, help="Apply its score transform (the phone model).")
def import_model(
    source: str, output: str | None, libvmaf: Path | None, force: bool, transform: bool
) -> None:
    """Turn one of libvmaf's own models into an ONNX file.

    SOURCE is a libvmaf model file, or the name of a model that libvmaf has built in, such as
    vmaf_v0.6.1. The file gives libvmaf's own scores: --tiny-model vmaf_v0.6.1.onnx.
    """
    from pyvmaf_tiny.model.svr import import_models

    ending = "_transform.onnx" if transform else ".onnx"
    target = Path(output or Path(source.removesuffix(".json")).name + ending)
    check_place(target, [source])
    if target.exists() and not force:
        raise OptionError(
            "there is such a file already", given=target, hint="use -o FILE, or --force"
        )
    data = import_models(source, library=libvmaf, transform=transform)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    click.echo(target)


def _default_for(info: ModelInfo) -> str:
    kinds = {"yes": info.default, "NEG": info.default_neg}
    return ", ".join(kind for kind, holds in kinds.items() if holds)


def _verify_shipped() -> list[dict[str, object]]:
    import pyvmaf_tiny

    return [
        {"name": info.id, "ok": info.ok, "sha256": info.digest, "reason": info.reason}
        for info in pyvmaf_tiny.models()
    ]


def _verify_file(path: Path) -> dict[str, object]:
    from pyvmaf_tiny.model import Registry
    from pyvmaf_tiny.model.registry import MAX_MODEL_BYTES, read_capped

    try:
        digest = hashlib.sha256(read_capped(path, MAX_MODEL_BYTES)).hexdigest()
    except ModelError as error:
        return {"name": str(path), "ok": False, "sha256": None, "reason": str(error)}
    known = [entry.id for entry in Registry.load().entries if entry.sha256 == digest]
    reason = None if known else f"no model of the registry has sha256 {digest}"
    return {"name": str(path), "ok": bool(known), "sha256": digest, "reason": reason}
