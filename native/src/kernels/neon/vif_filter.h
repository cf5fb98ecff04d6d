/*
 * The VIF low-pass kernels on NEON: one tap at a time, a weight times a whole block.
 *
 * NEON has no pair multiply-add, but a multiply-add that widens: two of them take a block of
 * columns, in order. The functions are those of x86/vif_filter.h, and what it says about ranges
 * holds here too. The one weight above int16 is applied as twice its half.
 */
#ifndef PVT_NEON_VIF_FILTER_H
#define PVT_NEON_VIF_FILTER_H

#include "kernels/neon/vif_taps.h"
#include "kernels/simd/unroll.h"

/* Included after vector.h. */

/* The weights up to the middle one: eight lanes, and what does not fit. */
typedef struct vif_weights {
    int16x8_t outer, centre;
} vif_weights;

INLINE void vif_load_weights(int radius, vif_weights *out)
{
    int16_t tap[16];
    for (int i = 0; i < 16; i++)
        tap[i] = (int16_t)(i <= radius ? vif_tap(radius, i) : 0);
    *out = (vif_weights){vld1q_s16(tap), vld1q_s16(tap + 8)};
    /* Compilers that know the values make a register or a load of each lane. */
    __asm__("" : "+w"(out->outer), "+w"(out->centre));
}

/* sums += the weight in that lane * x: a number that the compiler has to know. */
INLINE void add_lane(int lane, const vif_weights *weights, vint x, vint sums[2])
{
    const int16x8_t all = as_s16(x);
#define LANE(which, i)                                                                             \
    sums[0] = vmlal_laneq_s16(sums[0], vget_low_s16(all), weights->which, i);                      \
    sums[1] = vmlal_high_laneq_s16(sums[1], all, weights->which, i);                               \
    break
    switch (lane) {
    case 0: LANE(outer, 0);
    case 1: LANE(outer, 1);
    case 2: LANE(outer, 2);
    case 3: LANE(outer, 3);
    case 4: LANE(outer, 4);
    case 5: LANE(outer, 5);
    case 6: LANE(outer, 6);
    case 7: LANE(outer, 7);
    default: LANE(centre, 0);
    }
#undef LANE
}

/* sums += weight of the tap * x. */
INLINE void add_tap(int radius, int tap, const vif_weights *weights, vint x, vint sums[2])
{
    add_lane(tap <= radius ? tap : 2 * radius - tap, weights, x, sums);
    if (radius == 1 && tap == 1)
        add_lane(1, weights, x, sums);
}

/* Rows 2p and 2p+1 of a block of 16-bit lanes, ready to be filtered vertically. */
INLINE void lay_rows(vint upper, vint lower, vint out[2])
{
    out[0] = upper;
    out[1] = lower;
}

/* Bits shift .. shift+15 (shift 0, 8 or 16) of a block of 32-bit values, columns in order. */
INLINE vint pack_block(const vint x[2], int shift)
{
    const int16x8_t a = as_s16(x[0]), b = as_s16(x[1]);
    return shift == 0   ? from_s16(vuzp1q_s16(a, b))
           : shift == 8 ? from_s16(vshrn_high_n_s32(vshrn_n_s32(x[0], 8), x[1], 8))
                        : from_s16(vuzp2q_s16(a, b));
}

/* Lanes of a block of which n columns count. */
INLINE void live_lanes(int n, vmask live[2])
{
    live[0] = v_first(n);
    live[1] = v_first(n - LANES);
}

/* Vertical: the outputs whose windows start at row 0 and at row 1 of laid rows, of several chains
 * at once. They are added to `sums`. */
INLINE void filter_two_rows(int radius, const vif_weights *weights, int chains,
                            vint (*const *rows)[2], vint (*sums)[2][2])
{
    UNROLL
    for (int chain = 0; chain < chains; chain++) {
        UNROLL
        for (int row = 0; row <= 2 * radius + 1; row++) {
            const vint x = rows[chain][row / 2][row & 1];
            if (row <= 2 * radius)
                add_tap(radius, row, weights, x, sums[chain][0]);
            if (row > 0)
                add_tap(radius, row - 1, weights, x, sums[chain][1]);
        }
    }
}

/* Vertical: one of the two, `is_second` says which. */
INLINE void filter_one_row(int radius, const vif_weights *weights, vint (*rows)[2], int is_second,
                           vint start, vint sums[2])
{
    sums[0] = sums[1] = start;
    UNROLL
    for (int tap = 0; tap <= 2 * radius; tap++)
        add_tap(radius, tap, weights, rows[(tap + is_second) / 2][(tap + is_second) & 1], sums);
}

/* Horizontal: a block of outputs of several planes, the first windows starting at `from`. They are
 * added to `sums`. */
INLINE void filter_planes(int radius, int planes, const int16_t *const *from, vint (*sums)[2])
{
    vif_weights weights;
    vif_load_weights(radius, &weights);
    UNROLL
    for (int p = 0; p < planes; p++) {
        UNROLL
        for (int tap = 0; tap <= 2 * radius; tap++)
            add_tap(radius, tap, &weights, v_load(from[p] + tap), sums[p]);
    }
}

/* Horizontal: LANES outputs, the first window starting at `from`, each next one two further. */
INLINE vint filter_every_second(int radius, const vif_weights *weights, const int16_t *from,
                                vint start)
{
    vint sum = start;
    (void)weights; /* as lanes; here they are needed as vectors */
    UNROLL
    for (int tap = 0; tap <= 2 * radius; tap++) {
        const int16x4_t x = vmovn_s32(v_load(from + tap)); /* samples tap, tap + 2, .. */
        const int16x4_t weight = vdup_n_s16((int16_t)vif_tap(radius, tap));
        sum = vmlal_s16(sum, x, weight);
        if (radius == 1 && tap == 1)
            sum = vmlal_s16(sum, x, weight);
    }
    return sum;
}

#endif
