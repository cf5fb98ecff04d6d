"""Every model on the same held-out rows: figures, tables, pictures, model cards."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pyvmaf_tiny.model import Registry, load_model
from pyvmaf_tiny_ai.contenders import Contender, Quantised, Trained, family, published
from pyvmaf_tiny_ai.evaluation_plots import write_plots
from pyvmaf_tiny_ai.evaluation_report import BEGIN, END, card, fill, folds_page, summary_page
from pyvmaf_tiny_ai.judging import judge, short
from pyvmaf_tiny_ai.outoffold import Workshop, make_all
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.splits import leave_one_source_out
from pyvmaf_tiny_ai.table import features_of, read_table

from .common import describe_corpus, load_teacher_or, parser, run

RESULTS = "evaluation.json"


def main(documentation: str | None) -> int:
    """Evaluate; see the options."""
    return run(lambda: _main(documentation))


def _main(documentation: str | None) -> int:
    options = parser(documentation)
    add = options.add_argument
    add("--parquet", type=Path, required=True, help="feature table")
    add("--seeds", type=int, default=3, help="at most so many of each recipe (%(default)s)")
    add(
        "--only",
        nargs="+",
        metavar="MODEL",
        help="these models (default: all); others stay as they are",
    )
    add("--anchors", type=Path, metavar="DIR", help="published .onnx files, set beside ours")
    add("--teacher", type=Path, help="libvmaf's vmaf_v0.6.1.json (default: fetched)")
    add("--reserved", action="store_true", help="score the shipped files on the reserved sources")
    add("--runs", type=Path, default=Path("runs/evaluation"), help="students (%(default)s)")
    add("--docs", type=Path, default=Path("docs"), help="where reports go (%(default)s)")
    arguments = options.parse_args()
    if arguments.seeds < 1:
        raise ValueError(f"{arguments.seeds} seeds, expected at least 1")

    results = arguments.docs / "models" / RESULTS
    document = json.loads(results.read_text()) if results.exists() else {}
    if arguments.reserved:
        document["reserved"] = _reserved(arguments, document)
    else:
        document = _held_out(arguments, document)
    write_json(results, document, compact=True)
    _publish(json.loads(results.read_text()), arguments.docs)
    return 0


def _held_out(arguments: argparse.Namespace, before: dict[str, Any]) -> dict[str, Any]:
    table = read_table(arguments.parquet)
    workshop = Workshop(table, leave_one_source_out(table), arguments.runs)
    chosen = _chosen(arguments)
    wanted = [(one, seed) for one in chosen for seed in _seeds(one, arguments.seeds)]
    # What an int8 model is made of comes first.
    make_all(workshop, [(one.of, 0) for one in chosen if isinstance(one, Quantised)] + wanted)
    corpus = describe_corpus(arguments.parquet, table)
    found = dict(before["contenders"]) if before.get("corpus") == corpus else {}
    for contender in chosen:
        seeds = _seeds(contender, arguments.seeds)
        judged = judge(table, [workshop.scores(contender, seed) for seed in seeds])
        found[contender.id] = {**_facts(contender), "judged": short(judged)}
    return {
        "corpus": corpus,
        "contenders": {name: found[name] for name in sorted(found, key=_order)},
        **({"reserved": before["reserved"]} if "reserved" in before else {}),
        "run_provenance": run_provenance(
            "ai/scripts/evaluate_models.py",
            sys.argv[1:],
            {"seeds": arguments.seeds, "only": arguments.only},
            {"parquet": arguments.parquet},
            {"docs": arguments.docs},
            ("torch", "numpy", "scipy", "onnxruntime"),
        ),
    }


def _chosen(arguments: argparse.Namespace) -> list[Contender]:
    ours = family(lambda: load_teacher_or(arguments.teacher))
    known = [*ours, *(published(arguments.anchors) if arguments.anchors else [])]
    ids = [contender.id for contender in known]
    for wanted in arguments.only or []:
        if wanted not in ids:
            raise ValueError(f"no model {wanted!r}, there are {', '.join(ids)}")
    return [one for one in known if arguments.only is None or one.id in arguments.only]


def _order(contender_id: str) -> int:
    """In a report's tables: ours as they came, then what others published."""
    return int(contender_id.startswith("published"))


def _seeds(contender: Contender, asked: int) -> range:
    if isinstance(contender, Trained):
        return range(min(asked, contender.seeds))
    return range(1)


def _facts(contender: Contender) -> dict[str, Any]:
    of = contender.of if isinstance(contender, Quantised) else contender
    network = of if isinstance(of, Trained) else None
    return {
        "layers": network.layers if network else "–",
        "parameters": network.parameters if network else None,
        "how": contender.how,
        "recipe": network.recipe if network else None,
    }


def _reserved(arguments: argparse.Namespace, document: dict[str, Any]) -> dict[str, Any]:
    """Score the registry's files, and the published ones, on the reserved rows: once."""
    registry = Registry.load()
    known = document.get("reserved", {}).get("models", {})
    models: dict[str, Any] = {}
    for entry in registry.entries:
        neg = str(registry.sidecar(entry).get("teacher", "")).endswith("neg")
        table = read_table(arguments.parquet, reserved=True, neg=neg)
        if known.get(entry.id, {}).get("sha256") == entry.sha256:
            models[entry.id] = known[entry.id]
            print(f"{entry.id}: scored before, not again")
            continue
        scores = load_model(entry.id).predict(features_of(table))
        models[entry.id] = {"sha256": entry.sha256, **_final(table, scores)}
    table = read_table(arguments.parquet, reserved=True)
    for one in published(arguments.anchors) if arguments.anchors else []:
        folder = arguments.runs / "published"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{one.id}.onnx").write_bytes(one.graph())
        scores = load_model(folder / f"{one.id}.onnx").predict(features_of(table))
        models[one.id] = _final(table, np.clip(scores, 0.0, 100.0))
    return {
        "sources": sorted(table["source"].unique().tolist()),
        "rows": len(table),
        "parquet_sha256": describe_corpus(arguments.parquet, table)["sha256"],
        "models": models,
    }


def _final(table: pd.DataFrame, scores: Any) -> dict[str, Any]:
    return {"judged": short(judge(table, [scores]))}


def _publish(document: dict[str, Any], docs: Path) -> None:
    """Write pages and pictures, and fill the marked part of every card that has one."""
    if "contenders" in document:
        write_plots(document["contenders"], docs / "images")
        fill(docs / "models" / "evaluation.md", summary_page(document))
        fill(docs / "models" / "evaluation_folds.md", folds_page(document))
    for page in sorted((docs / "models").glob("*.md")):
        if page.stem.startswith("evaluation"):
            continue
        text = page.read_text()
        if BEGIN not in text or END not in text:
            continue
        if any(page.stem in found for found in _known(document)):
            fill(page, card(document, page.stem))
        else:
            print(f"{page}: no figures of {page.stem}, left as it is")


def _known(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [document.get("contenders", {}), document.get("reserved", {}).get("models", {})]
