/*
 * The vector vocabulary of kernels/simd/ in NEON (AArch64, part of its base instruction set): 4
 * lanes of 32 bits. A block's columns stay in order, the first half in one vector, the second in
 * the next.
 */
#ifndef PVT_NEON_VECTOR_H
#define PVT_NEON_VECTOR_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 4, BLOCK = 2 * LANES }; /* a block: as many columns as 16-bit lanes */

typedef int32x4_t vint; /* 4 x 32 bit, or 8 x 16 bit */
typedef float64x2_t vdouble; /* half the lanes */
typedef uint32x4_t vmask; /* all ones or all zeros per lane */

/* The same bits, other lanes. */
INLINE uint32x4_t as_u32(vint x) { return vreinterpretq_u32_s32(x); }
INLINE int16x8_t as_s16(vint x) { return vreinterpretq_s16_s32(x); }
INLINE uint16x8_t as_u16(vint x) { return vreinterpretq_u16_s32(x); }
INLINE vint from_u32(uint32x4_t x) { return vreinterpretq_s32_u32(x); }
INLINE vint from_s16(int16x8_t x) { return vreinterpretq_s32_s16(x); }
INLINE vint from_u16(uint16x8_t x) { return vreinterpretq_s32_u16(x); }

/* ---- memory: in bytes, because those may have any address ------------------------------------ */

INLINE vint v_load(const void *p) { return vreinterpretq_s32_u8(vld1q_u8(p)); }
INLINE void v_store(void *p, vint x) { vst1q_u8(p, vreinterpretq_u8_s32(x)); }

/* There is no intrinsic that goes past the caches, so nothing is left to be waited for either. */
INLINE void v_stream(void *p, vint x) { v_store(p, x); }
INLINE void v_fence(void) {}

/* A block of samples as 16-bit lanes, n of them readable (more than BLOCK is as good). */
INLINE vint v_load_u8(const uint8_t *p, int n)
{
    if (n >= BLOCK)
        return from_u16(vmovl_u8(vld1_u8(p)));
    uint8_t tail[BLOCK] = {0};
    memcpy(tail, p, (size_t)n);
    return from_u16(vmovl_u8(vld1_u8(tail)));
}

INLINE vint v_load_u16(const uint8_t *p, int n)
{
    if (n >= BLOCK)
        return v_load(p);
    uint8_t tail[2 * BLOCK] = {0};
    memcpy(tail, p, 2 * (size_t)n);
    return v_load(tail);
}

/* LANES 16-bit samples as 32-bit lanes. */
INLINE vint v_load_s16(const int16_t *p) { return vmovl_s16(vld1_s16(p)); }

/* 32-bit lanes that fit 16 bits, signed or not, as such in order. */
INLINE void v_store_s16(int16_t *p, vint x) { vst1_s16(p, vmovn_s32(x)); }
INLINE void v_store_low16(uint16_t *p, vint x) { vst1_u16(p, vmovn_u32(as_u32(x))); }

/* ---- integers ------------------------------------------------------------------------------- */

INLINE vint v_zero(void) { return vdupq_n_s32(0); }
INLINE vint v_set(int32_t x) { return vdupq_n_s32(x); }
INLINE vint v_add(vint a, vint b) { return vaddq_s32(a, b); }
INLINE vint v_sub(vint a, vint b) { return vsubq_s32(a, b); }
INLINE vint v_xor(vint a, vint b) { return veorq_s32(a, b); }
INLINE vint v_and(vint a, vint b) { return vandq_s32(a, b); }
INLINE vint v_or(vint a, vint b) { return vorrq_s32(a, b); }
INLINE vint v_max(vint a, vint b) { return vmaxq_s32(a, b); }
INLINE vint v_min(vint a, vint b) { return vminq_s32(a, b); }
INLINE vint v_abs(vint a) { return vabsq_s32(a); }
INLINE vint v_mullo32(vint a, vint b) { return vmulq_s32(a, b); }

/* Shifts by 1 .. 31. */
#define v_sll(x, n) vshlq_n_s32(x, n)
#define v_srl(x, n) from_u32(vshrq_n_u32(as_u32(x), n))
#define v_sra(x, n) vshrq_n_s32(x, n)

/* Shifts by a count that is not a constant. */
INLINE vint v_sll_by(vint x, int n) { return vshlq_s32(x, v_set(n)); }
INLINE vint v_srl_by(vint x, int n) { return from_u32(vshlq_u32(as_u32(x), v_set(-n))); }
INLINE vint v_sra_by(vint x, int n) { return vshlq_s32(x, v_set(-n)); }
INLINE vint v_sllv(vint x, vint n) { return vshlq_s32(x, n); }
INLINE vint v_srlv(vint x, vint n) { return from_u32(vshlq_u32(as_u32(x), vnegq_s32(n))); }

INLINE vint v_sub16(vint a, vint b) { return from_s16(vsubq_s16(as_s16(a), as_s16(b))); }
INLINE vint v_mullo16(vint a, vint b) { return from_u16(vmulq_u16(as_u16(a), as_u16(b))); }
INLINE vint v_mulhi_u16(vint a, vint b)
{
    const uint32x4_t low = vmull_u16(vget_low_u16(as_u16(a)), vget_low_u16(as_u16(b)));
    const uint32x4_t high = vmull_high_u16(as_u16(a), as_u16(b));
    return from_u16(vuzp2q_u16(vreinterpretq_u16_u32(low), vreinterpretq_u16_u32(high)));
}

/* a0 * b0 + a1 * b1 of 32-bit lanes that fit int16. */
INLINE vint v_dot16(vint a0, vint a1, vint b0, vint b1)
{
    return vmlaq_s32(vmulq_s32(a0, b0), a1, b1);
}

