/* VIF, vertical pass. The text is in simd/vif_columns.h; here every case gets its constants. */
#include "kernels/avx2/tier.h"
#include "kernels/avx2/vector.h"
#include "kernels/simd/routines.h"
#include "kernels/simd/vif_columns.h"

#define EACH_BLOCK(call)                                                                           \
    for (int done = 0; done < cols; done += BLOCK) {                                               \
        const int from = x + done, column = VIF_TILE_ORIGIN + done, n = cols - done;               \
        call;                                                                                      \
    }

void TIER(vif_reference_columns_u8)(const vif_level *level, const uint8_t *const *ref, int x,
                                    int rows, int cols, vif_reference_tile *tile)
{
    EACH_BLOCK(reference_block(8, 4, level, ref, from, column, n, rows, 0, tile))
}

void TIER(vif_reference_columns_u16)(const vif_level *level, const uint8_t *const *ref, int x,
                                     int rows, int cols, vif_reference_tile *tile)
{
    switch (level->radius) {
    case 8: EACH_BLOCK(reference_block(8, 4, level, ref, from, column, n, rows, 1, tile)) break;
    case 4: EACH_BLOCK(reference_block(4, 2, level, ref, from, column, n, rows, 1, tile)) break;
    case 2: EACH_BLOCK(reference_block(2, 1, level, ref, from, column, n, rows, 1, tile)) break;
    default: EACH_BLOCK(reference_block(1, -1, level, ref, from, column, n, rows, 1, tile)) break;
    }
}

void TIER(vif_distorted_columns_u8)(const vif_level *level, const uint8_t *const *ref,
                                    const uint8_t *const *dis, int x, int rows, int cols,
                                    vif_distorted_tile *tile)
{
    EACH_BLOCK(distorted_block(8, 4, level, ref, dis, from, column, n, rows, 0, tile))
}

void TIER(vif_distorted_columns_u16)(const vif_level *level, const uint8_t *const *ref,
                                     const uint8_t *const *dis, int x, int rows, int cols,
                                     vif_distorted_tile *tile)
{
    switch (level->radius) {
    case 8: EACH_BLOCK(distorted_block(8, 4, level, ref, dis, from, column, n, rows, 1, tile)) break;
    case 4: EACH_BLOCK(distorted_block(4, 2, level, ref, dis, from, column, n, rows, 1, tile)) break;
    case 2: EACH_BLOCK(distorted_block(2, 1, level, ref, dis, from, column, n, rows, 1, tile)) break;
    default:
        EACH_BLOCK(distorted_block(1, -1, level, ref, dis, from, column, n, rows, 1, tile)) break;
    }
}
