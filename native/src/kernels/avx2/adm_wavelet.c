/* ADM, wavelet. The text is in simd/adm_wavelet.h. */
#include "kernels/avx2/tier.h"
#include "kernels/avx2/vector.h"
#include "kernels/simd/routines.h"
#include "kernels/simd/adm_wavelet.h"

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

void TIER(adm_rows_s16)(const int16_t *low, const int16_t *high, int first, int n,
                        int16_t *approx, int16_t *const bands[ADM_BANDS])
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
