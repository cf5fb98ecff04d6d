/*
 * ADM: the arithmetic that needs 64 bits, for the x86 tiers, where a product takes the even 32-bit
 * lanes. A tier with other products brings an adm_wide.h of its own with the same functions.
 */

/* (weight * x + 2^27) >> 28, which fits int32. */
INLINE vint weigh_32(vint x, int32_t weight)
{
    const vint w = v_set(weight), half = w_set(1 << 27);
    const vint even = w_add(w_mul_s32(x, w), half);
    const vint odd = w_add(w_mul_s32(w_high(x), w), half);
    return v_blend32(w_srl(even, 28), w_sll(odd, 4));
}

/* (factor * x - 2^31) >> 32 of numbers that are not negative. */
INLINE vint share_32(vint x, int32_t factor)
{
    const vint f = v_set(factor), minus_half = w_set(-((int64_t)1 << 31));
    const vint even = w_add(w_mul_u32(x, f), minus_half);
    const vint odd = w_add(w_mul_u32(w_high(x), f), minus_half);
    return v_blend32(w_high(even), odd);
}

/* Adds a * b to 64-bit sums, numbers that are not negative. */
INLINE vint add_products(vint sum, vint a, vint b)
{
    sum = w_add(sum, w_mul_u32(a, b));
    return w_add(sum, w_mul_u32(w_high(a), w_high(b)));
}

/* What rounds a 64-bit number: the addend and the shift. */
typedef struct wide_rounding {
    int64_t addend;
    int shift;
} wide_rounding;

/* Adds round(round(x^2) * x) to 64-bit sums; x is not negative, nothing passes 2^62. */
INLINE vint add_rounded_cubes(vint sum, vint x, wide_rounding square, wide_rounding cube)
{
    const vint square_addend = w_set(square.addend), cube_addend = w_set(cube.addend);
    for (int odd = 0; odd < 2; odd++) {
        const vint m = odd ? w_high(x) : x;
        const vint y = w_srl_by(w_add(w_mul_u32(m, m), square_addend), square.shift);
        sum = w_add(sum, w_srl_by(w_add(w_mul_u32(y, m), cube_addend), cube.shift));
    }
    return sum;
}
