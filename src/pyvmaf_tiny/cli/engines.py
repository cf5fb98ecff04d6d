"""``pyvmaf-tiny engines``: what can compute features on this machine."""

from __future__ import annotations

from dataclasses import asdict

import click

from pyvmaf_tiny.engine.base import EngineInfo

from .options import json_option
from .tables import print_json, print_table


def _tier(info: EngineInfo) -> str:
    held_back = f" (masked: 0x{info.cpu_mask:x})" if info.cpu_mask else ""
    return f"{info.tier or '-'}{held_back}"


def _library(info: EngineInfo) -> str:
    if info.file is None:
        return "-"
    pictures = "pre-allocated pictures" if info.preallocated_pictures else "no picture pool"
    return f"{info.file} ({pictures})"


@click.command(short_help="List the feature engines.")
@json_option
def engines(as_json: bool) -> None:
    """List the feature engines: version, CPU tier, and why one is missing; the GPUs found."""
    import pyvmaf_tiny

    infos = pyvmaf_tiny.engines()
    if as_json:
        print_json([asdict(info) for info in infos])
        return
    print_table(
        ("engine", "state", "version", "CPU tier", "CPU features", "devices", "library"),
        [
            (
                info.name,
                "available" if info.available else f"not available: {info.reason}",
                info.version or "-",
                _tier(info),
                " ".join(info.cpu_flags) or "-",
                " ".join(info.devices) if info.available else "-",
                _library(info),
            )
            for info in infos
        ],
    )
    gpus = [(device, name) for info in infos for device, name in info.device_names.items()]
    missing = [(kind, why) for info in infos for kind, why in info.device_reasons.items()]
    if gpus:
        print_table(("device", "name"), gpus)
    if missing:
        print_table(("device", "not found, because"), missing)
