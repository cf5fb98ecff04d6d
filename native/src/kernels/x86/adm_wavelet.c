/*
 * ADM, wavelet, written once for the x86 tiers (kernels.h says what it does).
 *
 * Four taps are two pairs, and a pair of 16-bit samples is one multiply-add. Inputs of 32 bits
 * are split, x = 65536 * high + low with both halves signed 16 bits; with A and B the filtered
 * halves, round(sum / 2^16) = A + ((B + 2^15) >> 16) and round(sum / 2^15) = 2A + ((B + 2^14) >>
 * 15). 2A may wrap, the result does not.
 */
#include "tier.h"
#include "vector.h"

#include "kernels/simd/routines.h"

INLINE vint adm_taps(int first, int second)
{
    return v_set((int32_t)((uint32_t)second << 16 | (uint32_t)(first & 0xffff)));
}

/* Low and high filter of taps (0,1) and (2,3). */
#define ADM_LOW01 adm_taps(15826, 27411)
#define ADM_LOW23 adm_taps(7345, -4240)
#define ADM_HIGH01 adm_taps(-4240, -7345)
#define ADM_HIGH23 adm_taps(27411, -15826)

INLINE vint adm_low(vint start, vint pair01, vint pair23)
{
    return v_madd(v_madd(start, pair01, ADM_LOW01), pair23, ADM_LOW23);
}

INLINE vint adm_high(vint start, vint pair01, vint pair23)
{
    return v_madd(v_madd(start, pair01, ADM_HIGH01), pair23, ADM_HIGH23);
}

/* ---- vertical ------------------------------------------------------------------------------- */

/* A block of centred pixel columns: 16-bit lanes in, 16-bit lanes out. */
INLINE void pixel_columns(const vint rows[4], int shift, int16_t *low, int16_t *high)
{
    const vint half = v_set(1 << (shift - 1));
    vint out_low[2], out_high[2];
    for (int odd = 0; odd < 2; odd++) {
        const vint p01 =
            odd ? v_blend16(v_srl(rows[0], 16), rows[1]) : v_blend16(rows[0], v_sll(rows[1], 16));
        const vint p23 =
            odd ? v_blend16(v_srl(rows[2], 16), rows[3]) : v_blend16(rows[2], v_sll(rows[3], 16));
        out_low[odd] = v_srl_by(adm_low(half, p01, p23), shift); /* the low 16 bits count */
        out_high[odd] = v_srl_by(adm_high(half, p01, p23), shift);
    }
    v_store(low, v_blend16(out_low[0], v_sll(out_low[1], 16)));
    v_store(high, v_blend16(out_high[0], v_sll(out_high[1], 16)));
}

INLINE void adm_pixel_columns(const uint8_t *const rows[4], int first, int n, int shift, int wide,
                              int16_t *low, int16_t *high)
{
    const vint centre =
        v_set((int32_t)(0x10001u << (shift - 1))); /* half the range, in every 16-bit lane */
    for (int done = 0; done < n; done += BLOCK) {
        const int j = first + done;
        vint x[4];
        for (int i = 0; i < 4; i++) {
            x[i] = wide ? v_load_u16(rows[i] + 2 * (ptrdiff_t)j, n - done)
                        : v_load_u8(rows[i] + j, n - done);
            x[i] = v_sub16(x[i], centre);
        }
        pixel_columns(x, shift, low + j, high + j);
    }
}

/* Two rows of 32-bit lanes as pairs of their low 16 bits. */
INLINE vint pair_low16(vint a, vint b) { return v_blend16(a, v_sll(b, 16)); }

/* The same of their high halves, rounded so that the low half is what a signed number leaves. */
INLINE vint pair_high16(vint a, vint b)
{
    const vint half = v_set(0x8000);
    return v_blend16(v_srl(v_add(a, half), 16), v_add(b, half));
}

INLINE void adm_columns_16(const int16_t *const rows[4], int first, int n, int32_t *low,
                           int32_t *high)
{
    for (int j = first; j < first + n; j += LANES) {
        const vint p01 = pair_low16(v_load_s16(rows[0] + j), v_load_s16(rows[1] + j));
        const vint p23 = pair_low16(v_load_s16(rows[2] + j), v_load_s16(rows[3] + j));
        v_store(low + j, adm_low(v_zero(), p01, p23));
        v_store(high + j, adm_high(v_zero(), p01, p23));
    }
}

