/* ADM, decoupling at levels 1 to 3 (32-bit coefficients); see adm_decouple_s16.c. */
#include "kernels/scalar/adm_gain.h"
#include "kernels/scalar/scalar.h"

static void decouple_limit(const adm_level *level, const int32_t *const ref[ADM_BANDS],
                           const int32_t *const dis[ADM_BANDS], int first, int n, double gain_limit,
                           const adm_row *out)
{
    const int64_t unit = (int64_t)1 << 31;
    for (int j = first; j < first + n; j++) {
        const int64_t oh = ref[0][j], ov = ref[1][j], th = dis[0][j], tv = dis[1][j];
        const bool aligned = adm_same_direction(
            (float)(oh * th + ov * tv), (float)(oh * oh + ov * ov), (float)(th * th + tv * tv));
        int32_t around = 0, centre = 0;
        for (int b = 0; b < ADM_BANDS; b++) {
            const int32_t t = dis[b][j], r = adm_restore(ref[b][j], t, aligned, gain_limit);
            ((int32_t *)out->restored[b])[j] = r;
            int64_t strength = ((int64_t)level->weight[b] * (t - r) + (1 << 27)) >> 28;
            strength = strength < 0 ? -strength : strength;
            /* half a unit is subtracted, not added: part of the definition */
            around += (int32_t)((143165577 * strength - unit) >> 32);
            centre += (int32_t)((286331153 * strength - unit) >> 32);
        }
        out->masking[j] = around;
        out->centre[j] = centre - around;
    }
}

void adm_decouple_s32_scalar(const adm_level *level, const int32_t *const ref[ADM_BANDS],
                             const int32_t *const dis[ADM_BANDS], int first, int n,
                             const pvt_limits *limits, const adm_row *out)
{
    for (int l = 0; l < limits->count; l++)
        decouple_limit(level, ref, dis, first, n, limits->value[l], &out[l]);
}
