#!/usr/bin/env bash
# Trains vmaf_tiny_d1 for real on the committed rows, and takes it all the way to a registry: export,
# gate on footage that it has not seen, registration, verification. Then leaves one source out, with
# fewer steps. After check-corpus.sh, which fetches the teacher and builds that footage's rows.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
folder=build/training
teacher=.cache/packages/vmaf_v0.6.1.json
rows=tests/data/corpus_rows.parquet
rm -rf "$folder"
mkdir -p "$folder"

# The corpus of check-corpus.sh is of these sources: without them it is new to the model.
"$python" - "$rows" "$folder/others.parquet" <<'END'
import sys

import pandas as pd

table = pd.read_parquet(sys.argv[1])
table[~table["source"].isin(["bikes", "carphone", "test_card"])].to_parquet(sys.argv[2])
END

"$python" ai/scripts/train_vmaf_tiny_d1.py --parquet "$folder/others.parquet" --teacher "$teacher" \
    --out-ckpt "$folder/vmaf_tiny_d1.ckpt" --out-stats "$folder/vmaf_tiny_d1_stats.json"
"$python" ai/scripts/export_vmaf_tiny_d1.py --ckpt "$folder/vmaf_tiny_d1.ckpt" \
    --out-onnx "$folder/vmaf_tiny_d1.onnx" --out-sidecar "$folder/vmaf_tiny_d1.json"

validate() {
    "$python" ai/scripts/validate_vmaf_tiny_d1.py --onnx "$folder/vmaf_tiny_d1.onnx" \
        --parquet build/corpus/rows.parquet --out-json "$folder/validate.json" "$@"
}
validate --max-rmse 0.005 --max-error 0.1
if validate --max-error 1e-9; then
    echo "a gate that no model meets did not refuse" >&2
    exit 1
fi

"$python" ai/scripts/register_model.py --sidecar "$folder/vmaf_tiny_d1.json"
.venv/bin/pyvmaf-tiny models verify
"$python" ai/scripts/eval_loso_vmaf_tiny_d1.py --parquet build/corpus/rows.parquet \
    --teacher "$teacher" --seeds 1 --stages 2x30 1x100 --made-rows 2000 \
    --runs "$folder/students" --out-json "$folder/loso.json"
