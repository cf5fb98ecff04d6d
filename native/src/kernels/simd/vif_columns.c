/*
 * VIF, vertical pass, written once for every SIMD tier (kernels.h says what it does).
 *
 * A block of columns at a time: first all rows are paired up, samples and products (16-bit halves),
 * even columns in one vector and odd columns in another; then chain after chain is filtered, two
 * output rows at once. Chains keep their weights in registers.
 */
#include "tier.h"
#include "vector.h"

#include "kernels/simd/routines.h"
#include "kernels/simd/vif_filter.h"

/* Of a tile and its surroundings. */
enum { VIF_ROW_PAIRS = VIF_TILE_ROWS / 2 + VIF_MAX_RADIUS };

/* Rows 2p and 2p+1 of one chain: [p][even, odd columns]. */
typedef vint vif_pairs_of_chain[VIF_ROW_PAIRS][2];

/* 16-bit lanes of two rows -> (upper, lower) pairs of even and of odd columns. */
INLINE void pair_rows(vint upper, vint lower, vint out[2])
{
    out[0] = v_blend16(upper, v_sll(lower, 16));
    out[1] = v_blend16(v_srl(upper, 16), lower);
}

INLINE vint load_block(const uint8_t *row, int x, int n, int wide)
{
    return wide ? v_load_u16(row + 2 * (ptrdiff_t)x, n) : v_load_u8(row + x, n);
}

INLINE void load_pairs(const uint8_t *const *rows, int p, int x, int n, int wide, vint out[2])
{
    /* The next tile's samples: too many rows for the hardware to follow on its own. */
    const ptrdiff_t ahead = (ptrdiff_t)(x + VIF_TILE_COLS) * (1 + wide);
    __builtin_prefetch(rows[2 * p] + ahead);
    __builtin_prefetch(rows[2 * p + 1] + ahead);
    pair_rows(load_block(rows[2 * p], x, n, wide), load_block(rows[2 * p + 1], x, n, wide), out);
}

/* Two output rows of one chain at row pair k: sums[row][even or odd]. */
INLINE void filter_two_rows(int radius, vif_pairs_of_chain chain, int k, vint start,
                            vint sums[2][2])
{
    for (int odd = 0; odd < 2; odd++) {
        vint first = start, second = start;
#define LOAD(m) chain[k + (m)][odd]
        VIF_FILTER(radius, LOAD, first, second);
#undef LOAD
        sums[0][odd] = first;
        sums[1][odd] = second;
    }
}

/* 32-bit sums x - 2^31, rounding included, as means of 16 bits, centred, columns in order. */
INLINE vint pack_means(vint even, vint odd, int shift, int wide)
{
    const vint centre = v_set((int32_t)0x80008000u);
    if (!wide) /* plain sums of 8-bit samples: no centring to undo */
        return v_xor(v_blend16(v_srl(even, 8), v_sll(odd, 8)), centre);
    const vint top = v_set((int32_t)0x80000000u);
    even = v_srl_by(v_xor(even, top), shift);
    odd = v_srl_by(v_xor(odd, top), shift);
    return v_xor(v_blend16(even, v_sll(odd, 16)), centre);
}

INLINE void means(int radius, int next_radius, const vif_level *level, vif_pairs_of_chain chain,
                  int rows, int column, int wide, vif_plane mean, vif_plane next)
{
    const int shift = level->mean_shift;
    const vint half = v_set(1 << (shift - 1));
    for (int k = 0; k < (rows + 1) / 2; k++) {
        vint sums[2][2];
        filter_two_rows(radius, chain, k, half, sums);
        for (int r = 0; r < 2; r++)
            v_store(&mean[2 * k + r][column], pack_means(sums[r][0], sums[r][1], shift, wide));
    }
    if (next_radius < 0)
        return;
    /* The window of the next level's kernel starts `radius - next_radius` rows further down:
     * at the first row of a pair, or (radius 2 and 1) at the second. */
    const int start = radius - next_radius, second = start & 1;
    for (int k = 0; k < (rows + 1) / 2; k++) {
        vint sums[2] = {half, half};
        vint(*from)[2] = chain + k + start / 2;
        for (int odd = 0; odd < 2; odd++) {
#pragma GCC unroll 5
            for (int m = 0; m < vif_pairs(next_radius); m++)
                sums[odd] = v_madd(sums[odd], from[m][odd], vif_weights(next_radius, m, second));
            if (next_radius == 1)
                sums[odd] =
                    v_madd(sums[odd], from[second][odd],
                           second ? vif_pair(vif_tap(1, 1), 0) : vif_pair(0, vif_tap(1, 1)));
        }
        v_store(&next[k][column], pack_means(sums[0], sums[1], shift, wide));
    }
}

