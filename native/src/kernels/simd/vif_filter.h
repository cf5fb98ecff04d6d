/*
 * The VIF low-pass kernels as 16-bit pair multiply-adds.
 *
 * A vector of 32-bit lanes holds pairs (x[2i], x[2i+1]) of centred 16-bit samples. With the
 * weights (w0,w1)(w2,w3).. such pairs give the output whose window starts at the first sample of
 * the pair; with (0,w0)(w1,w2).. the one that starts at the second. So one load serves two outputs:
 * two rows in the vertical pass, an even and an odd column in the horizontal one.
 *
 * Weights sum to 65536, so sums of centred samples stay within -2^31 .. 2^31 - 65536 and what is
 * added to them below does not overflow. The one weight above int16, 43728 at radius 1, is applied
 * as twice 21864.
 */
#ifndef PVT_SIMD_VIF_FILTER_H
#define PVT_SIMD_VIF_FILTER_H

#include "kernels/kernels.h"

/* Included after a tier's vector.h. */

INLINE int vif_tap(int radius, int tap)
{
    static const int16_t radius8[] = {489,  935,  1640, 2640, 3896, 5274, 6547, 7455, 7784,
                                      7455, 6547, 5274, 3896, 2640, 1640, 935,  489};
    static const int16_t radius4[] = {1244, 3663, 7925, 12590, 14692, 12590, 7925, 3663, 1244};
    static const int16_t radius2[] = {3571, 16004, 26386, 16004, 3571};
    static const int16_t radius1[] = {10904, 21864, 10904}; /* the centre counts twice */
    if (tap < 0 || tap > 2 * radius)
        return 0;
    return radius == 8   ? radius8[tap]
           : radius == 4 ? radius4[tap]
           : radius == 2 ? radius2[tap]
                         : radius1[tap];
}

INLINE vint vif_pair(int low, int high)
{
    return v_set((int32_t)((uint32_t)high << 16 | (uint32_t)low));
}

/* Weights of pair m for the output that starts at the pair's first sample, or at its second. */
INLINE vint vif_weights(int radius, int m, int second)
{
    return vif_pair(vif_tap(radius, 2 * m - second), vif_tap(radius, 2 * m + 1 - second));
}

/* Pairs that a window of 2 * radius + 1 samples touches, for both outputs. */
INLINE int vif_pairs(int radius) { return radius + 1; }

/* Two outputs from pairs that lie `step` vectors apart, each added to its start value. */
#define VIF_FILTER(radius, LOAD, first_sum, second_sum)                                            \
    do {                                                                                           \
        _Pragma("GCC unroll 9") for (int m_ = 0; m_ < vif_pairs(radius); m_++)                     \
        {                                                                                          \
            const vint x_ = LOAD(m_);                                                              \
            first_sum = v_madd(first_sum, x_, vif_weights(radius, m_, 0));                         \
            second_sum = v_madd(second_sum, x_, vif_weights(radius, m_, 1));                       \
        }                                                                                          \
        if ((radius) == 1) {                                                                       \
            first_sum = v_madd(first_sum, LOAD(0), vif_pair(0, vif_tap(1, 1)));                    \
            second_sum = v_madd(second_sum, LOAD(1), vif_pair(vif_tap(1, 1), 0));                  \
        }                                                                                          \
    } while (0)

#endif
