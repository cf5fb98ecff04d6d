/* Checks on samples, written once for every SIMD tier. */
#include "tier.h"
#include "vector.h"

#include "kernels/simd/routines.h"

uint16_t TIER(or_u16)(const uint8_t *row, int n)
{
    vint bits = v_zero();
    for (int x = 0; x < n; x += BLOCK)
        bits = v_or(bits, v_load_u16(row + 2 * (ptrdiff_t)x, n - x));
    uint16_t lane[BLOCK], all = 0;
    v_store(lane, bits);
    for (int i = 0; i < BLOCK; i++)
        all |= lane[i];
    return all;
}
