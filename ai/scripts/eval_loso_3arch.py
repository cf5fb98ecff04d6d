"""Leave one source out, for linear, mlp_small and mlp_medium side by side.

python ai/scripts/eval_loso_3arch.py
python ai/scripts/eval_loso_3arch.py --parquet runs/full_features_packages.parquet

The first reads model/tiny/training_runs/loso_ARCH/fold_SOURCE, one run of run_training.sh each; the
second trains the folds itself. Writes runs/loso_eval/loso_3arch_eval.json and .md.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyvmaf_tiny_ai.commands import loso_3arch

if __name__ == "__main__":
    sys.exit(loso_3arch.main(__doc__))
