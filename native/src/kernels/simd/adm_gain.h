/*
 * ADM, decoupling: what levels 0 and 1 to 3 share, for every SIMD tier.
 *
 * Quotients are taken in double precision, where 2^30 / s truncates exactly and every product
 * below 2^53 is exact. Enhancement gain limits must be whole numbers up to ADM_MAX_LIMIT; others
 * are left to the scalar routine.
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

/* A gain limit. The cap, (2^31 - 1) / limit, keeps products in 32 bits and is above any |t| /
 * limit. */
typedef struct adm_boost {
    vint limit, cap;
} adm_boost;

INLINE void set_boosts(const pvt_limits *limits, int count, adm_boost boost[PVT_MAX_GAIN_LIMITS])
{
    for (int l = 0; l < count; l++) {
        const int limit = (int)limits->value[l];
        boost[l] = (adm_boost){v_set(limit), v_set(0x7fffffff / limit)};
    }
}

/* The restored coefficient may grow `limit` times, up to t; both have the sign of `negative`. */
INLINE vint boost_magnitude(vint r, vint t, const adm_boost *boost, vmask negative)
{
    const vint raised = v_mullo32(boost->limit, v_min(v_abs(r), boost->cap));
    return v_negate_where(negative, v_min(raised, v_abs(t)));
}

static inline bool adm_any_boosts(const pvt_limits *limits)
{
    bool any = false;
    for (int l = 0; l < limits->count; l++)
        any = any || limits->value[l] > 1.0;
    return any;
}

/* Whether the vector text can do these gain limits. */
static inline bool adm_all_whole(const pvt_limits *limits)
{
    for (int l = 0; l < limits->count; l++) {
        const double limit = limits->value[l];
        if (limit > ADM_MAX_LIMIT || limit != (double)(int)limit)
            return false;
    }
    return true;
}

#endif
