/* ADM, decoupling at levels 1 to 3 (32-bit coefficients), written once for every SIMD tier. */
#include "tier.h"
#include "vector.h"
#include "adm_wide.h"

#include "kernels/simd/routines.h"
#include "kernels/scalar/scalar.h"
#include "kernels/simd/adm_limits.h"

#define MAX_LIMIT 32768

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

/* The definition, for the few positions where double precision alone cannot tell. */
static inline int aligned_exactly(int64_t oh, int64_t ov, int64_t th, int64_t tv)
{
    const float dot = (float)(oh * th + ov * tv);
    const double p = (double)dot, u = (double)(float)(oh * oh + ov * ov),
                 w = (double)(float)(th * th + tv * tv);
    return dot >= 0.0f && p * p >= (ADM_COS2_1DEG * u) * w;
}

/*
 * Compares in double precision, without the roundings to single precision. Those move either side
 * by less than 2^-22 of itself, so sides further apart than 2^-20 decide; the lanes in between
 * are done again exactly. Zero vectors give 0 >= 0 on both sides, which is certain.
 */
INLINE vmask aligned_32(const vint o[2], const vint t[2])
{
    const vdouble c = d_set(ADM_COS2_1DEG), slack = d_set(0x1p-20), zero[2] = {d_set(0), d_set(0)};
    vdouble dot[2], left[2], right[2], distance[2], margin[2];
    for (int half = 0; half < 2; half++) {
        const vdouble oh = half ? d_high(o[0]) : d_low(o[0]),
                      ov = half ? d_high(o[1]) : d_low(o[1]);
        const vdouble th = half ? d_high(t[0]) : d_low(t[0]),
                      tv = half ? d_high(t[1]) : d_low(t[1]);
        dot[half] = d_add(d_mul(oh, th), d_mul(ov, tv));
        left[half] = d_mul(dot[half], dot[half]);
        right[half] = d_mul(d_mul(c, d_add(d_mul(oh, oh), d_mul(ov, ov))),
                            d_add(d_mul(th, th), d_mul(tv, tv)));
        distance[half] = d_abs(d_sub(left[half], right[half]));
        margin[half] = d_mul(right[half], slack);
    }
    vmask aligned = v_both(d_ge(left, right), d_ge(dot, zero));
    const vmask near = v_but_not(d_ge(margin, distance), d_ge(zero, right));
    if (!v_any(near))
        return aligned;
    int32_t oh[LANES], ov[LANES], th[LANES], tv[LANES];
    v_store(oh, o[0]);
    v_store(ov, o[1]);
    v_store(th, t[0]);
    v_store(tv, t[1]);
    uint32_t bits = v_mask_bits(aligned);
    for (uint32_t todo = v_mask_bits(near); todo; todo &= todo - 1) {
        const int i = __builtin_ctz(todo);
        bits &= ~(1u << i);
        bits |= (uint32_t)aligned_exactly(oh[i], ov[i], th[i], tv[i]) << i;
    }
    return v_mask_from_bits(bits);
}

/* The restored part before enhancement counts, and where it does. */
typedef struct restored_32 {
    vint r;
    vmask grows, negative;
} restored_32;

INLINE restored_32 restore_32(vint o, vint t, vmask aligned)
{
    const vint o_abs = v_abs(o), t_abs = v_abs(t), zero = v_zero();
    /* The divisor is cut to 15 bits, rounded half up. */
    const vint drop = v_max(v_sub(v_bit_length(o_abs), v_set(15)), zero);
    const vint half = v_srl(v_sllv(v_set(1), drop), 1);
    const vint divisor = v_srlv(v_add(o_abs, half), drop);
    /* |t| beyond twice |o| saturates; 2 |o| may pass 2^31, and then |t| does not reach it */
    const vint twice = v_add(o_abs, o_abs);
    const vint magnitude = v_select(v_gt(zero, twice), t_abs, v_min(t_abs, twice));
    const vint exponent = v_sub(v_set(-15), drop);
    vdouble d[2], m[2], scale[2], gains[2];
    d_pair(divisor, d);
    d_pair(magnitude, m);
    d_pow2(exponent, scale);
    for (int i = 0; i < 2; i++)
        gains[i] = gain_half(d[i], m[i], scale[i]);
    const vint gain = d_whole(gains);
    const vmask opposed = v_gt(zero, v_xor(o, t));
    const vint k = v_select(opposed, zero, gain);
    /* o = 32768 * o1 + o0: both products fit int32 */
    const vint o1 = v_sra(o, 15), o0 = v_and(o, v_set(32767));
    const vint low = v_sra(v_add(v_mullo32(k, o0), v_set(1 << 14)), 15);
    return (restored_32){
        .r = v_add(v_mullo32(k, o1), low),
        .grows = v_both(aligned, v_both(v_gt(k, zero), v_gt(o_abs, zero))),
        .negative = v_gt(zero, o),
    };
}

INLINE void adm_decouple_32(const adm_level *level, const int32_t *const ref[ADM_BANDS],
                            const int32_t *const dis[ADM_BANDS], int first, int n,
                            const pvt_limits *limits, int count, const adm_row *out)
{
    adm_boost boost[PVT_MAX_GAIN_LIMITS];
    set_boosts(limits, count, boost);
    for (int j = first; j < first + n; j += LANES) {
        vint o[ADM_BANDS], t[ADM_BANDS];
        for (int b = 0; b < ADM_BANDS; b++) {
            o[b] = v_load(ref[b] + j);
            t[b] = v_load(dis[b] + j);
        }
        const vmask aligned = aligned_32(o, t);
        vint around[PVT_MAX_GAIN_LIMITS], centre[PVT_MAX_GAIN_LIMITS];
        for (int l = 0; l < count; l++)
            around[l] = centre[l] = v_zero();
        for (int b = 0; b < ADM_BANDS; b++) {
            const restored_32 plain = restore_32(o[b], t[b], aligned);
            for (int l = 0; l < count; l++) {
                const vint boosted = boost_magnitude(plain.r, t[b], &boost[l], plain.negative);
                const vint r = v_select(plain.grows, boosted, plain.r);
                v_store((int32_t *)out[l].restored[b] + j, r);
                const vint strength = v_abs(weigh_32(v_sub(t[b], r), level->weight[b]));
                around[l] = v_add(around[l], share_32(strength, 143165577));
                centre[l] = v_add(centre[l], share_32(strength, 286331153));
            }
        }
        for (int l = 0; l < count; l++) {
            v_store(out[l].masking + j, around[l]);
            v_store(out[l].centre + j, v_sub(centre[l], around[l]));
        }
    }
}

void TIER(adm_decouple_s32)(const adm_level *level, const int32_t *const ref[ADM_BANDS],
                            const int32_t *const dis[ADM_BANDS], int first, int n,
                            const pvt_limits *limits, const adm_row *out)
{
    if (!adm_all_whole(limits, MAX_LIMIT))
        adm_decouple_s32_scalar(level, ref, dis, first, n, limits, out);
    else if (limits->count == 1)
        adm_decouple_32(level, ref, dis, first, n, limits, 1, out);
    else
        adm_decouple_32(level, ref, dis, first, n, limits, limits->count, out);
}
