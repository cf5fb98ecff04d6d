/* ADM: contrast sensitivity weighting of 32-bit coefficients. */

/* (weight * x + 2^27) >> 28, which fits int32. */
INLINE vint weigh_32(vint x, int32_t weight)
{
    const vint w = v_set(weight), half = w_set(1 << 27);
    const vint even = w_add(w_mul_s32(x, w), half);
    const vint odd = w_add(w_mul_s32(w_high(x), w), half);
    return v_blend32(w_srl(even, 28), w_sll(odd, 4));
}