/* (a * b + 2^31) >> 32, unsigned 32-bit factors. */
INLINE vint v_mulhi_round_u32(vint a, vint b)
{
    const uint64x2_t low = vmull_u32(vget_low_u32(as_u32(a)), vget_low_u32(as_u32(b)));
    const uint64x2_t high = vmull_high_u32(as_u32(a), as_u32(b));
    return from_u32(vrshrn_high_n_u64(vrshrn_n_u64(low, 32), high, 32));
}

/* Bits of a number that is not negative, 0 for 0. */
INLINE vint v_bit_length(vint x) { return vsubq_s32(v_set(32), vclzq_s32(x)); }

/* ---- masks ---------------------------------------------------------------------------------- */

/* Lanes 0 .. n-1. */
INLINE vmask v_first(int n)
{
    static const int32_t lane[LANES] = {0, 1, 2, 3};
    return vcgtq_s32(v_set(n), vld1q_s32(lane));
}

/* One bit per lane. */
INLINE uint32x4_t v_lane_bits(void)
{
    static const uint32_t bit[LANES] = {1, 2, 4, 8};
    return vld1q_u32(bit);
}

INLINE vmask v_gt(vint a, vint b) { return vcgtq_s32(a, b); }
/* ... where m is set, no lane otherwise */
INLINE vmask v_gt_where(vmask m, vint a, vint b) { return vandq_u32(m, vcgtq_s32(a, b)); }
INLINE vmask v_either(vmask a, vmask b) { return vorrq_u32(a, b); }
INLINE vmask v_both(vmask a, vmask b) { return vandq_u32(a, b); }
INLINE vmask v_but_not(vmask a, vmask b) { return vbicq_u32(a, b); }
INLINE int v_any(vmask m) { return vget_lane_u64(vreinterpret_u64_u16(vmovn_u32(m)), 0) != 0; }
INLINE vint v_keep(vmask m, vint x) { return vandq_s32(from_u32(m), x); }

/* a where the mask is set, else b. */
INLINE vint v_select(vmask m, vint a, vint b) { return vbslq_s32(m, a, b); }
INLINE vint v_negate_where(vmask m, vint a) { return vbslq_s32(m, vnegq_s32(a), a); }

INLINE uint32_t v_mask_bits(vmask m) { return vaddvq_u32(vandq_u32(m, v_lane_bits())); }
INLINE vmask v_mask_from_bits(uint32_t bits) { return vtstq_u32(vdupq_n_u32(bits), v_lane_bits()); }

/* ---- 64-bit sums ---------------------------------------------------------------------------- */

INLINE uint64x2_t as_u64(vint x) { return vreinterpretq_u64_s32(x); }
INLINE vint from_u64(uint64x2_t x) { return vreinterpretq_s32_u64(x); }

/* Adds the 32-bit lanes, not negative, to 64-bit lanes. */
INLINE vint v_add_wide(vint sum, vint x) { return from_u64(vpadalq_u32(as_u64(sum), as_u32(x))); }

/* Sum of the lanes modulo 2^64: sums that int64 cannot hold wrap, as libvmaf's do. */
INLINE int64_t v_total_wide(vint x) { return (int64_t)vaddvq_u64(as_u64(x)); }

/* Sum of the lanes, each a signed number. */
INLINE int64_t v_total(vint x) { return vaddlvq_s32(x); }

/* ---- doubles: every operation rounds once, nothing is fused ---------------------------------- */

INLINE vdouble d_set(double x) { return vdupq_n_f64(x); }
INLINE vdouble d_low(vint x) { return vcvtq_f64_s64(vmovl_s32(vget_low_s32(x))); }
INLINE vdouble d_high(vint x) { return vcvtq_f64_s64(vmovl_high_s32(x)); }
INLINE vdouble d_add(vdouble a, vdouble b) { return vaddq_f64(a, b); }
INLINE vdouble d_sub(vdouble a, vdouble b) { return vsubq_f64(a, b); }
INLINE vdouble d_mul(vdouble a, vdouble b) { return vmulq_f64(a, b); }
INLINE vdouble d_div(vdouble a, vdouble b) { return vdivq_f64(a, b); }
INLINE vdouble d_min(vdouble a, vdouble b) { return vminnmq_f64(a, b); } /* not a NaN, if it can */
INLINE vdouble d_floor(vdouble x) { return vrndmq_f64(x); }
INLINE vdouble d_abs(vdouble x) { return vabsq_f64(x); }

/* Lanes that are not negative as doubles, in an order that d_whole undoes. */
INLINE void d_pair(vint x, vdouble out[2])
{
    out[0] = d_low(x);
    out[1] = d_high(x);
}

/* Both back, magnitudes below 2^31, without their fraction. */
INLINE vint d_whole(const vdouble x[2])
{
    return vmovn_high_s64(vmovn_s64(vcvtq_s64_f64(x[0])), vcvtq_s64_f64(x[1]));
}

/* 2^n, in the order of d_pair. */
INLINE void d_pow2(vint n, vdouble out[2])
{
    const vint biased = v_add(n, v_set(1023));
    out[0] = vreinterpretq_f64_s64(vshlq_n_s64(vmovl_s32(vget_low_s32(biased)), 52));
    out[1] = vreinterpretq_f64_s64(vshlq_n_s64(vmovl_high_s32(biased), 52));
}

/* One mask of two halves: a >= b. */
INLINE vmask d_ge(const vdouble a[2], const vdouble b[2])
{
    return vmovn_high_u64(vmovn_u64(vcgeq_f64(a[0], b[0])), vcgeq_f64(a[1], b[1]));
}

#endif