/* Values x - 2^31 + 2^15 as centred 16-bit halves, columns in order. */
INLINE void store_halves(vint even, vint odd, int16_t *high, int16_t *low)
{
    v_store(high, v_blend16(v_srl(even, 16), odd));
    v_store(low, v_xor(v_blend16(even, v_sll(odd, 16)), v_set((int32_t)0x80008000u)));
}

/* Second moments: high and low halves of the products are filtered on their own and joined,
 * V = (A << (16 - shift)) + ((B + half) >> shift); of 8-bit samples B alone is exact. */
INLINE void powers(int radius, const vif_level *level, vif_pairs_of_chain high_chain,
                   vif_pairs_of_chain low_chain, int rows, int column, int wide, vif_plane high,
                   vif_plane low)
{
    const int shift = level->power_shift;
    const vint low_start =
        wide ? v_set((int32_t)(0x80000000u + (1u << (shift - 1)))) : v_set(0x8000);
    /* What centring A and the result leave to add; at shift 16 the two 2^31 cancel. */
    const vint rest = v_set((int32_t)(shift == 16 ? 0x8000u : 0x8000u - 0x80000000u));
    for (int k = 0; k < (rows + 1) / 2; k++) {
        vint a[2][2], b[2][2];
        filter_two_rows(radius, low_chain, k, low_start, b);
        if (wide)
            filter_two_rows(radius, high_chain, k, v_zero(), a);
        for (int r = 0; r < 2; r++) {
            for (int odd = 0; odd < 2 && wide; odd++)
                b[r][odd] =
                    v_add(v_add(v_sll_by(a[r][odd], 16 - shift), rest), v_srl_by(b[r][odd], shift));
            store_halves(b[r][0], b[r][1], &high[2 * k + r][column], &low[2 * k + r][column]);
        }
    }
}

/* Products of paired rows, centred halves. */
INLINE void multiply_pairs(const vint a[2], const vint b[2], int wide, vint high[2], vint low[2])
{
    const vint centre = v_set((int32_t)0x80008000u);
    for (int odd = 0; odd < 2; odd++) {
        low[odd] = v_xor(v_mullo16(a[odd], b[odd]), centre);
        if (wide)
            high[odd] = v_xor(v_mulhi_u16(a[odd], b[odd]), centre);
    }
}

/* Samples as the mean filter wants them: 16-bit ones centred, 8-bit ones as they are. */
INLINE void centre_pairs(const vint in[2], int wide, vint out[2])
{
    const vint centre = wide ? v_set((int32_t)0x80008000u) : v_zero();
    for (int odd = 0; odd < 2; odd++)
        out[odd] = v_xor(in[odd], centre);
}

INLINE void reference_block(int radius, int next_radius, const vif_level *level,
                            const uint8_t *const *ref, int x, int column, int n, int rows, int wide,
                            vif_reference_tile *tile)
{
    vif_pairs_of_chain samples, high, low;
    for (int p = 0; p < (rows + 1) / 2 + radius; p++) {
        vint pair[2];
        load_pairs(ref, p, x, n, wide, pair);
        centre_pairs(pair, wide, samples[p]);
        multiply_pairs(pair, pair, wide, high[p], low[p]);
    }
    means(radius, next_radius, level, samples, rows, column, wide, tile->mean, tile->next);
    powers(radius, level, high, low, rows, column, wide, tile->square_high, tile->square_low);
}

INLINE void distorted_block(int radius, int next_radius, const vif_level *level,
                            const uint8_t *const *ref, const uint8_t *const *dis, int x, int column,
                            int n, int rows, int wide, vif_distorted_tile *tile)
{
    vif_pairs_of_chain samples, high, low, product_high, product_low;
    for (int p = 0; p < (rows + 1) / 2 + radius; p++) {
        vint pair[2], ref_pair[2];
        load_pairs(dis, p, x, n, wide, pair);
        load_pairs(ref, p, x, n, wide, ref_pair);
        centre_pairs(pair, wide, samples[p]);
        multiply_pairs(pair, pair, wide, high[p], low[p]);
        multiply_pairs(pair, ref_pair, wide, product_high[p], product_low[p]);
    }
    means(radius, next_radius, level, samples, rows, column, wide, tile->mean, tile->next);
    powers(radius, level, high, low, rows, column, wide, tile->square_high, tile->square_low);
    powers(radius, level, product_high, product_low, rows, column, wide, tile->product_high,
           tile->product_low);
}

/* ---- every case with its constants ----------------------------------------------------------- */

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
    case 8:
        EACH_BLOCK(distorted_block(8, 4, level, ref, dis, from, column, n, rows, 1, tile)) break;
    case 4:
        EACH_BLOCK(distorted_block(4, 2, level, ref, dis, from, column, n, rows, 1, tile)) break;
    case 2:
        EACH_BLOCK(distorted_block(2, 1, level, ref, dis, from, column, n, rows, 1, tile)) break;
    default:
        EACH_BLOCK(distorted_block(1, -1, level, ref, dis, from, column, n, rows, 1, tile)) break;
    }
}
