/* ADM, decoupling at level 0 (16-bit coefficients), written once for every SIMD tier. */
#include "tier.h"
#include "vector.h"

#include "kernels/simd/routines.h"
#include "kernels/scalar/scalar.h"
#include "kernels/simd/adm_gain.h"

/* (h, v) vectors within one degree; sums of products fit int32, so that the conversion to single
 * precision is the one rounding of the definition. */
INLINE vmask aligned_16(vint oh, vint ov, vint th, vint tv)
{
    const vint dot = v_dot16(oh, ov, th, tv), o2 = v_dot16(oh, ov, oh, ov),
               t2 = v_dot16(th, tv, th, tv);
    const vdouble c = d_set(ADM_COS2_1DEG);
    const vdouble p[2] = {d_single_low(dot), d_single_high(dot)};
    const vdouble left[2] = {d_mul(p[0], p[0]), d_mul(p[1], p[1])};
    const vdouble right[2] = {d_mul(d_mul(c, d_single_low(o2)), d_single_low(t2)),
                              d_mul(d_mul(c, d_single_high(o2)), d_single_high(t2))};
    return v_both(d_ge(left, right), v_gt(dot, v_set(-1)));
}

/* The restored part before enhancement counts, and where it does. */
typedef struct restored_16 {
    vint r;
    vmask grows, negative;
} restored_16;

INLINE restored_16 restore_16(vint o, vint t, vmask aligned)
{
    const vint o_abs = v_abs(o), t_abs = v_abs(t), zero = v_zero();
    const vint magnitude = v_min(t_abs, v_add(o_abs, o_abs));
    const vdouble scale = d_set(1.0 / 32768.0);
    const vint gain = d_trunc(gain_half(d_low(o_abs), d_low(magnitude), scale),
                              gain_half(d_high(o_abs), d_high(magnitude), scale));
    /* k = 0 where the signs differ; where o is 0, r is 0 whatever k is */
    const vmask opposed = v_gt(zero, v_xor(o, t));
    const vint k = v_select(opposed, zero, gain);
    return (restored_16){
        .r = v_sra(v_add(v_mullo32(k, o), v_set(1 << 14)), 15),
        .grows = v_both(aligned, v_both(v_gt(k, zero), v_gt(o_abs, zero))),
        .negative = v_gt(zero, o),
    };
}

/* Masking strength of an additive coefficient, its share for neighbours and for itself. */
INLINE void mask_band_16(vint additive, int32_t weight, int32_t round, int shift, vint *around,
                         vint *centre)
{
    const vint weighted = v_add(v_mullo32(additive, v_set(weight)), v_set(round));
    const vint strength = v_abs(shift == 15 ? v_sra(weighted, 15) : v_sra(weighted, 17));
    const vint half = v_set(2048);
    *around = v_add(*around, v_srl(v_add(v_mullo32(strength, v_set(4369)), half), 12));
    const vint own = v_srl(v_add(v_mullo32(strength, v_set(8738)), half), 12);
    *centre = v_add(*centre, v_sra(v_sll(own, 16), 16)); /* 16 bits by definition */
}

INLINE void adm_decouple_16(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                            const int16_t *const dis[ADM_BANDS], int first, int n,
                            const pvt_limits *limits, int count, const adm_row *out)
{
    static const int32_t round[ADM_BANDS] = {1 << 14, 1 << 14, (1 << 16) - 1};
    static const int shift[ADM_BANDS] = {15, 15, 17};
    /* At this level the unboosted r never exceeds t in magnitude: limit 1 changes nothing. */
    const bool boosts = adm_any_boosts(limits);
    adm_boost boost[PVT_MAX_GAIN_LIMITS];
    set_boosts(limits, count, boost);
    for (int j = first; j < first + n; j += LANES) {
        vint o[ADM_BANDS], t[ADM_BANDS];
        for (int b = 0; b < ADM_BANDS; b++) {
            o[b] = v_load_s16(ref[b] + j);
            t[b] = v_load_s16(dis[b] + j);
        }
        const vmask aligned = boosts ? aligned_16(o[0], o[1], t[0], t[1]) : v_first(0);
        vint around[PVT_MAX_GAIN_LIMITS], centre[PVT_MAX_GAIN_LIMITS];
        for (int l = 0; l < count; l++)
            around[l] = centre[l] = v_zero();
        for (int b = 0; b < ADM_BANDS; b++) {
            const restored_16 plain = restore_16(o[b], t[b], aligned);
            for (int l = 0; l < count; l++) {
                vint r = plain.r;
                if (boosts)
                    r = v_select(plain.grows, boost_magnitude(r, t[b], &boost[l], plain.negative),
                                 r);
                v_store_s16((int16_t *)out[l].restored[b] + j, r);
                mask_band_16(v_sub(t[b], r), level->weight[b], round[b], shift[b], &around[l],
                             &centre[l]);
            }
        }
        for (int l = 0; l < count; l++) {
            v_store(out[l].masking + j, around[l]);
            v_store(out[l].centre + j, v_sub(centre[l], around[l]));
        }
    }
}

void TIER(adm_decouple_s16)(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                            const int16_t *const dis[ADM_BANDS], int first, int n,
                            const pvt_limits *limits, const adm_row *out)
{
    if (!adm_all_whole(limits))
        adm_decouple_s16_scalar(level, ref, dis, first, n, limits, out);
    else if (limits->count == 1)
        adm_decouple_16(level, ref, dis, first, n, limits, 1, out);
    else
        adm_decouple_16(level, ref, dis, first, n, limits, limits->count, out);
}
