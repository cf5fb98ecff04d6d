/* VIF, horizontal pass: windowed moments of a row of a tile (after a tier's vif_filter.h). */
#ifndef PVT_SIMD_VIF_MOMENTS_H
#define PVT_SIMD_VIF_MOMENTS_H

#include "kernels/kernels.h"

/* Planes of a tile. A second moment has two: Q = A + ((B + 2^15) >> 16) + 2^31. */
enum { MEAN, SQUARE, SQUARE_LOW, REFERENCE_PLANES, PRODUCT = 3, PRODUCT_LOW, DISTORTED_PLANES };

/* Windowed moments of one row of a block: mean, square and product, unsigned. */
typedef struct vif_moments {
    vint mean[2], square[2], product[2];
} vif_moments;

INLINE void join_halves(const vint high[2], const vint low[2], vint out[2])
{
    for (int i = 0; i < 2; i++)
        out[i] = v_add(high[i], v_sra(low[i], 16));
}

INLINE void filter_moments(int radius, int planes, const vif_plane *tile, int row, int at,
                           vif_moments *out)
{
    const vint high = v_set((int32_t)0x80000000u), low = v_set(0x8000);
    const int16_t *from[DISTORTED_PLANES];
    vint sums[DISTORTED_PLANES][2];
    for (int p = 0; p < planes; p++) {
        from[p] = &tile[p][row][at - radius];
        sums[p][0] = sums[p][1] = p == SQUARE_LOW || p == PRODUCT_LOW ? low : high;
    }
    filter_planes(radius, planes, from, sums);
    for (int i = 0; i < 2; i++)
        out->mean[i] = sums[MEAN][i];
    join_halves(sums[SQUARE], sums[SQUARE_LOW], out->square);
    if (planes == DISTORTED_PLANES)
        join_halves(sums[PRODUCT], sums[PRODUCT_LOW], out->product);
}

#endif
