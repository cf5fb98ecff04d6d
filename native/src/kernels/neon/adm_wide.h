/* ADM: the arithmetic that needs 64 bits, with the functions of x86/adm_wide.h. */

/* (weight * x + 2^27) >> 28, which fits int32. */
INLINE vint weigh_32(vint x, int32_t weight)
{
    const vint w = v_set(weight);
    const int32x2_t low = vrshrn_n_s64(vmull_s32(vget_low_s32(x), vget_low_s32(w)), 28);
    return vrshrn_high_n_s64(low, vmull_high_s32(x, w), 28);
}

/* (factor * x - 2^31) >> 32 of numbers that are not negative. */
INLINE vint share_32(vint x, int32_t factor)
{
    const vint f = v_set(factor);
    const int64x2_t minus_half = vdupq_n_s64(-((int64_t)1 << 31));
    const int64x2_t low = vmlal_s32(minus_half, vget_low_s32(x), vget_low_s32(f));
    const int64x2_t high = vmlal_high_s32(minus_half, x, f);
    return vuzp2q_s32(vreinterpretq_s32_s64(low), vreinterpretq_s32_s64(high));
}

/* Adds a * b to 64-bit sums, numbers that are not negative. */
INLINE vint add_products(vint sum, vint a, vint b)
{
    const uint64x2_t low =
        vmlal_u32(as_u64(sum), vget_low_u32(as_u32(a)), vget_low_u32(as_u32(b)));
    return from_u64(vmlal_high_u32(low, as_u32(a), as_u32(b)));
}

/* What rounds a 64-bit number: the addend and the shift. */
typedef struct wide_rounding {
    int64_t addend;
    int shift;
} wide_rounding;

/* Adds round(round(x^2) * x) to 64-bit sums; x is not negative, nothing passes 2^62. */
INLINE vint add_rounded_cubes(vint sum, vint x, wide_rounding square, wide_rounding cube)
{
    const uint64x2_t square_addend = vdupq_n_u64((uint64_t)square.addend);
    const uint64x2_t cube_addend = vdupq_n_u64((uint64_t)cube.addend);
    const int64x2_t square_shift = vdupq_n_s64(-square.shift);
    const int64x2_t cube_shift = vdupq_n_s64(-cube.shift);
    for (int half = 0; half < 2; half++) {
        const uint32x2_t m = half ? vget_high_u32(as_u32(x)) : vget_low_u32(as_u32(x));
        const uint64x2_t y = vshlq_u64(vmlal_u32(square_addend, m, m), square_shift);
        const uint64x2_t z = vshlq_u64(vmlal_u32(cube_addend, vmovn_u64(y), m), cube_shift);
        sum = from_u64(vaddq_u64(as_u64(sum), z));
    }
    return sum;
}
