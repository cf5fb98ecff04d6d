/* The wavelet of ADM by definition. See define.h; formulas: docs/arithmetic.md. */
#include "kernels/define.h"

static const int64_t low_taps[4] = {15826, 27411, 7345, -4240};
static const int64_t high_taps[4] = {-4240, -7345, 27411, -15826};

/* Unsigned pixels: the DC term that the low half would carry is taken off the sum. */
static void columns_pixels(const uint8_t *const rows[4], int sample_bytes, int first, int n,
                           int depth, int16_t *low, int16_t *high)
{
    const int64_t dc = 46342LL << (depth - 1);
    for (int j = first; j < first + n; j++) {
        int64_t l = -dc, h = 0;
        for (int t = 0; t < 4; t++) {
            const int64_t sample = define_sample(rows[t], j, sample_bytes);
            l += low_taps[t] * sample;
            h += high_taps[t] * sample;
        }
        low[j] = (int16_t)define_round(l, depth);
        high[j] = (int16_t)define_round(h, depth);
    }
}

static void columns_u8(const uint8_t *const rows[4], int first, int n, int shift, int16_t *low,
                       int16_t *high)
{
    columns_pixels(rows, 1, first, n, shift, low, high);
}

static void columns_u16(const uint8_t *const rows[4], int first, int n, int shift, int16_t *low,
                        int16_t *high)
{
    columns_pixels(rows, 2, first, n, shift, low, high);
}

static void columns_s16(const int16_t *const rows[4], int first, int n, int32_t *low,
                        int32_t *high)
{
    for (int j = first; j < first + n; j++) {
        int64_t l = 0, h = 0;
        for (int t = 0; t < 4; t++) {
            l += low_taps[t] * rows[t][j];
            h += high_taps[t] * rows[t][j];
        }
        low[j] = (int32_t)l;
        high[j] = (int32_t)h;
    }
}

static void columns_s32(const int32_t *const rows[4], int first, int n, int32_t *low,
                        int32_t *high)
{
    for (int j = first; j < first + n; j++) {
        int128 l = 0, h = 0;
        for (int t = 0; t < 4; t++) {
            l += low_taps[t] * (int128)rows[t][j];
            h += high_taps[t] * (int128)rows[t][j];
        }
        low[j] = (int32_t)define_round(l, 16);
        high[j] = (int32_t)define_round(h, 16);
    }
}

static void rows_s16(const int16_t *low, const int16_t *high, int first, int n, int16_t *approx,
                     int16_t *const bands[ADM_BANDS])
{
    for (int k = first; k < first + n; k++) {
        int64_t a = 0, h = 0, v = 0, d = 0;
        for (int t = 0; t < 4; t++) {
            const int at = 2 * k - 1 + t;
            a += low_taps[t] * low[at];
            v += high_taps[t] * low[at];
            h += high ? low_taps[t] * high[at] : 0;
            d += high ? high_taps[t] * high[at] : 0;
        }
        if (approx)
            approx[k] = (int16_t)define_round(a, 16);
        if (high) {
            bands[0][k] = (int16_t)define_round(h, 16);
            bands[1][k] = (int16_t)define_round(v, 16);
            bands[2][k] = (int16_t)define_round(d, 16);
        }
    }
}

static void rows_s32(const int32_t *low, const int32_t *high, int first, int n, int shift,
                     int32_t *approx, int32_t *const bands[ADM_BANDS])
{
    for (int k = first; k < first + n; k++) {
        int128 a = 0, h = 0, v = 0, d = 0;
        for (int t = 0; t < 4; t++) {
            const int at = 2 * k - 1 + t;
            a += low_taps[t] * (int128)low[at];
            v += high_taps[t] * (int128)low[at];
            h += high ? low_taps[t] * (int128)high[at] : 0;
            d += high ? high_taps[t] * (int128)high[at] : 0;
        }
        if (approx)
            approx[k] = (int32_t)define_round(a, shift);
        if (high) {
            bands[0][k] = (int32_t)define_round(h, shift);
            bands[1][k] = (int32_t)define_round(v, shift);
            bands[2][k] = (int32_t)define_round(d, shift);
        }
    }
}

void define_adm_wavelet(adm_kernels *kernels)
{
    kernels->columns_u8 = columns_u8;
    kernels->columns_u16 = columns_u16;
    kernels->columns_s16 = columns_s16;
    kernels->columns_s32 = columns_s32;
    kernels->rows_s16 = rows_s16;
    kernels->rows_s32 = rows_s32;
}
