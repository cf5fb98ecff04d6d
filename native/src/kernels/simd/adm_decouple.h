/*
 * ADM, decoupling, written once for every x86 tier (kernels.h says what it does).
 *
 * Quotients are taken in double precision, where 2^30 / s truncates exactly and every product
 * below 2^53 is exact. The enhancement gain limit must be a whole number up to ADM_MAX_LIMIT;
 * others are left to the scalar routine.
 */

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

/* ---- level 0: coefficients of 16 bits ------------------------------------------------------- */

/* (h, v) vectors within one degree; sums of products fit int32, so that the conversion to single
 * precision is the one rounding of the definition. */
INLINE vmask aligned_16(vint oh, vint ov, vint th, vint tv)
{
    const vint o = v_blend16(oh, v_sll(ov, 16)), t = v_blend16(th, v_sll(tv, 16));
    const vint dot = v_madd(v_zero(), o, t), o2 = v_madd(v_zero(), o, o),
               t2 = v_madd(v_zero(), t, t);
    const vdouble c = d_set(ADM_COS2_1DEG);
    const vdouble p[2] = {d_single_low(dot), d_single_high(dot)};
    const vdouble left[2] = {d_mul(p[0], p[0]), d_mul(p[1], p[1])};
    const vdouble right[2] = {d_mul(d_mul(c, d_single_low(o2)), d_single_low(t2)),
                              d_mul(d_mul(c, d_single_high(o2)), d_single_high(t2))};
    return v_both(d_ge(left, right), v_gt(dot, v_set(-1)));
}

INLINE void decouple_band_16(vint o, vint t, int boosts, vmask aligned, vint limit, vint cap,
                             vint *restored)
{
    const vint o_abs = v_abs(o), t_abs = v_abs(t), zero = v_zero();
    const vint magnitude = v_min(t_abs, v_add(o_abs, o_abs));
    const vdouble scale = d_set(1.0 / 32768.0);
    const vint gain = d_trunc(gain_half(d_low(o_abs), d_low(magnitude), scale),
                              gain_half(d_high(o_abs), d_high(magnitude), scale));
    /* k = 0 where the signs differ; where o is 0, r is 0 whatever k is */
    const vmask opposed = v_gt(zero, v_xor(o, t));
    const vmask negative = v_gt(zero, o);
    const vint k = v_select(opposed, zero, gain);
    vint r = v_sra(v_add(v_mullo32(k, o), v_set(1 << 14)), 15);
    if (boosts) {
        const vmask grows = v_both(aligned, v_both(v_gt(k, zero), v_gt(o_abs, zero)));
        r = v_select(grows, boost_magnitude(r, t, limit, cap, negative), r);
    }
    *restored = r;
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
                            int gain_limit, const adm_row *out)
{
    static const int32_t round[ADM_BANDS] = {1 << 14, 1 << 14, (1 << 16) - 1};
    static const int shift[ADM_BANDS] = {15, 15, 17};
    const vint limit = v_set(gain_limit), cap = v_set(0x7fffffff / gain_limit);
    /* At this level the unboosted r never exceeds t in magnitude: limit 1 changes nothing. */
    const int boosts = gain_limit > 1;
    for (int j = first; j < first + n; j += LANES) {
        vint o[ADM_BANDS], t[ADM_BANDS];
        for (int b = 0; b < ADM_BANDS; b++) {
            o[b] = v_load_s16(ref[b] + j);
            t[b] = v_load_s16(dis[b] + j);
        }
        const vmask aligned = boosts ? aligned_16(o[0], o[1], t[0], t[1]) : v_first(0);
        vint around = v_zero(), centre = v_zero();
        for (int b = 0; b < ADM_BANDS; b++) {
            vint r;
            decouple_band_16(o[b], t[b], boosts, aligned, limit, cap, &r);
            v_store_s16((int16_t *)out->restored[b] + j, r);
            mask_band_16(v_sub(t[b], r), level->weight[b], round[b], shift[b], &around, &centre);
        }
        v_store(out->masking + j, around);
        v_store(out->centre + j, v_sub(centre, around));
    }
}

/* ---- levels 1 to 3: coefficients of 32 bits ------------------------------------------------- */

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
        const vdouble oh = half ? d_high(o[0]) : d_low(o[0]), ov = half ? d_high(o[1]) : d_low(o[1]);
        const vdouble th = half ? d_high(t[0]) : d_low(t[0]), tv = half ? d_high(t[1]) : d_low(t[1]);
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

INLINE vint decouple_band_32(vint o, vint t, vmask aligned, vint limit, vint cap)
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
    const vint gain =
        d_trunc(gain_half(d_low(divisor), d_low(magnitude), d_pow2_low(exponent)),
                gain_half(d_high(divisor), d_high(magnitude), d_pow2_high(exponent)));
    const vmask opposed = v_gt(zero, v_xor(o, t));
    const vmask negative = v_gt(zero, o);
    const vint k = v_select(opposed, zero, gain);
    /* o = 32768 * o1 + o0: both products fit int32 */
    const vint o1 = v_sra(o, 15), o0 = v_and(o, v_set(32767));
    const vint low = v_sra(v_add(v_mullo32(k, o0), v_set(1 << 14)), 15);
    const vint r = v_add(v_mullo32(k, o1), low);
    const vmask grows = v_both(aligned, v_both(v_gt(k, zero), v_gt(o_abs, zero)));
    return v_select(grows, boost_magnitude(r, t, limit, cap, negative), r);
}

/* (factor * x - 2^31) >> 32 of numbers that are not negative. */
INLINE vint share_32(vint x, int32_t factor)
{
    const vint f = v_set(factor), minus_half = w_set(-((int64_t)1 << 31));
    const vint even = w_add(w_mul_u32(x, f), minus_half);
    const vint odd = w_add(w_mul_u32(w_high(x), f), minus_half);
    return v_blend32(w_high(even), odd);
}

INLINE void adm_decouple_32(const adm_level *level, const int32_t *const ref[ADM_BANDS],
                            const int32_t *const dis[ADM_BANDS], int first, int n,
                            int gain_limit, const adm_row *out)
{
    const vint limit = v_set(gain_limit), cap = v_set(0x7fffffff / gain_limit);
    for (int j = first; j < first + n; j += LANES) {
        vint o[ADM_BANDS], t[ADM_BANDS];
        for (int b = 0; b < ADM_BANDS; b++) {
            o[b] = v_load(ref[b] + j);
            t[b] = v_load(dis[b] + j);
        }
        const vmask aligned = aligned_32(o, t);
        vint around = v_zero(), centre = v_zero();
        for (int b = 0; b < ADM_BANDS; b++) {
            const vint r = decouple_band_32(o[b], t[b], aligned, limit, cap);
            v_store((int32_t *)out->restored[b] + j, r);
            const vint strength = v_abs(weigh_32(v_sub(t[b], r), level->weight[b]));
            around = v_add(around, share_32(strength, 143165577));
            centre = v_add(centre, share_32(strength, 286331153));
        }
        v_store(out->masking + j, around);
        v_store(out->centre + j, v_sub(centre, around));
    }
}
