"""Set all models side by side on the same held-out rows.

python ai/scripts/evaluate_models.py --parquet runs/full_features_packages.parquet --anchors DIR

Leave one source out, with several seeds. Trains what is not in runs/evaluation yet, so a run that
was stopped goes on; then writes docs/models/evaluation.json, and from that file docs/models/
evaluation.md and evaluation_folds.md, their pictures, and the marked part of every model card.

python ai/scripts/evaluate_models.py --parquet runs/full_features_packages.parquet --reserved

scores the files in model/tiny on the reserved sources: at the very end, each file once.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import evaluate

if __name__ == "__main__":
    sys.exit(evaluate.main(__doc__))
