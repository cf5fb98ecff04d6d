/* The vector vocabulary of kernels/simd/ in AVX2 (and FMA): 8 lanes of 32 bits. */
#ifndef PVT_AVX2_VECTOR_H
#define PVT_AVX2_VECTOR_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 8, BLOCK = 2 * LANES }; /* a block: as many columns as 16-bit lanes */

typedef __m256i vint;    /* 8 x 32 bit, or 16 x 16 bit */
typedef __m256d vdouble; /* 4 doubles: half the lanes */
typedef __m256i vmask;   /* all ones or all zeros per 32-bit lane */

/* ---- memory --------------------------------------------------------------------------------- */

INLINE vint v_load(const void *p) { return _mm256_loadu_si256(p); }
INLINE void v_store(void *p, vint x) { _mm256_storeu_si256(p, x); }

/* Past the caches, to an aligned address; for others to see after v_fence. */
INLINE void v_stream(void *p, vint x) { _mm256_stream_si256(p, x); }
INLINE void v_fence(void) { _mm_sfence(); }

/* A block of samples as 16-bit lanes, n of them readable (more than BLOCK is as good). */
INLINE vint v_load_u8(const uint8_t *p, int n)
{
    if (n >= BLOCK)
        return _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)p));
    uint8_t tail[BLOCK] = {0};
    memcpy(tail, p, (size_t)n);
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)tail));
}

INLINE vint v_load_u16(const uint8_t *p, int n)
{
    if (n >= BLOCK)
        return _mm256_loadu_si256((const void *)p);
    uint8_t tail[2 * BLOCK] = {0};
    memcpy(tail, p, 2 * (size_t)n);
    return _mm256_loadu_si256((const void *)tail);
}

/* ---- integers ------------------------------------------------------------------------------- */

INLINE vint v_zero(void) { return _mm256_setzero_si256(); }
INLINE vint v_set(int32_t x) { return _mm256_set1_epi32(x); }
INLINE vint v_add(vint a, vint b) { return _mm256_add_epi32(a, b); }
INLINE vint v_sub(vint a, vint b) { return _mm256_sub_epi32(a, b); }
INLINE vint v_xor(vint a, vint b) { return _mm256_xor_si256(a, b); }
INLINE vint v_and(vint a, vint b) { return _mm256_and_si256(a, b); }
INLINE vint v_max(vint a, vint b) { return _mm256_max_epi32(a, b); }

#define v_sll(x, n) _mm256_slli_epi32(x, n)
#define v_srl(x, n) _mm256_srli_epi32(x, n)
#define v_sra(x, n) _mm256_srai_epi32(x, n)

/* Shifts by a count that is not a constant. */
INLINE vint v_sll_by(vint x, int n) { return _mm256_sll_epi32(x, _mm_cvtsi32_si128(n)); }
INLINE vint v_srl_by(vint x, int n) { return _mm256_srl_epi32(x, _mm_cvtsi32_si128(n)); }

INLINE vint v_mullo16(vint a, vint b) { return _mm256_mullo_epi16(a, b); }
INLINE vint v_mulhi_u16(vint a, vint b) { return _mm256_mulhi_epu16(a, b); }

/* sum + a.even * b.even + a.odd * b.odd, signed 16-bit factors, no saturation. */
INLINE vint v_madd(vint sum, vint a, vint b)
{
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
    __asm__("" : "+x"(sum)); /* gcc would add in another order, and spill the products */
    return sum;
}

/* x in a register: compilers would read it from memory for every use. */
INLINE vint v_in_register(vint x)
{
    __asm__ volatile("" : "+x"(x));
    return x;
}

/* Even 16-bit lanes of a, odd ones of b. */
INLINE vint v_blend16(vint a, vint b) { return _mm256_blend_epi16(a, b, 0xaa); }

/* a0 * b0 + a1 * b1 of 32-bit lanes that fit int16. */
INLINE vint v_dot16(vint a0, vint a1, vint b0, vint b1)
{
    return v_madd(v_zero(), v_blend16(a0, v_sll(a1, 16)), v_blend16(b0, v_sll(b1, 16)));
}

/* (a * b + 2^31) >> 32, unsigned 32-bit factors. */
INLINE vint v_mulhi_round_u32(vint a, vint b)
{
    const vint half = _mm256_set1_epi64x(0x80000000);
    vint even = _mm256_add_epi64(_mm256_mul_epu32(a, b), half);
    vint odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32));
    odd = _mm256_add_epi64(odd, half);
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}

