/* VIF, pyramid: horizontal pass of the next level, written once for every SIMD tier. */
#include "tier.h"
#include "vector.h"

#include "kernels/simd/routines.h"
#include "kernels/simd/vif_filter.h"

/* Every second column of a row, filtered with the next level's kernel and rounded to 16 bits. */
INLINE void decimate_row(int radius, const int16_t *row, int n, uint16_t *out)
{
    for (int k = 0; k < n; k += LANES) {
        const int16_t *from = row + 2 * k - radius;
        vint sum = v_set((int32_t)0x80008000u);
#pragma GCC unroll 5
        for (int m = 0; m < vif_pairs(radius); m++)
            sum = v_madd(sum, v_load(from + 2 * m), vif_weights(radius, m, 0));
        if (radius == 1)
            sum = v_madd(sum, v_load(from), vif_pair(0, vif_tap(1, 1)));
        v_store_low16(out + k, v_srl(sum, 16));
    }
}

void TIER(vif_decimate)(const vif_level *level, const int16_t *row, int first, int n, uint16_t *out)
{
    const int16_t *from = row + VIF_TILE_ORIGIN + first;
    switch (level->next_radius) {
    case 4: decimate_row(4, from, n, out); break;
    case 2: decimate_row(2, from, n, out); break;
    default: decimate_row(1, from, n, out); break;
    }
}
