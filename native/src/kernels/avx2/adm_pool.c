/* ADM, masking and pooling. The text is in simd/adm_pool.h. */
#include "kernels/avx2/tier.h"
#include "kernels/avx2/vector.h"
#include "kernels/simd/routines.h"
#include "kernels/simd/adm_weights.h"
#include "kernels/simd/adm_pool.h"

void TIER(adm_pool_s16)(const adm_level *level, const adm_row *above, const adm_row *row,
                        const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS])
{
    adm_pool_16(level, above, row, below, first, n, sums);
}

void TIER(adm_pool_s32)(const adm_level *level, const adm_row *above, const adm_row *row,
                        const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS])
{
    adm_pool_32(level, above, row, below, first, n, sums);
}

uint64_t TIER(adm_energy_s16)(const int16_t *band, int first, int n)
{
    return adm_energy_16(band, first, n);
}

uint64_t TIER(adm_energy_s32)(const adm_level *level, const int32_t *band, int first, int n)
{
    return adm_energy_32(level, band, first, n);
}
