"""docs/cli.md names every option and every exit code, and none that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from pyvmaf_tiny.cli import exits
from pyvmaf_tiny.cli.app import app

TEXT = (Path(__file__).parents[1] / "docs" / "cli.md").read_text()


def options(command: click.Command) -> Iterator[click.Option]:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield parameter
    if isinstance(command, click.Group):
        for each in command.commands.values():
            yield from options(each)


def test_every_option_is_in_the_reference() -> None:
    visible = {name for each in options(app) if not each.hidden for name in each.opts}
    missing = {name for name in visible if not re.search(rf"{name}(?![\w-])", TEXT)}
    assert len(visible) > 40
    assert missing == set()


def test_every_flag_of_the_reference_exists() -> None:
    known = {name for each in options(app) for name in each.opts} | {"--help"}
    named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", TEXT))
    assert named <= known


def test_every_exit_code_is_in_the_reference() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}
    assert listed == {
        0, exits.UNEXPECTED, *exits.CODES.values(), exits.DIFFERENT, exits.INTERRUPTED,
        exits.BROKEN_PIPE, exits.TERMINATED,
    }  # fmt: skip
