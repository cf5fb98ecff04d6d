/*
 * ADM, decoupling: what levels 0 and 1 to 3 share, for every SIMD tier.
 *
 * Quotients are taken in double precision, where 2^30 / s truncates exactly and every product
 * below 2^53 is exact. The enhancement gain limit must be a whole number up to ADM_MAX_LIMIT;
 * others are left to the scalar routine.
 */
#ifndef PVT_SIMD_ADM_GAIN_H
#define PVT_SIMD_ADM_GAIN_H

/* Included after a tier's vector.h. */

#define ADM_MAX_LIMIT 32768.0

static const double ADM_COS2_1DEG = 0x1.ffd814p-1;

/* floor(reciprocal * magnitude * 2^-scale + 1/2), at most 32768: the gain in Q15. `magnitude` is
 * at most twice the divisor's value (more saturates anyway), which keeps all of it exact. */
INLINE vdouble gain_half(vdouble divisor, vdouble magnitude, vdouble scale)
{
    const vdouble reciprocal = d_floor(d_div(d_set(1073741824.0), divisor));
    const vdouble gain = d_add(d_mul(d_mul(reciprocal, magnitude), scale), d_set(0.5));
    return d_min(gain, d_set(32768.0));
}

/* The restored coefficient may grow `limit` times, up to t; both have the sign of `negative`.
 * `cap` = (2^31 - 1) / limit keeps the product in 32 bits and is above any |t| / limit. */
INLINE vint boost_magnitude(vint r, vint t, vint limit, vint cap, vmask negative)
{
    const vint raised = v_mullo32(limit, v_min(v_abs(r), cap));
    return v_negate_where(negative, v_min(raised, v_abs(t)));
}

/* Whether the vector text can do this gain limit. */
static inline int adm_is_whole(double gain_limit)
{
    return gain_limit <= ADM_MAX_LIMIT && gain_limit == (double)(int)gain_limit;
}

#endif