/* 32-bit lanes, each at most 65535, as 16 bits in order. */
INLINE void v_store_low16(void *p, vint x)
{
    vint packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(x, x), 0x08);
    _mm_storeu_si128(p, _mm256_castsi256_si128(packed));
}

/* ---- masks ---------------------------------------------------------------------------------- */

/* Lanes 0 .. n-1. */
INLINE vmask v_first(int n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE vmask v_gt(vint a, vint b) { return _mm256_cmpgt_epi32(a, b); }
/* ... where m is set, no lane otherwise */
INLINE vmask v_gt_where(vmask m, vint a, vint b)
{
    return _mm256_and_si256(m, _mm256_cmpgt_epi32(a, b));
}
INLINE vmask v_both(vmask a, vmask b) { return _mm256_and_si256(a, b); }
INLINE vmask v_but_not(vmask a, vmask b) { return _mm256_andnot_si256(b, a); }
INLINE int v_any(vmask m) { return !_mm256_testz_si256(m, m); }
INLINE vint v_keep(vmask m, vint x) { return _mm256_and_si256(m, x); }

/* ---- 64-bit sums ---------------------------------------------------------------------------- */

/* Adds the 32-bit lanes, not negative, to 64-bit lanes. */
INLINE vint v_add_wide(vint sum, vint x)
{
    const vint low = _mm256_set1_epi64x(0xffffffff);
    return _mm256_add_epi64(sum,
                            _mm256_add_epi64(_mm256_srli_epi64(x, 32), _mm256_and_si256(x, low)));
}

/* Sum of the lanes modulo 2^64: sums that int64 cannot hold wrap, as libvmaf's do. */
INLINE int64_t v_total_wide(vint x)
{
    uint64_t part[4];
    _mm256_storeu_si256((void *)part, x);
    return (int64_t)((part[0] + part[1]) + (part[2] + part[3]));
}

/* Sum of the lanes, each a signed number. */
INLINE int64_t v_total(vint x)
{
    return v_total_wide(_mm256_add_epi64(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(x)),
                                         _mm256_cvtepi32_epi64(_mm256_extracti128_si256(x, 1))));
}

/* ---- doubles: every operation rounds once, nothing is fused ---------------------------------- */

INLINE vdouble d_set(double x) { return _mm256_set1_pd(x); }
INLINE vdouble d_low(vint x) { return _mm256_cvtepi32_pd(_mm256_castsi256_si128(x)); }
INLINE vdouble d_high(vint x) { return _mm256_cvtepi32_pd(_mm256_extracti128_si256(x, 1)); }
INLINE vdouble d_add(vdouble a, vdouble b) { return _mm256_add_pd(a, b); }
INLINE vdouble d_sub(vdouble a, vdouble b) { return _mm256_sub_pd(a, b); }
INLINE vdouble d_mul(vdouble a, vdouble b) { return _mm256_mul_pd(a, b); }
INLINE vdouble d_div(vdouble a, vdouble b) { return _mm256_div_pd(a, b); }
INLINE vdouble d_min(vdouble a, vdouble b) { return _mm256_min_pd(a, b); }

/* Lanes that are not negative as doubles, in an order that d_whole undoes. */
INLINE void d_pair(vint x, vdouble out[2])
{
    out[0] = d_low(x);
    out[1] = d_high(x);
}

/* Both back, magnitudes below 2^31, without their fraction. */
INLINE vint d_whole(const vdouble x[2])
{
    return _mm256_set_m128i(_mm256_cvttpd_epi32(x[1]), _mm256_cvttpd_epi32(x[0]));
}

/* ---- further integers, for ADM and motion ---------------------------------------------------- */

/* LANES 16-bit samples as 32-bit lanes. */
INLINE vint v_load_s16(const int16_t *p)
{
    return _mm256_cvtepi16_epi32(_mm_loadu_si128((const void *)p));
}

/* 32-bit lanes that fit int16, as 16 bits in order. */
INLINE void v_store_s16(int16_t *p, vint x)
{
    vint packed = _mm256_permute4x64_epi64(_mm256_packs_epi32(x, x), 0x08);
    _mm_storeu_si128((void *)p, _mm256_castsi256_si128(packed));
}

