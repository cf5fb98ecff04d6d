"""An evaluation as Markdown: the summary page, the page of folds, the block of a model card."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- evaluation: begin -->", "<!-- evaluation: end -->"

#: Parts of the page, by score and by what was done to the clip: heading, key.
_PARTS = (
    ("Error against score", "by_score", "teacher's score"),
    ("Error per codec", "by_codec", "codec"),
)

Row = Mapping[str, Any]


def number(value: float | None) -> str:
    """Three digits that count; a dash for a figure that is not defined."""
    if value is None or value != value:
        return "–"
    return f"{value:.3g}"


def table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return [
        f"| {' | '.join(header)} |",
        f"|{'---|' * len(header)}",
        *(f"| {' | '.join(line)} |" for line in lines),
    ]


def summary_page(results: Row) -> str:
    """What :mod:`..commands.evaluate` puts between the marks of ``docs/models/evaluation.md``."""
    found = results["contenders"]
    corpus = results["corpus"]
    lines = [
        f"{corpus['rows']:,} rows of {len(corpus['sources'])} sources, table sha256 "
        f"`{corpus['sha256'][:16]}`. Every row is scored by a model that has seen no frame of its "
        "source (published files: as they are). Means over the sources, and over the seeds.",
        "",
        *table(
            ("model", "layers", "parameters", "training", "seeds"),
            (
                (
                    name,
                    one["layers"],
                    number_of(one["parameters"]),
                    one["how"],
                    str(one["judged"]["seeds"]),
                )
                for name, one in found.items()
            ),
        ),
        "",
        "### Frames",
        "",
        *headline(found),
        "",
        "### Clips",
        "",
        "Each distorted clip of 48 frames pooled by the mean, and by libvmaf's harmonic mean.",
        "",
        *clips(found),
        "",
        "![RMSE of every held-out source](../images/evaluation_folds.png)",
        "",
    ]
    for heading, key, first in _PARTS:
        lines += [f"### {heading}", "", "RMSE over the rows of all seeds, in VMAF points.", ""]
        lines += [*across(found, key, first), ""]
        if key == "by_score":
            lines += ["![RMSE against the score](../images/evaluation_score.png)", ""]
    return "\n".join([*lines, *reserved_part(results)])


def number_of(parameters: int | None) -> str:
    """A count, or a dash."""
    return "–" if parameters is None else f"{parameters:,}"


def headline(found: Mapping[str, Row]) -> list[str]:
    """The main table: one line per contender."""
    return table(
        (
            "model",
            "RMSE",
            "worst source",
            "p99.9",
            "largest error",
            "1-PLCC",
            "1-SROCC",
            "PLCC",
            "SROCC",
        ),
        (
            (
                name,
                f"{number(one['judged']['mean']['rmse'])} ± {number(one['judged']['std']['rmse'])}",
                number(one["judged"]["worst"]["rmse"]),
                number(one["judged"]["mean"]["p999_error"]),
                number(one["judged"]["worst"]["max_error"]),
                number(one["judged"]["mean"]["one_minus_plcc"]),
                number(one["judged"]["mean"]["one_minus_srocc"]),
                f"{one['judged']['mean']['plcc']:.4f}",
                f"{one['judged']['mean']['srocc']:.4f}",
            )
            for name, one in found.items()
        ),
    )


def clips(found: Mapping[str, Row]) -> list[str]:
    """Clip-level errors, both ways of pooling."""
    header = ["model"]
    header += [
        f"{pool}: {what}" for pool in ("mean", "harmonic") for what in ("RMSE", "largest", "1-PLCC")
    ]
    return table(
        header,
        (
            [name]
            + [
                number(one["judged"]["clips"][pool][what])
                for pool in ("mean", "harmonic_mean")
                for what in ("rmse", "max_error", "one_minus_plcc")
            ]
            for name, one in found.items()
        ),
    )


def across(found: Mapping[str, Row], key: str, first: str, figure: str = "rmse") -> list[str]:
    """One line per value of a part, one column per contender."""
    reference = next(iter(found.values()))["judged"]
    lines = []
    for value, part in reference[key].items():
        rows = part["rows"] // (reference["seeds"] if key != "folds" else 1)
        figures = (number(one["judged"][key][value][figure]) for one in found.values())
        lines.append([value, str(rows), *figures])
    return table((first, "rows", *found), lines)


def folds_page(results: Row) -> str:
    """Every source and every distortion, for every contender."""
    found = results["contenders"]
    lines = []
    for heading, figure in (
        ("RMSE", "rmse"),
        ("1-PLCC", "one_minus_plcc"),
        ("1-SROCC", "one_minus_srocc"),
        ("p99.9 of the error", "p999_error"),
        ("Largest error", "max_error"),
    ):
        lines += [f"## {heading}", "", *across(found, "folds", "held out", figure), ""]
    lines += ["## RMSE per distortion", "", *across(found, "by_distortion", "distortion"), ""]
    return "\n".join(lines)


def reserved_part(results: Row) -> list[str]:
    """The reserved sources, once they were scored."""
    reserved = results.get("reserved")
    if not reserved:
        return []
    found = reserved["models"]
    return [
        "### Reserved sources",
        "",
        f"{reserved['rows']:,} rows of {', '.join(reserved['sources'])}: nothing was trained on "
        "them and no choice looked at them. The shipped files, each scored once.",
        *_again(found),
        "",
        *headline(found),
        "",
        *clips(found),
        "",
    ]


def _again(found: Mapping[str, Row]) -> list[str]:
    """Of which models more than one file was scored, since their files were replaced."""
    again = [f"{name}: {one['files']}" for name, one in found.items() if one.get("files", 1) > 1]
    return [
        f"Files of one model that were scored, one after the other: {', '.join(again)}."
    ] * bool(again)


def card(results: Row, model_id: str) -> str:
    """The measured part of one model card; ValueError when the evaluation does not know it."""
    one = results["contenders"].get(model_id)
    final = results.get("reserved", {}).get("models", {}).get(model_id)
    if one is None and final is None:
        raise ValueError(
            f"no figures of {model_id!r}, there are {', '.join(results['contenders'])}"
        )
    lines = ["| | " + " | ".join(name for name, part in _columns(one, final)) + " |"]
    lines.append("|---" * (1 + len(_columns(one, final))) + "|")
    for label, pick in _CARD:
        lines.append(
            f"| {label} | "
            + " | ".join(pick(part["judged"]) for _, part in _columns(one, final))
            + " |"
        )
    return "\n".join(lines)


def _columns(one: Row | None, final: Row | None) -> list[tuple[str, Row]]:
    named = (("held out, one source after the other", one), ("reserved sources, once", final))
    return [(name, part) for name, part in named if part is not None]


_CARD: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("sources; seeds", lambda j: f"{len(j['folds'])}; {j['seeds']}"),
    (
        "RMSE, mean over sources",
        lambda j: f"{number(j['mean']['rmse'])} ± {number(j['std']['rmse'])}",
    ),
    ("RMSE, worst source", lambda j: number(j["worst"]["rmse"])),
    ("PLCC; 1-PLCC", lambda j: f"{j['mean']['plcc']:.5f}; {number(j['mean']['one_minus_plcc'])}"),
    (
        "SROCC; 1-SROCC",
        lambda j: f"{j['mean']['srocc']:.5f}; {number(j['mean']['one_minus_srocc'])}",
    ),
    ("p99.9 of the error, mean over sources", lambda j: number(j["mean"]["p999_error"])),
    ("largest error of any frame", lambda j: number(j["worst"]["max_error"])),
    ("largest error of any clip's mean", lambda j: number(j["clips"]["mean"]["max_error"])),
    (
        "largest error of any clip's harmonic mean",
        lambda j: number(j["clips"]["harmonic_mean"]["max_error"]),
    ),
)


def fill(page: Path, block: str) -> None:
    """Replace what is between the marks of a page; ValueError when it has none."""
    text = page.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{page}: expected one {BEGIN} and one {END}")
    pattern = f"{re.escape(BEGIN)}.*{re.escape(END)}"
    page.write_text(
        re.sub(pattern, lambda _: f"{BEGIN}\n\n{block.strip()}\n\n{END}", text, flags=re.S)
    )
