"""Every model on the same held-out rows: figures, tables, pictures, model cards."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pyvmaf_tiny.model import Model, Registry, load_model
from pyvmaf_tiny_ai.contenders import Contender, Fixed, Quantised, Trained, family, published
from pyvmaf_tiny_ai.evaluation_plots import write_plots
from pyvmaf_tiny_ai.evaluation_report import BEGIN, END, card, fill, folds_page, summary_page
from pyvmaf_tiny_ai.judging import judge, short
from pyvmaf_tiny_ai.outoffold import Workshop, make_all
from pyvmaf_tiny_ai.provenance import run_provenance, write_json
from pyvmaf_tiny_ai.splits import leave_one_source_out
from pyvmaf_tiny_ai.table import features_of, read_table

from .common import describe_corpus, load_teacher_or, parser, run
from .distilling import teacher_of

RESULTS = "evaluation.json"


def main(documentation: str | None) -> int:
    """Evaluate; see the options."""
    return run(lambda: _main(documentation))


def _main(documentation: str | None) -> int:
    options = parser(documentation)
    add = options.add_argument
    add("--parquet", type=Path, required=True, help="feature table")
    add("--seeds", type=int, help="of each recipe (default: what the published figures have)")
    add(
        "--only",
        nargs="+",
        metavar="MODEL",
        help="these models (default: all); others stay as they are",
    )
    add(
        "--fresh",
        action="store_true",
        help="drop held-out figures that are there, and any of another table",
    )
    add("--anchors", type=Path, metavar="DIR", help="published .onnx files, set beside ours")
    add("--teacher", type=Path, help="libvmaf's vmaf_v0.6.1.json (default: fetched)")
    add("--reserved", action="store_true", help="score the shipped files on the reserved sources")
    add("--runs", type=Path, default=Path("runs/evaluation"), help="students (%(default)s)")
    add("--docs", type=Path, default=Path("docs"), help="where reports go (%(default)s)")
    arguments = options.parse_args()
    if arguments.seeds is not None and arguments.seeds < 1:
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
    corpus = describe_corpus(arguments.parquet, table)
    known = before.get("corpus", corpus)["sha256"]
    if known != corpus["sha256"] and not arguments.fresh:
        raise ValueError(
            f"{arguments.parquet} (sha256 {corpus['sha256'][:16]}) is not the table of the figures "
            f"in {arguments.docs} ({known[:16]}); give another --docs, or --fresh to drop them"
        )
    workshop = Workshop(table, leave_one_source_out(table), arguments.runs)
    chosen = _chosen(arguments)
    if any(isinstance(one, Trained) and "teacher" in one.recipe for one in chosen):
        teacher_of(arguments, table)
    wanted = [(one, seed) for one in chosen for seed in _seeds(one, arguments.seeds)]
    # What an int8 model is made of comes first.
    floats = [(one.of, seed) for one, seed in wanted if isinstance(one, Quantised)]
    make_all(workshop, floats + wanted)
    found = {} if arguments.fresh else dict(before.get("contenders", {}))
    reserved = before.get("reserved")
    if reserved and reserved["parquet_sha256"] != corpus["sha256"]:
        reserved = None
    for contender in chosen:
        seeds = _seeds(contender, arguments.seeds)
        judged = judge(table, [workshop.scores(contender, seed) for seed in seeds])
        found[contender.id] = {**_facts(contender), "judged": short(judged)}
    return {
        "corpus": corpus,
        "contenders": {name: found[name] for name in sorted(found, key=_order)},
        **({"reserved": reserved} if reserved else {}),
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


def _seeds(contender: Contender, asked: int | None) -> range:
    """As many as were asked for; a file as it is has no seed to choose."""
    return range(1 if isinstance(contender, Fixed) else asked or contender.seeds)


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
    """Score the registry's files, and the published ones, on the reserved rows: each file once.

    ValueError when the figures that are there are those of another table.
    """
    before = document.get("reserved", {})
    table = read_table(arguments.parquet, reserved=True)
    digest = describe_corpus(arguments.parquet, table)["sha256"]
    if before and before["parquet_sha256"] != digest:
        raise ValueError(
            f"{arguments.parquet} (sha256 {digest[:16]}) is not the table of the reserved figures "
            f"in {arguments.docs} ({before['parquet_sha256'][:16]}); give another --docs"
        )
    registry = Registry.load()
    known = dict(before.get("models", {}))
    models: dict[str, Any] = {}
    for entry in registry.entries:
        neg = str(registry.sidecar(entry).get("teacher", "")).endswith("neg")
        rows = read_table(arguments.parquet, reserved=True, neg=True) if neg else table
        scored = partial(_scored, load_model(entry.id), rows)
        models[entry.id] = _once(entry.id, entry.sha256, known.pop(entry.id, None), scored)
    for one in published(arguments.anchors) if arguments.anchors else []:
        graph = one.graph()
        place = arguments.runs / "published" / f"{one.id}.onnx"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(graph)
        scored = partial(_scored, load_model(place), table)
        sha256 = hashlib.sha256(graph).hexdigest()
        models[one.id] = _once(one.id, sha256, known.pop(one.id, None), scored)
    return {
        "sources": sorted(table["source"].unique().tolist()),
        "rows": len(table),
        "parquet_sha256": digest,
        # What this registry or folder does not have stays: it was scored all the same.
        "models": {name: (models | known)[name] for name in sorted(models | known, key=_order)},
    }


def _once(
    model_id: str,
    sha256: str,
    before: dict[str, Any] | None,
    scored: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """The figures of a file, which may be there already; ``files`` counts the model's files."""
    if before is not None and before.get("sha256") == sha256:
        print(f"{model_id}: scored before, not again")
        return before
    files = 1 if before is None else before.get("files", 1) + int("sha256" in before)
    if files > 1:
        print(f"{model_id}: file {files} of it that is scored on the reserved sources")
    return {"sha256": sha256, "files": files, **scored()}


def _scored(model: Model, table: pd.DataFrame) -> dict[str, Any]:
    scores = np.clip(model.predict(features_of(table)), 0.0, 100.0)
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
