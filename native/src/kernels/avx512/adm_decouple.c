/* ADM, decoupling. The text is in simd/adm_decouple.h. */
#include "kernels/avx512/tier.h"
#include "kernels/avx512/vector.h"
#include "kernels/scalar/scalar.h"
#include "kernels/simd/routines.h"
#include "kernels/simd/adm_weights.h"
#include "kernels/simd/adm_decouple.h"

/* Whether the vector text can do this gain limit. */
static int is_whole(double gain_limit)
{
    return gain_limit <= ADM_MAX_LIMIT && gain_limit == (double)(int)gain_limit;
}

void TIER(adm_decouple_s16)(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                            const int16_t *const dis[ADM_BANDS], int first, int n,
                            double gain_limit, const adm_row *out)
{
    if (is_whole(gain_limit))
        adm_decouple_16(level, ref, dis, first, n, (int)gain_limit, out);
    else
        adm_decouple_s16_scalar(level, ref, dis, first, n, gain_limit, out);
}

void TIER(adm_decouple_s32)(const adm_level *level, const int32_t *const ref[ADM_BANDS],
                            const int32_t *const dis[ADM_BANDS], int first, int n,
                            double gain_limit, const adm_row *out)
{
    if (is_whole(gain_limit))
        adm_decouple_32(level, ref, dis, first, n, (int)gain_limit, out);
    else
        adm_decouple_s32_scalar(level, ref, dis, first, n, gain_limit, out);
}
