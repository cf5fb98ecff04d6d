/*
 * ADM, wavelet: one level of the four-tap Daubechies-2 analysis, vertical then horizontal.
 *
 * Taps are Q15. Output k reads inputs 2k-1 .. 2k+2. Pixels are centred (less 2^(depth-1)) as they
 * are loaded, which removes the DC term of the low half; the high half has none.
 */
#include "kernels/scalar/scalar.h"

#include <string.h>

enum { LOW0 = 15826, LOW1 = 27411, LOW2 = 7345, LOW3 = -4240 };
enum { HIGH0 = -4240, HIGH1 = -7345, HIGH2 = 27411, HIGH3 = -15826 };

#define LOW(a, b, c, d) (LOW0 * (a) + LOW1 * (b) + LOW2 * (c) + LOW3 * (d))
#define HIGH(a, b, c, d) (HIGH0 * (a) + HIGH1 * (b) + HIGH2 * (c) + HIGH3 * (d))

void adm_columns_u8_scalar(const uint8_t *const rows[4], int first, int n, int shift,
                           int16_t *restrict low, int16_t *restrict high)
{
    const int32_t half = 1 << (shift - 1);
    for (int j = first; j < first + n; j++) {
        int32_t a = rows[0][j] - 128, b = rows[1][j] - 128;
        int32_t c = rows[2][j] - 128, d = rows[3][j] - 128;
        low[j] = (int16_t)((LOW(a, b, c, d) + half) >> shift);
        high[j] = (int16_t)((HIGH(a, b, c, d) + half) >> shift);
    }
}

static inline int32_t load_centred(const uint8_t *row, int j, int32_t centre)
{
    uint16_t sample;
    memcpy(&sample, row + 2 * (ptrdiff_t)j, sizeof sample);
    return sample - centre;
}

void adm_columns_u16_scalar(const uint8_t *const rows[4], int first, int n, int shift,
                            int16_t *restrict low, int16_t *restrict high)
{
    const int32_t half = 1 << (shift - 1), centre = half; /* the shift is the bit depth */
    for (int j = first; j < first + n; j++) {
        int32_t a = load_centred(rows[0], j, centre), b = load_centred(rows[1], j, centre);
        int32_t c = load_centred(rows[2], j, centre), d = load_centred(rows[3], j, centre);
        /* at most 54822 * 2^15 < 2^31 in magnitude */
        low[j] = (int16_t)((LOW(a, b, c, d) + half) >> shift);
        high[j] = (int16_t)((HIGH(a, b, c, d) + half) >> shift);
    }
}

void adm_columns_s16_scalar(const int16_t *const rows[4], int first, int n, int32_t *restrict low,
                            int32_t *restrict high)
{
    for (int j = first; j < first + n; j++) {
        int32_t a = rows[0][j], b = rows[1][j], c = rows[2][j], d = rows[3][j];
        low[j] = LOW(a, b, c, d); /* at most 1.26e9: no rounding at this level */
        high[j] = HIGH(a, b, c, d);
    }
}

void adm_columns_s32_scalar(const int32_t *const rows[4], int first, int n, int32_t *restrict low,
                            int32_t *restrict high)
{
    for (int j = first; j < first + n; j++) {
        int64_t a = rows[0][j], b = rows[1][j], c = rows[2][j], d = rows[3][j];
        low[j] = (int32_t)((LOW(a, b, c, d) + 0x8000) >> 16);
        high[j] = (int32_t)((HIGH(a, b, c, d) + 0x8000) >> 16);
    }
}

void adm_rows_s16_scalar(const int16_t *low, const int16_t *high, int first, int n, int16_t *approx,
                         int16_t *const bands[ADM_BANDS])
{
    for (int k = first; k < first + n; k++) {
        int32_t a = low[2 * k - 1], b = low[2 * k], c = low[2 * k + 1], d = low[2 * k + 2];
        if (approx)
            approx[k] = (int16_t)((LOW(a, b, c, d) + 0x8000) >> 16);
        if (high)
            bands[1][k] = (int16_t)((HIGH(a, b, c, d) + 0x8000) >> 16);
    }
    if (!high)
        return;
    for (int k = first; k < first + n; k++) {
        int32_t a = high[2 * k - 1], b = high[2 * k], c = high[2 * k + 1], d = high[2 * k + 2];
        bands[0][k] = (int16_t)((LOW(a, b, c, d) + 0x8000) >> 16);
        bands[2][k] = (int16_t)((HIGH(a, b, c, d) + 0x8000) >> 16);
    }
}

void adm_rows_s32_scalar(const int32_t *low, const int32_t *high, int first, int n, int shift,
                         int32_t *approx, int32_t *const bands[ADM_BANDS])
{
    const int64_t half = (int64_t)1 << (shift - 1);
    for (int k = first; k < first + n; k++) {
        int64_t a = low[2 * k - 1], b = low[2 * k], c = low[2 * k + 1], d = low[2 * k + 2];
        if (approx)
            approx[k] = (int32_t)((LOW(a, b, c, d) + half) >> shift);
        if (high)
            bands[1][k] = (int32_t)((HIGH(a, b, c, d) + half) >> shift);
    }
    if (!high)
        return;
    for (int k = first; k < first + n; k++) {
        int64_t a = high[2 * k - 1], b = high[2 * k], c = high[2 * k + 1], d = high[2 * k + 2];
        bands[0][k] = (int32_t)((LOW(a, b, c, d) + half) >> shift);
        bands[2][k] = (int32_t)((HIGH(a, b, c, d) + half) >> shift);
    }
}
