"""Fit the piecewise polynomials that replace VIF's logarithm table in the SIMD kernels.

    python native/tools/fit_vif_log2.py > native/src/kernels/simd/vif_log2_table.h

The table is T(q) = floor(2048 * log2(q) + 513/1024) for q = 32768 .. 65535. With q cut into equal
segments, and d the distance of q to the start of its segment, a polynomial in d has to come so
near to T that rounding it to the nearest integer gives T for every q. Kernels find 256 d in the
mantissa of q as a float, so that is the unit the coefficients are printed for. Each segment is a
linear program: the coefficients that leave the largest margin to the rounding thresholds. The
result is then evaluated as the kernels do, in single precision with fused multiply-adds, for all
32,768 mantissas; the script fails if one of them is wrong.

Needs NumPy and SciPy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

MANTISSAS = np.arange(32768, 65536)
TABLE = np.floor(np.log2(MANTISSAS.astype(float)) * 2048 + 513 / 1024) - 15 * 2048


def fit_segment(
    distance: NDArray[np.float64], target: NDArray[np.float64], degree: int
) -> NDArray[np.float32]:
    """Coefficients (constant first), float32, with the largest rounding margin."""
    scale = 1.0 / distance[-1]
    powers = np.stack([(distance * scale) ** k for k in range(degree + 1)], axis=1)
    ones = np.ones((len(distance), 1))
    solution = linprog(
        [0.0] * (degree + 1) + [-1.0],
        A_ub=np.block([[powers, ones], [-powers, ones]]),
        b_ub=np.concatenate([target + 0.5, 0.5 - target]),
        bounds=[(None, None)] * (degree + 2),
        method="highs",
    )
    coefficients: NDArray[np.float64] = solution.x[:-1] * scale ** np.arange(degree + 1)
    return coefficients.astype(np.float32)


def evaluate(
    coefficients: NDArray[np.float32], distance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Horner's rule with fused multiply-adds in single precision, rounded to an integer."""
    y = np.full(len(distance), coefficients[-1], np.float32)
    for c in coefficients[-2::-1]:
        # a float32 product is exact in float64; its sum is too, or off by far less than counts
        y = (y.astype(float) * distance + float(c)).astype(np.float32)
    return np.rint(y)


def fit(segments: int, degree: int) -> NDArray[np.float32]:
    """Coefficients [power][segment], relative to the value at the segment's start."""
    length = 32768 // segments
    rows = []
    for s in range(segments):
        target = TABLE[s * length : (s + 1) * length] - s * (2048 // segments)
        distance = np.arange(length) / 32768.0
        coefficients = fit_segment(distance, target, degree)
        wrong = np.count_nonzero(evaluate(coefficients, distance) != target)
        if wrong:
            raise SystemExit(f"{segments} segments, degree {degree}: {wrong} wrong in segment {s}")
        rows.append(coefficients)
    return np.stack(rows, axis=1)


def print_table(name: str, table: NDArray[np.float32]) -> None:
    """One array per power of the distance, scaled from 1/32768 of q to 256 q: exactly."""
    for power, unscaled in enumerate(table):
        row = unscaled.astype(float) / 2.0 ** (23 * power)
        print(f"\nstatic const float {name}_{power}[{len(row)}] = {{")
        texts = [f"{float(c).hex()}f" for c in row]
        for start in range(0, len(texts), 3):
            print("    " + " ".join(f"{t}," for t in texts[start : start + 3]))
        print("};")


if __name__ == "__main__":
    print("/* Made by native/tools/fit_vif_log2.py: log2 by segments, see there. */")
    print("#ifndef PVT_VIF_LOG2_TABLE_H\n#define PVT_VIF_LOG2_TABLE_H")
    print_table("vif_log2_32", fit(32, 2))
    print_table("vif_log2_8", fit(8, 3))
    print("\n#endif")