/* Lanes 0, 2, 4, .. (1, 3, 5, ..) of a followed by b. */
INLINE vint v_even32(vint a, vint b)
{
    const __m256 x = _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0x88);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(x), 0xd8);
}
INLINE vint v_odd32(vint a, vint b)
{
    const __m256 x = _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0xdd);
    return _mm256_permute4x64_epi64(_mm256_castps_si256(x), 0xd8);
}

INLINE vint v_sub16(vint a, vint b) { return _mm256_sub_epi16(a, b); }
INLINE vint v_or(vint a, vint b) { return _mm256_or_si256(a, b); }
INLINE vint v_min(vint a, vint b) { return _mm256_min_epi32(a, b); }
INLINE vint v_abs(vint a) { return _mm256_abs_epi32(a); }
INLINE vint v_mullo32(vint a, vint b) { return _mm256_mullo_epi32(a, b); }
INLINE vint v_sra_by(vint x, int n) { return _mm256_sra_epi32(x, _mm_cvtsi32_si128(n)); }
INLINE vint v_sllv(vint x, vint n) { return _mm256_sllv_epi32(x, n); }
INLINE vint v_srlv(vint x, vint n) { return _mm256_srlv_epi32(x, n); }

/* Bits of a number that is not negative, 0 for 0: from the exponent of its conversion to single
 * precision, which cannot round up to the next power of two once the second bit is clear. */
INLINE vint v_bit_length(vint x)
{
    const vint top = _mm256_andnot_si256(v_srl(x, 1), x);
    const vint exponent = v_srl(_mm256_castps_si256(_mm256_cvtepi32_ps(top)), 23);
    return v_max(v_sub(exponent, v_set(126)), v_zero());
}

/* a where the mask is set, else b. */
INLINE vint v_select(vmask m, vint a, vint b) { return _mm256_blendv_epi8(b, a, m); }

INLINE vint v_negate_where(vmask m, vint a) { return v_sub(v_xor(a, m), m); }

INLINE vmask v_either(vmask a, vmask b) { return _mm256_or_si256(a, b); }
INLINE uint32_t v_mask_bits(vmask m)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(m));
}
INLINE vmask v_mask_from_bits(uint32_t bits)
{
    const vint lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_cmpeq_epi32(v_and(v_set((int32_t)bits), lane), lane);
}

/* 64-bit lanes: w_high is the odd 32-bit lanes moved down, products take the even ones. */
INLINE vint w_set(int64_t x) { return _mm256_set1_epi64x(x); }
INLINE vint w_add(vint a, vint b) { return _mm256_add_epi64(a, b); }
INLINE vint w_high(vint x) { return _mm256_srli_epi64(x, 32); }
INLINE vint w_mul_u32(vint a, vint b) { return _mm256_mul_epu32(a, b); }
INLINE vint w_mul_s32(vint a, vint b) { return _mm256_mul_epi32(a, b); }
INLINE vint w_srl_by(vint x, int n) { return _mm256_srl_epi64(x, _mm_cvtsi32_si128(n)); }
#define w_srl(x, n) _mm256_srli_epi64(x, n)
#define w_sll(x, n) _mm256_slli_epi64(x, n)

/* Even 32-bit lanes of a, odd ones of b. */
INLINE vint v_blend32(vint a, vint b) { return _mm256_blend_epi32(a, b, 0xaa); }

INLINE vdouble d_floor(vdouble x) { return _mm256_floor_pd(x); }
INLINE vdouble d_abs(vdouble x) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), x); }

/* 2^n, in the order of d_pair. */
INLINE void d_pow2(vint n, vdouble out[2])
{
    const vint biased = v_add(n, v_set(1023));
    const vint low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(biased));
    const vint high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256(biased, 1));
    out[0] = _mm256_castsi256_pd(_mm256_slli_epi64(low, 52));
    out[1] = _mm256_castsi256_pd(_mm256_slli_epi64(high, 52));
}

/* One mask of two halves: a >= b. */
INLINE vmask d_ge(const vdouble a[2], const vdouble b[2])
{
    const __m256 low = _mm256_castpd_ps(_mm256_cmp_pd(a[0], b[0], _CMP_GE_OQ));
    const __m256 high = _mm256_castpd_ps(_mm256_cmp_pd(a[1], b[1], _CMP_GE_OQ));
    return _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(low, high, 0x88)), 0xd8);
}

#endif
