/*
 * The VIF low-pass kernels as 16-bit pair multiply-adds, for the x86 tiers.
 *
 * The VIF and motion routines of simd/ work on blocks of columns. How a block of 16-bit lanes lies
 * in two vectors of 32-bit lanes is this header's affair, and so is all filtering; a tier without
 * pair multiply-adds brings a vif_filter.h of its own with the same functions. Here the even
 * columns of a block are in one vector and the odd ones in the next.
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
#ifndef PVT_X86_VIF_FILTER_H
#define PVT_X86_VIF_FILTER_H

#include "kernels/simd/vif_taps.h"

/* Included after a tier's vector.h. */

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

/* Rows 2p and 2p+1 of a block of 16-bit lanes, ready to be filtered vertically. */
INLINE void lay_rows(vint upper, vint lower, vint out[2])
{
    out[0] = v_blend16(upper, v_sll(lower, 16));
    out[1] = v_blend16(v_srl(upper, 16), lower);
}

/* Bits shift .. shift+15 (shift 0, 8 or 16) of a block of 32-bit values, columns in order. */
INLINE vint pack_block(const vint x[2], int shift)
{
    return shift == 0   ? v_blend16(x[0], v_sll(x[1], 16))
           : shift == 8 ? v_blend16(v_srl(x[0], 8), v_sll(x[1], 8))
                        : v_blend16(v_srl(x[0], 16), x[1]);
}

/* Lanes of a block of which n columns count. */
INLINE void live_lanes(int n, vmask live[2])
{
    live[0] = v_first((n + 1) / 2);
    live[1] = v_first(n / 2);
}

/* Vertical: the outputs whose windows start at row 0 and at row 1 of the laid rows. */
INLINE void filter_two_rows(int radius, vint (*rows)[2], vint start, vint sums[2][2])
{
    for (int odd = 0; odd < 2; odd++) {
        vint first = start, second = start;
#define LOAD(m) rows[m][odd]
        VIF_FILTER(radius, LOAD, first, second);
#undef LOAD
        sums[0][odd] = first;
        sums[1][odd] = second;
    }
}

/* Vertical: one of the two, `second` says which. */
INLINE void filter_one_row(int radius, vint (*rows)[2], int second, vint start, vint sums[2])
{
    for (int odd = 0; odd < 2; odd++) {
        sums[odd] = start;
#pragma GCC unroll 5
        for (int m = 0; m < vif_pairs(radius); m++)
            sums[odd] = v_madd(sums[odd], rows[m][odd], vif_weights(radius, m, second));
        if (radius == 1)
            sums[odd] = v_madd(sums[odd], rows[second][odd],
                               second ? vif_pair(vif_tap(1, 1), 0) : vif_pair(0, vif_tap(1, 1)));
    }
}

/* Horizontal: a block of outputs, the window of the first one starting at `from`. */
INLINE void filter_row(int radius, const int16_t *from, vint start, vint out[2])
{
    vint even = start, odd = start;
#define LOAD(m) v_load(from + 2 * (m))
    VIF_FILTER(radius, LOAD, even, odd);
#undef LOAD
    out[0] = even;
    out[1] = odd;
}

/* Horizontal: LANES outputs, the first window starting at `from`, each next one two further. */
INLINE vint filter_every_second(int radius, const int16_t *from, vint start)
{
    vint sum = start;
#pragma GCC unroll 5
    for (int m = 0; m < vif_pairs(radius); m++)
        sum = v_madd(sum, v_load(from + 2 * m), vif_weights(radius, m, 0));
    if (radius == 1)
        sum = v_madd(sum, v_load(from), vif_pair(0, vif_tap(1, 1)));
    return sum;
}

#endif
