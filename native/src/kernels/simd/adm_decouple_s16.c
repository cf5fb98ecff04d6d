/*
 * ADM, decoupling at level 0 (16-bit coefficients), written once for every SIMD tier.
 *
 * No division: where |o| stays below 16384, the gain and the roundings of the definition restore
 * exactly r = t, cut off at o and at zero (docs/arithmetic.md). With boost the cut is at `limit`
 * times o. So everything fits 16-bit lanes. Blocks with a coefficient above that, with a strength
 * that wraps, or with an angle too near to one degree are left to the scalar routine.
 */
#include "tier.h"
#include "vector.h"
#include "vector16.h"

#include "kernels/simd/routines.h"
#include "kernels/scalar/scalar.h"
#include "kernels/simd/adm_limits.h"

/* At limits up to this, limit * (32767 / limit) is above every |t|, which is at most 22841. */
enum { MAX_LIMIT = 10000 };

/*
 * Columns whose (h, v) vectors are within one degree. The sums of products fit int32, and their
 * conversion to single precision is the one rounding of the definition. The products that follow
 * are off by less than 2^-22: `*near` are the lanes in which that may matter.
 */
INLINE hmask aligned_16(vint oh, vint ov, vint th, vint tv, vmask *near)
{
    vint o[2], t[2];
    h_pair(oh, ov, o);
    h_pair(th, tv, t);
    vfloat above[2];
    vmask undecided[2];
    for (int i = 0; i < 2; i++) {
        /* a negative product is never aligned, two zero vectors always are */
        const vfloat dot = f_max(f_from(h_dot(o[i], t[i])), f_set(0.0f));
        const vfloat o2 = f_from(h_dot(o[i], o[i])), t2 = f_from(h_dot(t[i], t[i]));
        const vfloat right = f_mul(f_mul(f_set(0x1.ffd814p-1f), o2), t2); /* cos^2 of 1 degree */
        above[i] = f_mul_sub(dot, dot, right);
        undecided[i] = f_less(f_abs(above[i]), f_mul(right, f_set(0x1p-22f)));
    }
    *near = v_either(undecided[0], undecided[1]);
    return h_no_minus(above);
}

/* A gain limit, and the largest number that it raises within 16 bits. */
typedef struct boost_16 {
    vint limit, cap;
} boost_16;

/* What r is cut off at: o, and o boosted where aligned. */
INLINE vint bound_16(vint o, hmask aligned, const boost_16 *boost)
{
    const vint capped = h_max(h_min(o, boost->cap), h_sub(v_zero(), boost->cap));
    return h_select(aligned, h_mullo(capped, boost->limit), o);
}

/* t, cut off at zero and at the bound. */
INLINE vint restore_16(vint t, vint bound)
{
    return h_max(h_min(t, h_max(bound, v_zero())), h_min(bound, v_zero()));
}

/* |(weight * a + 2^14) >> 15|; the weight is 32768 + w. */
INLINE vint strength_hv(vint additive, int32_t weight)
{
    const vint w = h_set((int16_t)(weight - 32768));
    return h_abs(h_add(additive, h_mulround(additive, w)));
}

/* |(weight * a + 65535) >> 17|, which is ceil(weight * a / 65536) >> 1; the weight is 65536 - w. */
INLINE vint strength_d(vint additive, int32_t weight)
{
    const vint w = h_set((int16_t)(65536 - weight));
    return h_abs(h_sra(h_sub(additive, h_mulhi(additive, w)), 1));
}

/* Masking strengths of a position, summed over the bands: the neighbours' share is c + around, its
 * own is 2c + own. The sums fit 16 bits, unsigned. */
typedef struct shares_16 {
    vint c, around, own;
} shares_16;

INLINE void add_shares(shares_16 *sum, vint c)
{
    sum->c = h_add(sum->c, c);
    sum->around = h_add(sum->around, h_mulround(c, h_set(2184)));
    sum->own = h_add(sum->own, h_mulround(c, h_set(4368)));
}

/* One block; false when the scalar routine must do it again. */
INLINE bool decouple_block(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                           const int16_t *const dis[ADM_BANDS], int j, bool boosts,
                           const boost_16 *boost, int count, const adm_row *out)
{
    vint o[ADM_BANDS], t[ADM_BANDS];
    for (int b = 0; b < ADM_BANDS; b++) {
        o[b] = v_load(ref[b] + j);
        t[b] = v_load(dis[b] + j);
    }
    vmask near = v_first(0);
    const hmask aligned = boosts ? aligned_16(o[0], o[1], t[0], t[1], &near) : h_none();

    vint rare = v_zero(); /* top bits: |o| >= 16384, or c >= 15360, whose own share passes int16 */
    for (int b = 0; b < ADM_BANDS; b++)
        rare = v_or(rare, v_xor(o[b], h_add(o[b], o[b])));
    for (int l = 0; l < count; l++) {
        shares_16 sum = {v_zero(), v_zero(), v_zero()};
        for (int b = 0; b < ADM_BANDS; b++) {
            const vint bound = boosts ? bound_16(o[b], aligned, &boost[l]) : o[b];
            const vint r = restore_16(t[b], bound), additive = h_sub(t[b], r);
            const vint c = b == 2 ? strength_d(additive, level->weight[b])
                                  : strength_hv(additive, level->weight[b]);
            v_store((int16_t *)out[l].restored[b] + j, r);
            rare = v_or(rare, h_add(c, h_set(32768 - 15360)));
            add_shares(&sum, c);
        }
        h_store_u32(out[l].masking + j, h_add(sum.c, sum.around));
        h_store_u32(out[l].centre + j, h_sub(h_add(sum.c, sum.own), sum.around));
    }
    return !(v_any(near) | h_any_negative(rare));
}

INLINE void adm_decouple_16(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                            const int16_t *const dis[ADM_BANDS], int first, int n,
                            const pvt_limits *limits, int count, const adm_row *out)
{
    boost_16 boost[PVT_MAX_GAIN_LIMITS];
    for (int l = 0; l < count; l++) {
        const int limit = (int)limits->value[l];
        boost[l] = (boost_16){h_set((int16_t)limit), h_set((int16_t)(32767 / limit))};
    }
    /* The unboosted r never exceeds t in magnitude: limit 1 changes nothing. */
    const bool boosts = adm_any_boosts(limits);
    for (int done = 0; done < n; done += BLOCK) {
        const int j = first + done, columns = n - done < BLOCK ? n - done : BLOCK;
        if (!decouple_block(level, ref, dis, j, boosts, boost, count, out))
            adm_decouple_s16_scalar(level, ref, dis, j, columns, limits, out);
    }
}

void TIER(adm_decouple_s16)(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                            const int16_t *const dis[ADM_BANDS], int first, int n,
                            const pvt_limits *limits, const adm_row *out)
{
    if (!adm_all_whole(limits, MAX_LIMIT))
        adm_decouple_s16_scalar(level, ref, dis, first, n, limits, out);
    else if (limits->count == 1)
        adm_decouple_16(level, ref, dis, first, n, limits, 1, out);
    else
        adm_decouple_16(level, ref, dis, first, n, limits, limits->count, out);
}
