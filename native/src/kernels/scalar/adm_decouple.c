/*
 * ADM, decoupling: splits each distorted coefficient t into a restored part r (what the reference
 * coefficient o explains) and an additive part a = t - r, and weighs a for masking.
 *
 * A reference vector (h, v) within one degree of the distorted one marks enhancement; there the
 * restored part may grow up to `gain_limit` times, but never beyond t.
 */
#include "kernels/scalar/scalar.h"

#include <math.h>

/* cos^2 of one degree, rounded to single precision. */
static const double COS2_1DEG = 0x1.ffd814p-1;

/* The exact sums are rounded to single precision once, then compared in double precision. */
static inline bool same_direction(float dot, float ref2, float dis2)
{
    double p = (double)dot;
    return dot >= 0.0f && p * p >= (COS2_1DEG * (double)ref2) * (double)dis2;
}

/* floor(2^30 / s); the truncated double quotient is exact for every s up to 32768. */
static inline int32_t reciprocal(int32_t s) { return (int32_t)(1073741824.0 / (double)s); }

/* t / o in Q15, clipped to 0 .. 1; o is not zero. The divisor is cut to 15 bits. */
static inline int32_t restoration_gain(int32_t o, int32_t t)
{
    int32_t magnitude = o < 0 ? -o : o;
    int drop = 17 - __builtin_clz((uint32_t)magnitude); /* bit length - 15 */
    drop = drop > 0 ? drop : 0;
    int32_t divisor = drop ? (magnitude + (1 << (drop - 1))) >> drop : magnitude;
    int64_t quotient = (int64_t)reciprocal(divisor) * (o < 0 ? -t : t);
    int64_t gain = (quotient + ((int64_t)1 << (14 + drop))) >> (15 + drop);
    return gain < 0 ? 0 : gain > 32768 ? 32768 : (int32_t)gain;
}

/* Raises r towards t, by the limit at most; r has the sign of o or is zero. The truncation is
 * toward zero and matters only for a limit that is not a whole number. */
static inline int32_t boost(int32_t r, int32_t o, int32_t t, double gain_limit)
{
    double raised = (double)r * gain_limit;
    if (o > 0)
        return (int32_t)(raised < (double)t ? raised : (double)t);
    return (int32_t)(raised > (double)t ? raised : (double)t);
}

/* Restored part of t. */
static inline int32_t restore(int32_t o, int32_t t, bool aligned, double gain_limit)
{
    if (o == 0)
        return 0;
    int32_t gain = restoration_gain(o, t);
    int32_t r = (int32_t)(((int64_t)gain * o + (1 << 14)) >> 15);
    return aligned && gain > 0 ? boost(r, o, t, gain_limit) : r;
}

static void decouple_s16(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                         const int16_t *const dis[ADM_BANDS], int first, int n, double gain_limit,
                         const adm_row *out)
{
    static const int shift[ADM_BANDS] = {15, 15, 17};
    static const int32_t round[ADM_BANDS] = {1 << 14, 1 << 14, (1 << 16) - 1};
    for (int j = first; j < first + n; j++) {
        /* |coefficients| <= 22841, the sums of products fit int32 */
        const int32_t oh = ref[0][j], ov = ref[1][j], th = dis[0][j], tv = dis[1][j];
        const bool aligned = same_direction((float)(oh * th + ov * tv), (float)(oh * oh + ov * ov),
                                            (float)(th * th + tv * tv));
        int32_t around = 0, centre = 0;
        for (int b = 0; b < ADM_BANDS; b++) {
            const int32_t t = dis[b][j], r = restore(ref[b][j], t, aligned, gain_limit);
            ((int16_t *)out->restored[b])[j] = (int16_t)r;
            int32_t strength = (level->weight[b] * (t - r) + round[b]) >> shift[b];
            strength = strength < 0 ? -strength : strength;
            around += (4369 * strength + 2048) >> 12;
            centre += (int16_t)((8738 * strength + 2048) >> 12); /* 16 bits by definition */
        }
        out->masking[j] = around;
        out->centre[j] = centre - around;
    }
}

static void decouple_s32(const adm_level *level, const int32_t *const ref[ADM_BANDS],
                         const int32_t *const dis[ADM_BANDS], int first, int n, double gain_limit,
                         const adm_row *out)
{
    const int64_t unit = (int64_t)1 << 31;
    for (int j = first; j < first + n; j++) {
        const int64_t oh = ref[0][j], ov = ref[1][j], th = dis[0][j], tv = dis[1][j];
        const bool aligned = same_direction((float)(oh * th + ov * tv), (float)(oh * oh + ov * ov),
                                            (float)(th * th + tv * tv));
        int32_t around = 0, centre = 0;
        for (int b = 0; b < ADM_BANDS; b++) {
            const int32_t t = dis[b][j], r = restore(ref[b][j], t, aligned, gain_limit);
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

void adm_decouple_s16_scalar(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                             const int16_t *const dis[ADM_BANDS], int first, int n,
                             const pvt_limits *limits, const adm_row *out)
{
    for (int l = 0; l < limits->count; l++)
        decouple_s16(level, ref, dis, first, n, limits->value[l], &out[l]);
}

void adm_decouple_s32_scalar(const adm_level *level, const int32_t *const ref[ADM_BANDS],
                             const int32_t *const dis[ADM_BANDS], int first, int n,
                             const pvt_limits *limits, const adm_row *out)
{
    for (int l = 0; l < limits->count; l++)
        decouple_s32(level, ref, dis, first, n, limits->value[l], &out[l]);
}
