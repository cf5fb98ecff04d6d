/* ADM: decoupling, masking and pooling of one position. See adm.cl. */

/* Whether the (h, v) vectors lie within one degree. The exact sums are rounded to single precision
 * once, then compared in double precision. */
INLINE int adm_aligned(const int fine, const i32 o[ADM_BANDS], const i32 t[ADM_BANDS])
{
    float dot, ref2, dis2;
    if (fine) { /* below 2^30 */
        dot = (float)(o[0] * t[0] + o[1] * t[1]);
        ref2 = (float)(o[0] * o[0] + o[1] * o[1]);
        dis2 = (float)(t[0] * t[0] + t[1] * t[1]);
    } else {
        dot = (float)((i64)o[0] * t[0] + (i64)o[1] * t[1]);
        ref2 = (float)((i64)o[0] * o[0] + (i64)o[1] * o[1]);
        dis2 = (float)((i64)t[0] * t[0] + (i64)t[1] * t[1]);
    }
    const double p = (double)dot;
    return (dot >= 0.0f) & (p * p >= (ADM_COS2_1DEG * (double)ref2) * (double)dis2);
}

/* t / o in Q15, clipped to 0 .. 1; o > 0. The divisor is cut to 15 bits. */
INLINE i32 adm_gain(i32 o, i32 t)
{
    int drop = top_bit((u32)o) - 14;
    drop = drop > 0 ? drop : 0;
    const u32 divisor = ((u32)o + ((1u << drop) >> 1)) >> drop;
    const i64 quotient = (i64)(0x40000000u / divisor) * t;
    const i64 gain = (quotient + ((i64)1 << (14 + drop))) >> (15 + drop);
    return gain < 0 ? 0 : gain > 32768 ? 32768 : (i32)gain;
}

/* Restored part of t. Where both vectors are aligned (all bits of the mask are set), it may grow
 * towards t up to `limit` times; the truncation is toward zero. Worked out for positive o. */
INLINE i32 adm_restore(const int fine, i32 o, i32 t, u32 aligned, double limit)
{
    const i32 magnitude = o < 0 ? -o : o, most = o < 0 ? -t : t;
    i32 r;
    if (fine && magnitude < 16384) {
        /* the gain needs no division: see "Why fast code can be exact" */
        r = most < 0 ? 0 : most > magnitude ? magnitude : most;
    } else if (o == 0) {
        return 0;
    } else {
        r = (i32)(((i64)adm_gain(magnitude, most) * o + (1 << 14)) >> 15); /* halves up */
        r = o < 0 ? -r : r;
    }
    const double raised = (double)r * limit, top = (double)(most > 0 ? most : 0);
    const i32 grown = (i32)(raised < top ? raised : top);
    r = (i32)(((u32)grown & aligned) | ((u32)r & ~aligned));
    return o < 0 ? -r : r;
}

/* Masking strength of an additive part: what it gives to its neighbours, and what to its own
 * position beyond that. */
INLINE void adm_mask(const int fine, const int band, GLOBAL const adm_params *p, i32 additive,
                     i32 *around, i32 *centre)
{
    const i32 weight = band == 2 ? p->weight_d : p->weight_hv;
    i32 neighbours, own;
    if (fine) {
        i32 c = (weight * additive + (band == 2 ? 65535 : 16384)) >> (band == 2 ? 17 : 15);
        c = c < 0 ? -c : c;
        neighbours = (4369 * c + 2048) >> 12;
        own = (i16)((8738 * c + 2048) >> 12);
    } else {
        i64 c = ((i64)weight * additive + (1 << 27)) >> 28;
        c = c < 0 ? -c : c;
        neighbours = (i32)((143165577 * c - ((i64)1 << 31)) >> 32);
        own = (i32)((286331153 * c - ((i64)1 << 31)) >> 32);
    }
    *around += neighbours;
    *centre += own - neighbours;
}

/* Decouples one position; returns its strength as a neighbour. */
INLINE i32 adm_decouple(const int fine, GLOBAL const adm_params *p, const adm_bands *ref,
                        const adm_bands *dis, double limit, adm_position *out)
{
    /* a mask, since compilers make two copies of what follows a condition */
    const u32 aligned = opaque(0u - (u32)adm_aligned(fine, ref->detail, dis->detail));
    i32 around = 0, centre = 0;
#pragma unroll
    for (int band = 0; band < ADM_BANDS; band++) {
        const i32 o = ref->detail[band], t = dis->detail[band];
        const i32 r = adm_restore(fine, o, t, aligned, limit);
        adm_mask(fine, band, p, t - r, &around, &centre);
        out->restored[band] = r;
    }
    out->centre = centre;
    return around;
}

/* The cube of a masked signal. x and y fit 31 bits, the cube 62. */
INLINE u64 adm_masked_cube(i64 x, int square_shift, int cube_shift)
{
    if (x <= 0)
        return 0;
    const u32 y = (u32)round_shift((i64)((u64)(u32)x * (u32)x), square_shift);
    return (u64)round_shift((i64)((u64)y * (u32)x), cube_shift);
}

INLINE u64 adm_numerator(const int fine, const int band, GLOBAL const adm_params *p, i32 restored,
                         i32 threshold)
{
    const i32 weight = band == 2 ? p->weight_d : p->weight_hv;
    const int cube_shift = band == 2 ? p->cube_shift_d : p->cube_shift_hv;
    if (fine) {
        const i32 signal = weight * restored;
        const i32 masked = threshold * (1 << (band == 2 ? 12 : 10));
        return adm_masked_cube((i64)(signal < 0 ? -signal : signal) - masked, band == 2 ? 30 : 29,
                               cube_shift);
    }
    const i64 signal = ((i64)weight * restored + (1 << 27)) >> 28;
    return adm_masked_cube((signal < 0 ? -signal : signal) - threshold, 30, cube_shift);
}

INLINE u64 adm_energy(const int fine, GLOBAL const adm_params *p, i32 o)
{
    const u32 m = (u32)(o < 0 ? -o : o);
    if (fine)
        return (u64)(m * m) * m;
    const int shift = p->den_square_shift; /* a whole unit is added, by definition */
    const u32 y = (u32)(((u64)m * m + ((u64)1 << shift)) >> shift);
    return (u64)round_shift((i64)((u64)y * m), p->den_cube_shift);
}

/* Masked cubes of one position, whose neighbours' strengths are in `masks`. */
INLINE void adm_pool(const int fine, GLOBAL const adm_params *p, LOCAL const i32 *masks, int at,
                     const adm_position *position, u64 sums[ADM_SUMS])
{
    i32 threshold = position->centre;
#pragma unroll
    for (int dy = -ADM_MASK_PITCH; dy <= ADM_MASK_PITCH; dy += ADM_MASK_PITCH)
        threshold += masks[at + dy - 1] + masks[at + dy] + masks[at + dy + 1];
#pragma unroll
    for (int band = 0; band < ADM_BANDS; band++)
        sums[band] += adm_numerator(fine, band, p, position->restored[band], threshold);
}