/* Filters split inputs and rounds by 2^16 or 2^15: [0] of low halves, [1] of high halves. */
INLINE vint join_halves(vint low_sum, vint high_sum, int shift)
{
    if (shift == 16)
        return v_add(high_sum, v_sra(low_sum, 16));
    return v_add(v_sll(high_sum, 1), v_sra(low_sum, 15));
}

INLINE void filter_split(const vint x[4], int shift, vint *low, vint *high)
{
    const vint half = v_set(1 << (shift - 1)), zero = v_zero();
    const vint low01 = pair_low16(x[0], x[1]), low23 = pair_low16(x[2], x[3]);
    const vint high01 = pair_high16(x[0], x[1]), high23 = pair_high16(x[2], x[3]);
    *low = join_halves(adm_low(half, low01, low23), adm_low(zero, high01, high23), shift);
    *high = join_halves(adm_high(half, low01, low23), adm_high(zero, high01, high23), shift);
}

INLINE void adm_columns_32(const int32_t *const rows[4], int first, int n, int32_t *low,
                           int32_t *high)
{
    for (int j = first; j < first + n; j += LANES) {
        const vint x[4] = {v_load(rows[0] + j), v_load(rows[1] + j), v_load(rows[2] + j),
                           v_load(rows[3] + j)};
        vint low_out, high_out;
        filter_split(x, 16, &low_out, &high_out);
        v_store(low + j, low_out);
        v_store(high + j, high_out);
    }
}

/* ---- horizontal: neighbours in a row already are pairs --------------------------------------- */

INLINE void adm_row_16(const int16_t *row, int first, int n, int16_t *low, int16_t *high)
{
    const vint half = v_set(0x8000);
    for (int k = first; k < first + n; k += LANES) {
        const vint p01 = v_load(row + 2 * k - 1), p23 = v_load(row + 2 * k + 1);
        if (low)
            v_store_s16(low + k, v_sra(adm_low(half, p01, p23), 16));
        if (high)
            v_store_s16(high + k, v_sra(adm_high(half, p01, p23), 16));
    }
}

INLINE void adm_row_32(const int32_t *row, int first, int n, int shift, int32_t *low, int32_t *high)
{
    for (int k = first; k < first + n; k += LANES) {
        const int32_t *from = row + 2 * k - 1;
        const vint a = v_load(from), b = v_load(from + LANES);
        const vint c = v_load(from + 2), d = v_load(from + 2 + LANES);
        const vint x[4] = {v_even32(a, b), v_odd32(a, b), v_even32(c, d), v_odd32(c, d)};
        vint low_out, high_out;
        filter_split(x, shift, &low_out, &high_out);
        if (low)
            v_store(low + k, low_out);
        if (high)
            v_store(high + k, high_out);
    }
}

/* ---- the table's routines -------------------------------------------------------------------- */

void TIER(adm_columns_u8)(const uint8_t *const rows[4], int first, int n, int shift, int16_t *low,
                          int16_t *high)
{
    adm_pixel_columns(rows, first, n, shift, 0, low, high);
}

void TIER(adm_columns_u16)(const uint8_t *const rows[4], int first, int n, int shift, int16_t *low,
                           int16_t *high)
{
    adm_pixel_columns(rows, first, n, shift, 1, low, high);
}

void TIER(adm_columns_s16)(const int16_t *const rows[4], int first, int n, int32_t *low,
                           int32_t *high)
{
    adm_columns_16(rows, first, n, low, high);
}

void TIER(adm_columns_s32)(const int32_t *const rows[4], int first, int n, int32_t *low,
                           int32_t *high)
{
    adm_columns_32(rows, first, n, low, high);
}

void TIER(adm_rows_s16)(const int16_t *low, const int16_t *high, int first, int n, int16_t *approx,
                        int16_t *const bands[ADM_BANDS])
{
    adm_row_16(low, first, n, approx, high ? bands[1] : NULL);
    if (high)
        adm_row_16(high, first, n, bands[0], bands[2]);
}

void TIER(adm_rows_s32)(const int32_t *low, const int32_t *high, int first, int n, int shift,
                        int32_t *approx, int32_t *const bands[ADM_BANDS])
{
    if (shift == 16) {
        adm_row_32(low, first, n, 16, approx, high ? bands[1] : NULL);
        if (high)
            adm_row_32(high, first, n, 16, bands[0], bands[2]);
    } else {
        adm_row_32(low, first, n, 15, approx, high ? bands[1] : NULL);
        if (high)
            adm_row_32(high, first, n, 15, bands[0], bands[2]);
    }
}
