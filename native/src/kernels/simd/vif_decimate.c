/* VIF, pyramid: horizontal pass of the next level, written once for every SIMD tier. */
#include "tier.h"
#include "vector.h"
#include "vif_filter.h"

#include "kernels/simd/routines.h"

/* Every second column of a row, filtered with the next level's kernel and rounded to 16 bits. */
INLINE void decimate_row(int radius, const int16_t *row, int n, uint16_t *out)
{
    const vint start = v_set((int32_t)0x80008000u);
    vif_weights weights;
    vif_load_weights(radius, &weights);
    for (int k = 0; k < n; k += LANES) {
        const vint sum = filter_every_second(radius, &weights, row + 2 * k - radius, start);
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
