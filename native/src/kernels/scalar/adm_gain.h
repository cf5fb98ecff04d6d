/*
 * ADM, decoupling by definition: what levels 0 and 1 to 3 share.
 *
 * A reference vector (h, v) within one degree of the distorted one marks enhancement; there the
 * restored part may grow up to `gain_limit` times, but never beyond t.
 */
#ifndef PVT_SCALAR_ADM_GAIN_H
#define PVT_SCALAR_ADM_GAIN_H

#include <stdbool.h>
#include <stdint.h>

/* cos^2 of one degree, rounded to single precision. */
#define ADM_COS2_1DEG 0x1.ffd814p-1

/* The exact sums are rounded to single precision once, then compared in double precision. */
static inline bool adm_same_direction(float dot, float ref2, float dis2)
{
    const double p = (double)dot;
    return dot >= 0.0f && p * p >= (ADM_COS2_1DEG * (double)ref2) * (double)dis2;
}

/* floor(2^30 / s); the truncated double quotient is exact for every s up to 32768. */
static inline int32_t adm_reciprocal(int32_t s) { return (int32_t)(1073741824.0 / (double)s); }

/* t / o in Q15, clipped to 0 .. 1; o is not zero. The divisor is cut to 15 bits. */
static inline int32_t adm_restoration_gain(int32_t o, int32_t t)
{
    const int32_t magnitude = o < 0 ? -o : o;
    int drop = 17 - __builtin_clz((uint32_t)magnitude); /* bit length - 15 */
    drop = drop > 0 ? drop : 0;
    const int32_t divisor = drop ? (magnitude + (1 << (drop - 1))) >> drop : magnitude;
    const int64_t quotient = (int64_t)adm_reciprocal(divisor) * (o < 0 ? -t : t);
    const int64_t gain = (quotient + ((int64_t)1 << (14 + drop))) >> (15 + drop);
    return gain < 0 ? 0 : gain > 32768 ? 32768 : (int32_t)gain;
}

/* Raises r towards t, by the limit at most; r has the sign of o or is zero. The truncation is
 * toward zero and matters only for a limit that is not a whole number. */
static inline int32_t adm_boost(int32_t r, int32_t o, int32_t t, double gain_limit)
{
    const double raised = (double)r * gain_limit;
    if (o > 0)
        return (int32_t)(raised < (double)t ? raised : (double)t);
    return (int32_t)(raised > (double)t ? raised : (double)t);
}

/* Restored part of t. */
static inline int32_t adm_restore(int32_t o, int32_t t, bool aligned, double gain_limit)
{
    if (o == 0)
        return 0;
    const int32_t gain = adm_restoration_gain(o, t);
    const int32_t r = (int32_t)(((int64_t)gain * o + (1 << 14)) >> 15);
    return aligned && gain > 0 ? adm_boost(r, o, t, gain_limit) : r;
}

#endif
