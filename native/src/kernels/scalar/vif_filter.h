/* The VIF low-pass kernels as scalar correlations over centred 16-bit samples. */
#ifndef PVT_SCALAR_VIF_FILTER_H
#define PVT_SCALAR_VIF_FILTER_H

#include "kernels/kernels.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Weights in 1/65536 by radius: levels 0, 1, 2, 3. Each kernel sums to exactly 65536. */
ALWAYS_INLINE int32_t vif_weight(int radius, int tap)
{
    static const int32_t radius8[] = {489,  935,  1640, 2640, 3896, 5274, 6547, 7455, 7784,
                                      7455, 6547, 5274, 3896, 2640, 1640, 935,  489};
    static const int32_t radius4[] = {1244, 3663, 7925, 12590, 14692, 12590, 7925, 3663, 1244};
    static const int32_t radius2[] = {3571, 16004, 26386, 16004, 3571};
    static const int32_t radius1[] = {10904, 43728, 10904};
    switch (radius) {
    case 8: return radius8[tap];
    case 4: return radius4[tap];
    case 2: return radius2[tap];
    default: return radius1[tap];
    }
}

/*
 * out[j] = sum of weight[t] * x[j + t * step], t = 0 .. 2 * radius, j = 0 .. n-1.
 * Weights are positive and sum to 65536, so every partial sum lies in -2^31 .. 2^31 - 65536.
 */
ALWAYS_INLINE void vif_correlate_with(int radius, const int16_t *x, ptrdiff_t step, int n,
                                      int32_t *restrict out)
{
    for (int j = 0; j < n; j++) {
        int32_t sum = 0;
#pragma GCC unroll 17
        for (int t = 0; t <= 2 * radius; t++)
            sum += vif_weight(radius, t) * x[j + t * step];
        out[j] = sum;
    }
}

/* The same with the radius turned into a constant, so that the taps unroll. */
static inline void vif_correlate(int radius, const int16_t *x, ptrdiff_t step, int n,
                                 int32_t *restrict out)
{
    switch (radius) {
    case 8: vif_correlate_with(8, x, step, n, out); break;
    case 4: vif_correlate_with(4, x, step, n, out); break;
    case 2: vif_correlate_with(2, x, step, n, out); break;
    default: vif_correlate_with(1, x, step, n, out); break;
    }
}

#endif
