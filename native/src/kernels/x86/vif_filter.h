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

#include "kernels/kernels.h"
#include "kernels/simd/unroll.h"

/* Included after a tier's vector.h. */

/* Pairs that a window of 2 * radius + 1 samples touches, for both outputs. */
INLINE int vif_pairs(int radius) { return radius + 1; }

#define PAIR(low, high) (int32_t)((uint32_t)(high) << 16 | (uint32_t)(low))
#define BOTH(before, low, high) PAIR(low, high), PAIR(before, low)

/* Weights of pair m: at [2 * m] for the output that starts at the pair's first sample, then for the
 * one that starts at the second. Out of memory, where a weight is one load: compilers that know
 * the values make them out of constants each time. */
INLINE const int32_t *vif_weights_of(int radius)
{
    static const int32_t radius8[] = {
        BOTH(0, 489, 935),       BOTH(935, 1640, 2640),   BOTH(2640, 3896, 5274),
        BOTH(5274, 6547, 7455),  BOTH(7455, 7784, 7455),  BOTH(7455, 6547, 5274),
        BOTH(5274, 3896, 2640),  BOTH(2640, 1640, 935),   BOTH(935, 489, 0),
    };
    static const int32_t radius4[] = {
        BOTH(0, 1244, 3663),      BOTH(3663, 7925, 12590), BOTH(12590, 14692, 12590),
        BOTH(12590, 7925, 3663),  BOTH(3663, 1244, 0),
    };
    static const int32_t radius2[] = {
        BOTH(0, 3571, 16004), BOTH(16004, 26386, 16004), BOTH(16004, 3571, 0),
    };
    static const int32_t radius1[] = {BOTH(0, 10904, 21864), BOTH(21864, 10904, 0)};
    const int32_t *weights = radius == 8   ? radius8
                             : radius == 4 ? radius4
                             : radius == 2 ? radius2
                                           : radius1;
    __asm__("" : "+r"(weights));
    return weights;
}

/* At radius 1, what pair m lacks of the weight in the middle. */
INLINE vint vif_centre(int m) { return v_set(m ? PAIR(21864, 0) : PAIR(0, 21864)); }

#undef BOTH
#undef PAIR

/* The same in vectors, for loops that may keep them in registers. */
typedef struct vif_weights {
    vint first[VIF_MAX_RADIUS + 1], second[VIF_MAX_RADIUS + 1];
} vif_weights;

INLINE void vif_load_weights(int radius, vif_weights *out)
{
    const int32_t *weights = vif_weights_of(radius);
    UNROLL
    for (int m = 0; m < vif_pairs(radius); m++) {
        out->first[m] = v_set(weights[2 * m]);
        out->second[m] = v_set(weights[2 * m + 1]);
    }
}

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

/* Vertical: the outputs whose windows start at row 0 and at row 1 of laid rows, of several chains
 * at once. They are added to `sums`. */
INLINE void filter_two_rows(int radius, const vif_weights *weights, int chains,
                            vint (*const *rows)[2], vint (*sums)[2][2])
{
    UNROLL
    for (int m = 0; m < vif_pairs(radius); m++) {
        const vint first = v_in_register(weights->first[m]);
        const vint second = v_in_register(weights->second[m]);
        UNROLL
        for (int i = 0; i < 2 * chains; i++) {
            const int chain = i / 2, odd = i & 1;
            const vint x = v_in_register(rows[chain][m][odd]);
            sums[chain][0][odd] = v_madd(sums[chain][0][odd], x, first);
            sums[chain][1][odd] = v_madd(sums[chain][1][odd], x, second);
            if (radius == 1)
                sums[chain][m][odd] = v_madd(sums[chain][m][odd], x, vif_centre(m));
        }
    }
}

/* Vertical: one of the two, `is_second` says which. */
INLINE void filter_one_row(int radius, const vif_weights *weights, vint (*rows)[2], int is_second,
                           vint start, vint sums[2])
{
    sums[0] = sums[1] = start;
    UNROLL
    for (int m = 0; m < vif_pairs(radius); m++) {
        const vint weight = v_in_register(is_second ? weights->second[m] : weights->first[m]);
        UNROLL
        for (int odd = 0; odd < 2; odd++) {
            sums[odd] = v_madd(sums[odd], rows[m][odd], weight);
            if (radius == 1 && m == is_second)
                sums[odd] = v_madd(sums[odd], rows[m][odd], vif_centre(m));
        }
    }
}

/* Horizontal: a block of outputs of several planes, the first windows starting at `from`. They are
 * added to `sums`. */
INLINE void filter_planes(int radius, int planes, const int16_t *const *from, vint (*sums)[2])
{
    const int32_t *weights = vif_weights_of(radius);
    UNROLL
    for (int m = 0; m < vif_pairs(radius); m++) {
        const vint first = v_in_register(v_set(weights[2 * m]));
        const vint second = v_in_register(v_set(weights[2 * m + 1]));
        UNROLL
        for (int p = 0; p < planes; p++) {
            const vint x = v_in_register(v_load(from[p] + 2 * m));
            sums[p][0] = v_madd(sums[p][0], x, first);
            sums[p][1] = v_madd(sums[p][1], x, second);
            if (radius == 1)
                sums[p][m] = v_madd(sums[p][m], x, vif_centre(m));
        }
    }
}

/* Horizontal: LANES outputs, the first window starting at `from`, each next one two further. */
INLINE vint filter_every_second(int radius, const vif_weights *weights, const int16_t *from,
                                vint start)
{
    vint sum = start;
    UNROLL
    for (int m = 0; m < vif_pairs(radius); m++)
        sum = v_madd(sum, v_load(from + 2 * m), weights->first[m]);
    if (radius == 1)
        sum = v_madd(sum, v_load(from), vif_centre(0));
    return sum;
}

#endif
