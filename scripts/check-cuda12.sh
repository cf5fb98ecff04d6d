#!/usr/bin/env bash
# The packages of CUDA 12 (the extra cuda12) in the place of those of CUDA 13 that .venv has: NVRTC 12
# compiles every kernel, and the bindings take our calls. Needs .venv (make setup); half a minute of CPU time.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=build/cuda12
read -ra requirements < <(.venv/bin/python - <<'END'
import tomllib

with open("pyproject.toml", "rb") as file:
    wanted = tomllib.load(file)["project"]["optional-dependencies"]["cuda12"]
print(*(each for each in wanted if each.startswith(("cuda-", "nvidia-"))))
END
)

rm -rf "$folder"
.venv/bin/python -m venv --without-pip "$folder"
.venv/bin/python -m pip --python "$folder/bin/python" install --quiet "${requirements[@]}"
# Everything else is .venv's, and comes behind on the path.
site=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
others=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "import site; site.addsitedir('$others')" >"$site/others.pth"

"$folder/bin/python" -c '
from cuda.bindings import driver, nvrtc

assert driver.CUDA_VERSION // 1000 == nvrtc.nvrtcVersion()[1] == 12
print("cuda-bindings", driver.CUDA_VERSION, "NVRTC", nvrtc.nvrtcVersion()[1:])'
"$folder/bin/python" -m pytest --quiet tests/test_gpu_nvrtc.py tests/test_gpu_bindings.py
rm -r "$folder" # 300 MB
