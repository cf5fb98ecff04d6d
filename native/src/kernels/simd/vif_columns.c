/*
 * VIF, vertical pass, written once for every SIMD tier (kernels.h says what it does).
 *
 * A block of columns at a time: first all rows are laid out, samples and products (16-bit halves);
 * then chain after chain is filtered, two output rows at once. Chains keep their weights in
 * registers.
 */
#include "tier.h"
#include "vector.h"
#include "vif_filter.h"

#include "kernels/simd/routines.h"

/* Of a tile and its surroundings. */
enum { VIF_ROW_PAIRS = VIF_TILE_ROWS / 2 + VIF_MAX_RADIUS };

/* Rows 2p and 2p+1 of one chain at [p], laid out for the filters. */
typedef vint vif_pairs_of_chain[VIF_ROW_PAIRS][2];

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
    lay_rows(load_block(rows[2 * p], x, n, wide), load_block(rows[2 * p + 1], x, n, wide), out);
}

/* 32-bit sums x - 2^31, rounding included, as means of 16 bits, centred, columns in order. */
INLINE vint pack_means(const vint sums[2], int shift, int wide)
{
    const vint centre = v_set((int32_t)0x80008000u);
    if (!wide) /* plain sums of 8-bit samples: no centring to undo */
        return v_xor(pack_block(sums, 8), centre);
    const vint top = v_set((int32_t)0x80000000u);
    const vint x[2] = {v_srl_by(v_xor(sums[0], top), shift), v_srl_by(v_xor(sums[1], top), shift)};
    return v_xor(pack_block(x, 0), centre);
}

INLINE void means(int radius, int next_radius, const vif_level *level, vif_pairs_of_chain chain,
                  int rows, int column, int wide, vif_plane mean, vif_plane next)
{
    const int shift = level->mean_shift;
    const vint half = v_set(1 << (shift - 1));
    vif_weights weights;
    vif_load_weights(radius, &weights);
    for (int k = 0; k < (rows + 1) / 2; k++) {
        vint(*const rows_of[])[2] = {chain + k};
        vint sums[1][2][2] = {{{half, half}, {half, half}}};
        filter_two_rows(radius, &weights, 1, rows_of, sums);
        for (int r = 0; r < 2; r++)
            v_store(&mean[2 * k + r][column], pack_means(sums[0][r], shift, wide));
    }
    if (next_radius < 0)
        return;
    /* The window of the next level's kernel starts `radius - next_radius` rows further down:
     * at the first row of a pair, or (radius 2 and 1) at the second. */
    const int start = radius - next_radius;
    vif_weights next_weights;
    vif_load_weights(next_radius, &next_weights);
    for (int k = 0; k < (rows + 1) / 2; k++) {
        vint sums[2];
        filter_one_row(next_radius, &next_weights, chain + k + start / 2, start & 1, half, sums);
        v_store(&next[k][column], pack_means(sums, shift, wide));
    }
}

/* Values x - 2^31 + 2^15 as centred 16-bit halves, columns in order. */
INLINE void store_halves(const vint x[2], int16_t *high, int16_t *low)
{
    v_store(high, pack_block(x, 16));
    v_store(low, v_xor(pack_block(x, 0), v_set((int32_t)0x80008000u)));
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
    vif_weights weights;
    vif_load_weights(radius, &weights);
    for (int k = 0; k < (rows + 1) / 2; k++) {
        vint(*const chains[])[2] = {low_chain + k, high_chain + k};
        vint sums[2][2][2]; /* of low halves, of high halves */
        for (int r = 0; r < 2; r++)
            for (int i = 0; i < 2; i++) {
                sums[0][r][i] = low_start;
                sums[1][r][i] = v_zero();
            }
        filter_two_rows(radius, &weights, 1 + wide, chains, sums);
        for (int r = 0; r < 2; r++) {
            vint *b = sums[0][r];
            for (int i = 0; i < 2 && wide; i++)
                b[i] = v_add(v_add(v_sll_by(sums[1][r][i], 16 - shift), rest),
                             v_srl_by(b[i], shift));
            store_halves(b, &high[2 * k + r][column], &low[2 * k + r][column]);
        }
    }
}

/* Products of laid rows, centred halves. */
INLINE void multiply_pairs(const vint a[2], const vint b[2], int wide, vint high[2], vint low[2])
{
    const vint centre = v_set((int32_t)0x80008000u);
    for (int i = 0; i < 2; i++) {
        low[i] = v_xor(v_mullo16(a[i], b[i]), centre);
        if (wide)
            high[i] = v_xor(v_mulhi_u16(a[i], b[i]), centre);
    }
}

/* Samples as the mean filter wants them: 16-bit ones centred, 8-bit ones as they are. */
INLINE void centre_pairs(const vint in[2], int wide, vint out[2])
{
    const vint centre = wide ? v_set((int32_t)0x80008000u) : v_zero();
    for (int i = 0; i < 2; i++)
        out[i] = v_xor(in[i], centre);
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
