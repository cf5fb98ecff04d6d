#!/usr/bin/env bash
# The three-architecture harness; --help lists the options. VMAF_DATA_ROOT is the corpus's folder,
# VMAF_TRAIN_OUT_DIR where results go, VMAF_TINY_AI_CACHE where feature rows are kept. PYTHON picks
# the interpreter.
set -euo pipefail
exec "${PYTHON:-python3}" "$(dirname "${BASH_SOURCE[0]}")/train_harness.py" "$@"
