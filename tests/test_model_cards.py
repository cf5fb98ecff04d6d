"""What a card says about the default model on sources that no choice looked at."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

CARDS = Path(__file__).parents[1] / "docs" / "models"


def test_figures_over_the_sources_that_the_card_does_not_name() -> None:
    text = (CARDS / "vmaf_tiny_d1.md").read_text()
    document = json.loads((CARDS / "evaluation.json").read_text())
    folds = document["contenders"]["vmaf_tiny_d1"]["judged"]["folds"]
    clean = [fold for source, fold in folds.items() if not re.search(rf"\b{source}\b", text)]
    rmse = [fold["rmse"] for fold in clean]
    plcc, srocc = (
        np.mean([fold[name] for fold in clean]) for name in ("one_minus_plcc", "one_minus_srocc")
    )
    said = (
        f"Over the {len(clean)} sources that this card does not name: RMSE {np.mean(rmse):.5f} on "
        f"average and {max(rmse):.4f} at worst, largest error "
        f"{max(fold['max_error'] for fold in clean):.4f}, 1-PLCC {plcc:.1e}, 1-SROCC {srocc:.1e} "
    )
    assert said in " ".join(text.split())
