/*
 * ADM, wavelet. Not the text of x86/adm_wavelet.c: NEON's multiply-adds widen, so each tap is
 * multiplied on its own, 16 bits into 32 (level 0, columns of level 1) or 32 into 64 (the rest),
 * and narrowing shifts do the rounding.
 */
#include "tier.h"
#include "vector.h"

#include "kernels/simd/routines.h"

static const int16_t LOW_TAPS[4] = {15826, 27411, 7345, -4240};
static const int16_t HIGH_TAPS[4] = {-4240, -7345, 27411, -15826};

/* ---- the filter ----------------------------------------------------------------------------- */

/* Four taps over BLOCK outputs. */
INLINE void filter_16(const int16x8_t x[4], const int16_t taps[4], vint sums[2])
{
    sums[0] = vmull_n_s16(vget_low_s16(x[0]), taps[0]);
    sums[1] = vmull_high_n_s16(x[0], taps[0]);
    for (int i = 1; i < 4; i++) {
        sums[0] = vmlal_n_s16(sums[0], vget_low_s16(x[i]), taps[i]);
        sums[1] = vmlal_high_n_s16(sums[1], x[i], taps[i]);
    }
}

/* Four taps over LANES outputs, divided by 2^16 or 2^15, halves rounded up. */
INLINE vint filter_32(const vint x[4], const int16_t taps[4], int shift)
{
    int64x2_t low = vmull_n_s32(vget_low_s32(x[0]), taps[0]);
    int64x2_t high = vmull_high_n_s32(x[0], taps[0]);
    for (int i = 1; i < 4; i++) {
        low = vmlal_n_s32(low, vget_low_s32(x[i]), taps[i]);
        high = vmlal_high_n_s32(high, x[i], taps[i]);
    }
    return shift == 16 ? vrshrn_high_n_s64(vrshrn_n_s64(low, 16), high, 16)
                       : vrshrn_high_n_s64(vrshrn_n_s64(low, 15), high, 15);
}

/* ---- vertical ------------------------------------------------------------------------------- */

/* Rounds by 2^shift; the low 16 bits count. */
INLINE void store_rounded(int16_t *p, const vint sums[2], int shift)
{
    const vint by = v_set(-shift);
    const int16x8_t a = as_s16(vrshlq_s32(sums[0], by)), b = as_s16(vrshlq_s32(sums[1], by));
    vst1q_s16(p, vuzp1q_s16(a, b));
}

INLINE void pixel_columns(const uint8_t *const rows[4], int first, int n, int shift, int wide,
                          int16_t *low, int16_t *high)
{
    const int16x8_t centre = vdupq_n_s16((int16_t)(1u << (shift - 1))); /* half the range */
    for (int done = 0; done < n; done += BLOCK) {
        const int j = first + done;
        int16x8_t x[4];
        for (int i = 0; i < 4; i++) {
            const vint samples = wide ? v_load_u16(rows[i] + 2 * (ptrdiff_t)j, n - done)
                                      : v_load_u8(rows[i] + j, n - done);
            x[i] = vsubq_s16(as_s16(samples), centre);
        }
        vint sums[2];
        filter_16(x, LOW_TAPS, sums);
        store_rounded(low + j, sums, shift);
        filter_16(x, HIGH_TAPS, sums);
        store_rounded(high + j, sums, shift);
    }
}

void TIER(adm_columns_u8)(const uint8_t *const rows[4], int first, int n, int shift, int16_t *low,
                          int16_t *high)
{
    pixel_columns(rows, first, n, shift, 0, low, high);
}

void TIER(adm_columns_u16)(const uint8_t *const rows[4], int first, int n, int shift, int16_t *low,
                           int16_t *high)
{
    pixel_columns(rows, first, n, shift, 1, low, high);
}

void TIER(adm_columns_s16)(const int16_t *const rows[4], int first, int n, int32_t *low,
                           int32_t *high)
{
    for (int j = first; j < first + n; j += BLOCK) {
        const int16x8_t x[4] = {vld1q_s16(rows[0] + j), vld1q_s16(rows[1] + j),
                                vld1q_s16(rows[2] + j), vld1q_s16(rows[3] + j)};
        vint sums[2];
        filter_16(x, LOW_TAPS, sums);
        v_store(low + j, sums[0]);
        v_store(low + j + LANES, sums[1]);
        filter_16(x, HIGH_TAPS, sums);
        v_store(high + j, sums[0]);
        v_store(high + j + LANES, sums[1]);
    }
}

void TIER(adm_columns_s32)(const int32_t *const rows[4], int first, int n, int32_t *low,
                           int32_t *high)
{
    for (int j = first; j < first + n; j += LANES) {
        const vint x[4] = {v_load(rows[0] + j), v_load(rows[1] + j), v_load(rows[2] + j),
                           v_load(rows[3] + j)};
        v_store(low + j, filter_32(x, LOW_TAPS, 16));
        v_store(high + j, filter_32(x, HIGH_TAPS, 16));
    }
}

/* ---- horizontal: a load that parts even and odd samples gives two of the four taps ----------- */

INLINE void store_narrowed(int16_t *p, const vint sums[2])
{
    vst1q_s16(p, vrshrn_high_n_s32(vrshrn_n_s32(sums[0], 16), sums[1], 16));
}

INLINE void row_16(const int16_t *row, int first, int n, int16_t *low, int16_t *high)
{
    for (int k = first; k < first + n; k += BLOCK) {
        const int16x8x2_t x01 = vld2q_s16(row + 2 * k - 1), x23 = vld2q_s16(row + 2 * k + 1);
        const int16x8_t x[4] = {x01.val[0], x01.val[1], x23.val[0], x23.val[1]};
        vint sums[2];
        if (low) {
            filter_16(x, LOW_TAPS, sums);
            store_narrowed(low + k, sums);
        }
        if (high) {
            filter_16(x, HIGH_TAPS, sums);
            store_narrowed(high + k, sums);
        }
    }
}

INLINE void row_32(const int32_t *row, int first, int n, int shift, int32_t *low, int32_t *high)
{
    for (int k = first; k < first + n; k += LANES) {
        const int32x4x2_t x01 = vld2q_s32(row + 2 * k - 1), x23 = vld2q_s32(row + 2 * k + 1);
        const vint x[4] = {x01.val[0], x01.val[1], x23.val[0], x23.val[1]};
        if (low)
            v_store(low + k, filter_32(x, LOW_TAPS, shift));
        if (high)
            v_store(high + k, filter_32(x, HIGH_TAPS, shift));
    }
}

void TIER(adm_rows_s16)(const int16_t *low, const int16_t *high, int first, int n,
                        int16_t *approx, int16_t *const bands[ADM_BANDS])
{
    row_16(low, first, n, approx, high ? bands[1] : NULL);
    if (high)
        row_16(high, first, n, bands[0], bands[2]);
}

void TIER(adm_rows_s32)(const int32_t *low, const int32_t *high, int first, int n, int shift,
                        int32_t *approx, int32_t *const bands[ADM_BANDS])
{
    if (shift == 16) {
        row_32(low, first, n, 16, approx, high ? bands[1] : NULL);
        if (high)
            row_32(high, first, n, 16, bands[0], bands[2]);
    } else {
        row_32(low, first, n, 15, approx, high ? bands[1] : NULL);
        if (high)
            row_32(high, first, n, 15, bands[0], bands[2]);
    }
}
