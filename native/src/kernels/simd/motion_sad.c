/*
 * Motion, written once for every SIMD tier (kernels.h says what it does).
 *
 * Two rows at a time: differences fit int16 (up to 12 bits), and one load serves two output rows,
 * as in VIF; the kernel is VIF's of radius 2. The result of the vertical pass has 17 bits:
 * y = 2h + l, and round(sum / 2^16) = (A + ((B + 2^15) >> 1)) >> 15 with A and B the filtered h
 * and l.
 */
#include "tier.h"
#include "vector.h"
#include "vif_filter.h"

#include "kernels/simd/routines.h"
#include "kernels/scalar/scalar.h"

/* h and l of one row, in order, with room for two mirrored values on either side. */
typedef struct motion_row {
    int16_t *high, *low;
} motion_row;

INLINE vint difference_block(const uint8_t *a, const uint8_t *b, int x, int n, int wide)
{
    if (wide)
        return v_sub16(v_load_u16(a + 2 * (ptrdiff_t)x, n), v_load_u16(b + 2 * (ptrdiff_t)x, n));
    return v_sub16(v_load_u8(a + x, n), v_load_u8(b + x, n));
}

/* y of a block -> h and l. */
INLINE void split_row(const vint y[2], int x, const motion_row *out)
{
    const vint one = v_set(0x00010001);
    const vint half[2] = {v_srl(y[0], 1), v_srl(y[1], 1)}; /* the low 16 bits count */
    v_store(out->high + x, pack_block(half, 0));
    v_store(out->low + x, v_and(pack_block(y, 0), one));
}

INLINE void motion_columns(const uint8_t *const *previous, const uint8_t *const *current, int width,
                           int shift, int wide, const motion_row out[2])
{
    const vint half = v_set(1 << (shift - 1));
    vif_weights weights;
    vif_load_weights(2, &weights);
    for (int x = 0; x < width; x += BLOCK) {
        vint laid[3][2];
        for (int p = 0; p < 3; p++) {
            const vint upper =
                difference_block(previous[2 * p], current[2 * p], x, width - x, wide);
            const vint lower =
                difference_block(previous[2 * p + 1], current[2 * p + 1], x, width - x, wide);
            lay_rows(upper, lower, laid[p]);
        }
        vint(*const chain[])[2] = {laid};
        vint y[1][2][2] = {{{half, half}, {half, half}}};
        filter_two_rows(2, &weights, 1, chain, y);
        for (int r = 0; r < 2; r++) {
            for (int i = 0; i < 2; i++)
                y[0][r][i] = v_sra_by(y[0][r][i], shift);
            split_row(y[0][r], x, &out[r]);
        }
    }
}

INLINE void mirror_row(int16_t *x, int n)
{
    x[-1] = x[1];
    x[-2] = x[2];
    x[n] = x[n - 2];
    x[n + 1] = x[n - 3];
}

INLINE uint64_t motion_row_sad(const motion_row *row, int width)
{
    mirror_row(row->high, width);
    mirror_row(row->low, width);
    vint sum = v_zero(); /* at most 16384 / LANES terms of 65535 a lane */
    for (int x = 0; x < width; x += BLOCK) {
        const int16_t *const from[] = {row->high + x - 2, row->low + x - 2};
        const vint half = v_set(0x8000);
        vint sums[2][2] = {{v_zero(), v_zero()}, {half, half}};
        vmask live[2];
        filter_planes(2, 2, from, sums);
        live_lanes(width - x, live);
        for (int i = 0; i < 2; i++) {
            const vint z = v_sra(v_add(sums[0][i], v_sra(sums[1][i], 1)), 15);
            sum = v_add(sum, v_keep(live[i], v_abs(z)));
        }
    }
    return (uint64_t)v_total(sum);
}

INLINE uint64_t motion_sad(const uint8_t *const *previous, const uint8_t *const *current, int rows,
                           int width, int shift, int wide, int32_t *scratch)
{
    motion_row row[2];
    for (int i = 0; i < 2; i++) {
        int16_t *half = (int16_t *)(scratch + (ptrdiff_t)i * (width + 2 * PVT_PAD));
        row[i].high = half + PVT_PAD;
        row[i].low = half + PVT_PAD + width + 2 * PVT_PAD;
    }
    uint64_t sad = 0;
    for (int y = 0; y < rows; y += 2) {
        motion_columns(previous + y, current + y, width, shift, wide, row);
        sad += motion_row_sad(&row[0], width);
        if (y + 1 < rows)
            sad += motion_row_sad(&row[1], width);
    }
    return sad;
}

/* ---- the table's routines -------------------------------------------------------------------- */

uint64_t TIER(motion_sad_u8)(const uint8_t *const *previous, const uint8_t *const *current,
                             int rows, int width, int32_t *scratch)
{
    return motion_sad(previous, current, rows, width, 8, 0, scratch);
}

uint64_t TIER(motion_sad_u16)(const uint8_t *const *previous, const uint8_t *const *current,
                              int rows, int width, int bit_depth, int32_t *scratch)
{
    if (bit_depth == 16) /* differences need 17 bits */
        return motion_sad_u16_scalar(previous, current, rows, width, bit_depth, scratch);
    return motion_sad(previous, current, rows, width, bit_depth, 1, scratch);
}
