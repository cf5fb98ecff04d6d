#!/usr/bin/env bash
# For whoever has an NVIDIA GPU: everything that needs one, on a machine with its driver and no more.
#
#   scripts/check-gpu.sh                 all of the steps below, made to take less than ten minutes
#   scripts/check-gpu.sh sanitize bench  some of them
#
#   setup     .venv with what the driver can work with; nothing when that is there already
#   test      exactness, streams, frames and results on the device, models: on the GPU
#   bench     speed at 1080p and 2160p, 8 and 10 bit, beside the prediction and what uploads allow
#   sanitize  a few frames under compute-sanitizer: memcheck with leaks, initcheck, racecheck, synccheck
#
# A step that fails ends none of the others; the last lines say which did. What was printed stays in
# build/gpu/ (RESULTS=...). PYTHON=... names an interpreter that has everything, in the place of .venv's, and
# PYVMAF_TINY_TEST_DEVICE=... another device than "cuda". No network is needed once it is set up.
set -uo pipefail
cd "$(dirname "$0")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_PROGRESS_BAR=off
export PYVMAF_TINY_TEST_DEVICE=${PYVMAF_TINY_TEST_DEVICE:-cuda}
python=${PYTHON:-$PWD/.venv/bin/python}
results=${RESULTS:-build/gpu}
device=$PYVMAF_TINY_TEST_DEVICE

# The major version of CUDA that the driver is for, or nothing where there is none.
driver_cuda() {
    "$1" -c 'import ctypes
version = ctypes.c_int()
ctypes.CDLL("libcuda.so.1").cuDriverGetVersion(ctypes.byref(version))
print(version.value // 1000)' 2>/dev/null
}

# Whether the interpreter has what the steps need, and packages that are not newer than the driver.
is_ready() {
    "$python" - "$1" <<'END'
import importlib.metadata as metadata
import sys

try:
    import cuda.bindings.nvrtc, onnx, pytest, pyvmaf_tiny  # noqa: E401, F401

    sys.path.insert(0, "benchmarks")
    import gpu_cubin

    gpu_cubin.find_disassembler()
    bindings = int(metadata.version("cuda-bindings").split(".")[0])
except (ImportError, metadata.PackageNotFoundError) as error:
    sys.exit(f"not there yet: {error}")
if bindings > int(sys.argv[1]):
    sys.exit(f"cuda-bindings {bindings} are newer than the driver")
END
}

# The program of the PyPI package, with what it has to be told, or that of a toolkit.
find_sanitizer() {
    "$python" - <<'END'
import importlib.metadata as metadata
import os
import shutil

for package in ("nvidia-cuda-sanitizer-api", "nvidia-cuda-sanitizer-api-cu12"):
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        continue
    for file in files:
        if file.match("bin/compute-sanitizer"):
            path = file.locate().resolve()
            if not os.access(path, os.X_OK):  # so in the wheels of CUDA 12
                path.chmod(0o755)
            libraries = path.parent.parent / "lib"
            print(path)
            if (libraries / "libsanitizer-collection.so").exists():
                print(f"--injection-path\n{libraries}")
            raise SystemExit
found = shutil.which("compute-sanitizer")
if found is None:
    raise SystemExit("no compute-sanitizer here: pip install nvidia-cuda-sanitizer-api")
print(found)
END
}

setup() {
    local here=$python major
    command -v "$here" >/dev/null || here=python3
    major=$(driver_cuda "$here")
    if [ -z "$major" ] && [ "${device%%:*}" = cuda ]; then
        echo "no NVIDIA driver here: no libcuda.so.1 that can be loaded" >&2
        return 1
    fi
    ((${major:-13} <= 13)) || major=13
    if command -v "$python" >/dev/null && is_ready "${major:-13}" && find_sanitizer >/dev/null; then
        echo "everything is there"
    elif [ -n "${PYTHON:-}" ]; then
        echo "$PYTHON lacks something; without PYTHON=... it is installed into .venv" >&2
        return 1
    elif ((${major:-13} < 12)); then
        echo "the driver is for CUDA $major; the oldest that can be used is 525, for CUDA 12" >&2
        return 1
    else
        scripts/setup.sh "gpu${major:-13}"
    fi
    "$python" -m pyvmaf_tiny engines
}

run_tests() {
    timeout 240 "$python" -m pytest -p no:cacheprovider --durations=10 tests/test_gpu_exact.py \
        tests/test_gpu_engine.py tests/test_gpu_device_arrays.py tests/test_gpu_rows.py \
        tests/test_gpu_model.py tests/test_gpu_results.py
}

# Kernels are compiled before, and without a tool: that takes long under one.
sanitize() {
    local sanitizer failed=0 tool options
    timeout 120 "$python" tests/gpu_frames.py || return 1
    mapfile -t sanitizer < <(find_sanitizer)
    ((${#sanitizer[@]})) || return 1
    for tool in memcheck initcheck racecheck synccheck; do
        options=(--tool "$tool" --error-exitcode 9 --target-processes application-only)
        # The bindings ask for functions that not every driver has.
        [ "$tool" != memcheck ] || options+=(--leak-check full --ignore-getprocaddress-notfound)
        printf '\n== compute-sanitizer %s\n' "${options[*]}"
        timeout 100 "${sanitizer[@]}" "${options[@]}" "$python" tests/gpu_frames.py || {
            echo "== $tool: exit $?"
            failed=1
        }
    done
    return "$failed"
}

bench() {
    local failed=0 name size bits reports=()
    for size in ${SIZES:-1920x1080 3840x2160}; do
        for bits in 8 10; do
            name=$results/bench-$size-$bits.json
            if timeout 100 "$python" -m pyvmaf_tiny bench --size "$size" --bitdepth "$bits" \
                --device "$device" --streams 1,4 --json >"$name"; then
                reports+=("$name")
            else
                echo "bench of $size at $bits bit: exit $?" >&2
                failed=1
            fi
        done
    done
    ((${#reports[@]})) || return 1
    "$python" benchmarks/gpu_report.py "${reports[@]}" || failed=1
    return "$failed"
}

for step in "$@"; do
    case $step in
    setup | test | sanitize | bench) ;;
    *)
        echo "usage: scripts/check-gpu.sh [setup] [test] [bench] [sanitize]" >&2
        exit 2
        ;;
    esac
done
mkdir -p "$results"
summary=()
status=0
for step in "${@:-setup test bench sanitize}"; do
    for each in $step; do
        printf '\n######## %s (%d s so far)\n' "$each" "$SECONDS"
        begun=$SECONDS
        command=$each
        [ "$each" != test ] || command=run_tests
        $command 2>&1 | tee "$results/$each.log"
        if ((PIPESTATUS[0])); then
            summary+=("$each: FAILED after $((SECONDS - begun)) s, see $results/$each.log")
            status=1
        else
            summary+=("$each: passed, $((SECONDS - begun)) s")
        fi
    done
done
printf '\n######## done (%d s)\n' "$SECONDS"
printf '%s\n' "${summary[@]}" | tee "$results/summary.log"
exit "$status"
