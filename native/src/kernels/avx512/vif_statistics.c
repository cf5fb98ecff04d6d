/* VIF, horizontal pass and statistics. The text is in simd/vif_statistics.h. */
#include "kernels/avx512/tier.h"
#include "kernels/avx512/vif_log2.h"
#include "kernels/simd/routines.h"
#include "kernels/simd/vif_statistics.h"

#define EACH_BLOCK(call)                                                                           \
    for (int block = 0; block < n; block += BLOCK) {                                               \
        const int left = n - block < BLOCK ? n - block : BLOCK;                                    \
        call;                                                                                      \
    }

void TIER(vif_reference_statistics)(const vif_level *level, const vif_reference_tile *tile,
                                    int rows, int first, int n, const uint16_t *log_table,
                                    vif_reference_stats *stats, vif_sums *sums)
{
    const int at = VIF_TILE_ORIGIN + first;
    (void)log_table; /* the scalar tier's */
    switch (level->radius) {
    case 8: EACH_BLOCK(reference_block_stats(8, tile, rows, at, block, left, stats, sums)) break;
    case 4: EACH_BLOCK(reference_block_stats(4, tile, rows, at, block, left, stats, sums)) break;
    case 2: EACH_BLOCK(reference_block_stats(2, tile, rows, at, block, left, stats, sums)) break;
    default: EACH_BLOCK(reference_block_stats(1, tile, rows, at, block, left, stats, sums)) break;
    }
}

void TIER(vif_pair_statistics)(const vif_level *level, const vif_distorted_tile *tile,
                               const vif_reference_stats *stats, int rows, int first, int n,
                               double gain_limit, const uint16_t *log_table, vif_sums *sums)
{
    const int at = VIF_TILE_ORIGIN + first;
    (void)log_table; /* the scalar tier's */
#define CASE(radius)                                                                               \
    EACH_BLOCK(pair_block_stats(radius, tile, stats, rows, at, block, left, gain_limit, sums))
    switch (level->radius) {
    case 8: CASE(8) break;
    case 4: CASE(4) break;
    case 2: CASE(2) break;
    default: CASE(1) break;
    }
#undef CASE
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
