"""``pyvmaf-tiny engines``: what can compute features on this machine."""

from __future__ import annotations

from dataclasses import asdict

import click

from .options import json_option
from .tables import print_json, print_table


@click.command(short_help="List the feature engines.")
@json_option
def engines(as_json: bool) -> None:
    """List the feature engines: available or not, version, CPU tier, and why one is missing."""
    import pyvmaf_tiny

    infos = pyvmaf_tiny.engines()
    if as_json:
        print_json([asdict(info) for info in infos])
        return
    print_table(
        ("engine", "state", "version", "CPU tier", "CPU features"),
        [
            (
                info.name,
                "available" if info.available else f"not available: {info.reason}",
                info.version or "-",
                info.tier or "-",
                " ".join(info.cpu_flags) or "-",
            )
            for info in infos
        ],
    )
