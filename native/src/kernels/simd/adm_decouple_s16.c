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

/* t, cut off at zero and at o (or at o boosted, where aligned). */
INLINE vint restore_16(vint o, vint t, int boosts, hmask aligned, vint limit, vint cap)
{
    const vint zero = v_zero();
    vint bound = o;
    if (boosts) {
        const vint capped = h_max(h_min(o, cap), h_sub(zero, cap));
        bound = h_select(aligned, h_mullo(capped, limit), o);
    }
    return h_max(h_min(t, h_max(bound, zero)), h_min(bound, zero));
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

/* One block; false when the scalar routine must do it again. */
INLINE int decouple_block(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                          const int16_t *const dis[ADM_BANDS], int j, int boosts, vint limit,
                          vint cap, const adm_row *out)
{
    vint o[ADM_BANDS], t[ADM_BANDS];
    for (int b = 0; b < ADM_BANDS; b++) {
        o[b] = v_load(ref[b] + j);
        t[b] = v_load(dis[b] + j);
    }
    vmask near = v_first(0);
    const hmask aligned = boosts ? aligned_16(o[0], o[1], t[0], t[1], &near) : h_none();

    vint strengths = v_zero(), around = v_zero(), own = v_zero(), rare = v_zero();
    for (int b = 0; b < ADM_BANDS; b++) {
        const vint r = restore_16(o[b], t[b], boosts, aligned, limit, cap);
        v_store((int16_t *)out->restored[b] + j, r);
        const vint additive = h_sub(t[b], r);
        const vint c = b == 2 ? strength_d(additive, level->weight[b])
                              : strength_hv(additive, level->weight[b]);
        /* the neighbours' share is c + around, its own is 2c + own; the sums fit 16 bits unsigned
         */
        strengths = h_add(strengths, c);
        around = h_add(around, h_mulround(c, h_set(2184)));
        own = h_add(own, h_mulround(c, h_set(4368)));
        /* the top bits tell: |o| >= 16384, or c >= 15360, where the own share passes int16 */
        rare = v_or(rare, v_or(v_xor(o[b], h_add(o[b], o[b])), h_add(c, h_set(32768 - 15360))));
    }
    h_store_u32(out->masking + j, h_add(strengths, around));
    h_store_u32(out->centre + j, h_sub(h_add(strengths, own), around));
    return !(v_any(near) | h_any_negative(rare));
}

INLINE void adm_decouple_16(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                            const int16_t *const dis[ADM_BANDS], int first, int n, int gain_limit,
                            const adm_row *out)
{
    const vint limit = h_set((int16_t)gain_limit), cap = h_set((int16_t)(32767 / gain_limit));
    /* The unboosted r never exceeds t in magnitude: limit 1 changes nothing. */
    const int boosts = gain_limit > 1;
    for (int done = 0; done < n; done += BLOCK) {
        const int j = first + done, count = n - done < BLOCK ? n - done : BLOCK;
        if (!decouple_block(level, ref, dis, j, boosts, limit, cap, out))
            adm_decouple_s16_scalar(level, ref, dis, j, count, gain_limit, out);
    }
}

void TIER(adm_decouple_s16)(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                            const int16_t *const dis[ADM_BANDS], int first, int n,
                            double gain_limit, const adm_row *out)
{
    if (gain_limit <= MAX_LIMIT && gain_limit == (double)(int)gain_limit)
        adm_decouple_16(level, ref, dis, first, n, (int)gain_limit, out);
    else
        adm_decouple_s16_scalar(level, ref, dis, first, n, gain_limit, out);
}
