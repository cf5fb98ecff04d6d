/*
 * The vector vocabulary of kernels/simd/ in AVX-512 (F, BW, CD, DQ, VL): 16 lanes of 32 bits.
 * With VNNI (__AVX512VNNI__) a multiply-add is one instruction instead of two.
 */
#ifndef PVT_AVX512_VECTOR_H
#define PVT_AVX512_VECTOR_H

#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 16, BLOCK = 2 * LANES }; /* a block: as many columns as 16-bit lanes */

typedef __m512i vint;    /* 16 x 32 bit, or 32 x 16 bit */
typedef __m512d vdouble; /* 8 doubles: half the lanes */
typedef __mmask16 vmask; /* one per 32-bit lane */

/* ---- memory --------------------------------------------------------------------------------- */

INLINE vint v_load(const void *p) { return _mm512_loadu_si512(p); }
INLINE void v_store(void *p, vint x) { _mm512_storeu_si512(p, x); }

/* Past the caches, to an aligned address; for others to see after v_fence. */
INLINE void v_stream(void *p, vint x) { _mm512_stream_si512(p, x); }
INLINE void v_fence(void) { _mm_sfence(); }

/* A block of samples as 16-bit lanes, n of them readable (more than BLOCK is as good). */
INLINE vint v_load_u8(const uint8_t *p, int n)
{
    if (n >= BLOCK)
        return _mm512_cvtepu8_epi16(_mm256_loadu_si256((const void *)p));
    return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8((1u << n) - 1, p));
}

INLINE vint v_load_u16(const uint8_t *p, int n)
{
    if (n >= BLOCK)
        return _mm512_loadu_si512(p);
    return _mm512_maskz_loadu_epi16((1u << n) - 1, p);
}

/* ---- integers ------------------------------------------------------------------------------- */

INLINE vint v_zero(void) { return _mm512_setzero_si512(); }
INLINE vint v_set(int32_t x) { return _mm512_set1_epi32(x); }
INLINE vint v_add(vint a, vint b) { return _mm512_add_epi32(a, b); }
INLINE vint v_sub(vint a, vint b) { return _mm512_sub_epi32(a, b); }
INLINE vint v_xor(vint a, vint b) { return _mm512_xor_si512(a, b); }
INLINE vint v_and(vint a, vint b) { return _mm512_and_si512(a, b); }
INLINE vint v_max(vint a, vint b) { return _mm512_max_epi32(a, b); }

#define v_sll(x, n) _mm512_slli_epi32(x, n)
#define v_srl(x, n) _mm512_srli_epi32(x, n)
#define v_sra(x, n) _mm512_srai_epi32(x, n)

/* Shifts by a count that is not a constant. */
INLINE vint v_sll_by(vint x, int n) { return _mm512_sll_epi32(x, _mm_cvtsi32_si128(n)); }
INLINE vint v_srl_by(vint x, int n) { return _mm512_srl_epi32(x, _mm_cvtsi32_si128(n)); }

INLINE vint v_mullo16(vint a, vint b) { return _mm512_mullo_epi16(a, b); }
INLINE vint v_mulhi_u16(vint a, vint b) { return _mm512_mulhi_epu16(a, b); }

/* sum + a.even * b.even + a.odd * b.odd, signed 16-bit factors, no saturation. */
INLINE vint v_madd(vint sum, vint a, vint b)
{
#ifdef __AVX512VNNI__
    return _mm512_dpwssd_epi32(sum, a, b);
#else
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
    __asm__("" : "+v"(sum)); /* gcc would add in another order, and spill the products */
    return sum;
#endif
}

/* x in a register: compilers would read it from memory for every use. */
INLINE vint v_in_register(vint x)
{
    __asm__ volatile("" : "+v"(x));
    return x;
}

/* Even 16-bit lanes of a, odd ones of b. */
INLINE vint v_blend16(vint a, vint b) { return _mm512_mask_blend_epi16(0xaaaaaaaau, a, b); }

/* a0 * b0 + a1 * b1 of 32-bit lanes that fit int16. */
INLINE vint v_dot16(vint a0, vint a1, vint b0, vint b1)
{
    return v_madd(v_zero(), v_blend16(a0, v_sll(a1, 16)), v_blend16(b0, v_sll(b1, 16)));
}

/* (a * b + 2^31) >> 32, unsigned 32-bit factors. */
INLINE vint v_mulhi_round_u32(vint a, vint b)
{
    const vint half = _mm512_set1_epi64(0x80000000);
    vint even = _mm512_add_epi64(_mm512_mul_epu32(a, b), half);
    /* of the ways to move odd lanes down, the one for which no port is short */
    vint odd = _mm512_mul_epu32(_mm512_shuffle_epi32(a, _MM_PERM_DDBB),
                                _mm512_shuffle_epi32(b, _MM_PERM_DDBB));
    odd = _mm512_add_epi64(odd, half);
    return _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB);
}

/* 32-bit lanes, each at most 65535, as 16 bits in order. */
INLINE void v_store_low16(void *p, vint x) { _mm256_storeu_si256(p, _mm512_cvtepi32_epi16(x)); }

/* ---- masks ---------------------------------------------------------------------------------- */

/* Lanes 0 .. n-1. */
INLINE vmask v_first(int n) { return (vmask)(n >= LANES ? 0xffff : n <= 0 ? 0 : (1u << n) - 1); }
INLINE vmask v_gt(vint a, vint b) { return _mm512_cmpgt_epi32_mask(a, b); }
/* ... where m is set, no lane otherwise */
INLINE vmask v_gt_where(vmask m, vint a, vint b) { return _mm512_mask_cmpgt_epi32_mask(m, a, b); }
INLINE vmask v_both(vmask a, vmask b) { return _kand_mask16(a, b); }
INLINE vmask v_but_not(vmask a, vmask b) { return _kandn_mask16(b, a); }
INLINE int v_any(vmask m) { return m != 0; }
INLINE vint v_keep(vmask m, vint x) { return _mm512_maskz_mov_epi32(m, x); }

/* ---- 64-bit sums ---------------------------------------------------------------------------- */

/* Adds the 32-bit lanes, not negative, to 64-bit lanes. */
INLINE vint v_add_wide(vint sum, vint x)
{
    const vint low = _mm512_set1_epi64(0xffffffff);
    return _mm512_add_epi64(sum,
                            _mm512_add_epi64(_mm512_srli_epi64(x, 32), _mm512_and_si512(x, low)));
}

/* Sum of the lanes modulo 2^64: sums that int64 cannot hold wrap, as libvmaf's do. */
INLINE int64_t v_total_wide(vint x)
{
    uint64_t part[4];
    _mm256_storeu_si256((void *)part, _mm256_add_epi64(_mm512_castsi512_si256(x),
                                                       _mm512_extracti64x4_epi64(x, 1)));
    return (int64_t)((part[0] + part[1]) + (part[2] + part[3]));
}

/* Sum of the lanes, each a signed number. */
INLINE int64_t v_total(vint x)
{
    return _mm512_reduce_add_epi64(
        _mm512_add_epi64(_mm512_cvtepi32_epi64(_mm512_castsi512_si256(x)),
                         _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(x, 1))));
}

/* ---- doubles: every operation rounds once, nothing is fused ---------------------------------- */

INLINE vdouble d_set(double x) { return _mm512_set1_pd(x); }
INLINE vdouble d_low(vint x) { return _mm512_cvtepi32_pd(_mm512_castsi512_si256(x)); }
INLINE vdouble d_high(vint x) { return _mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(x, 1)); }
INLINE vdouble d_add(vdouble a, vdouble b) { return _mm512_add_pd(a, b); }
INLINE vdouble d_sub(vdouble a, vdouble b) { return _mm512_sub_pd(a, b); }
INLINE vdouble d_mul(vdouble a, vdouble b) { return _mm512_mul_pd(a, b); }
INLINE vdouble d_div(vdouble a, vdouble b) { return _mm512_div_pd(a, b); }
INLINE vdouble d_min(vdouble a, vdouble b) { return _mm512_min_pd(a, b); }

/* Lanes that are not negative as doubles, in an order that d_whole undoes: even and odd ones, put
 * into the mantissa of 2^52. Conversions would compete with shifts and shuffles for ports. */
INLINE void d_pair(vint x, vdouble out[2])
{
    const vint top = _mm512_set1_epi64(0x4330000000000000);
    const vint even = _mm512_mask_mov_epi32(x, 0xaaaa, top);
    const vint odd = _mm512_mask_shuffle_epi32(top, 0x5555, x, _MM_PERM_DDBB);
    out[0] = _mm512_sub_pd(_mm512_castsi512_pd(even), _mm512_castsi512_pd(top));
    out[1] = _mm512_sub_pd(_mm512_castsi512_pd(odd), _mm512_castsi512_pd(top));
}

/* Both back, magnitudes below 2^31, without their fraction; negative ones may go down. */
INLINE vint d_whole(const vdouble x[2])
{
    const vdouble top = _mm512_set1_pd(0x1.8p52);
#define CUT(x) _mm512_add_round_pd(x, top, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)
    const vint even = _mm512_castpd_si512(CUT(x[0])), odd = _mm512_castpd_si512(CUT(x[1]));
#undef CUT
    return _mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA);
}

/* ---- further integers, for ADM and motion ---------------------------------------------------- */

/* LANES 16-bit samples as 32-bit lanes. */
INLINE vint v_load_s16(const int16_t *p)
{
    return _mm512_cvtepi16_epi32(_mm256_loadu_si256((const void *)p));
}

/* 32-bit lanes that fit int16, as 16 bits in order. */
INLINE void v_store_s16(int16_t *p, vint x)
{
    _mm256_storeu_si256((void *)p, _mm512_cvtepi32_epi16(x));
}

/* Lanes 0, 2, 4, .. (1, 3, 5, ..) of a followed by b. */
INLINE vint v_even32(vint a, vint b)
{
    const vint pick = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    return _mm512_permutex2var_epi32(a, pick, b);
}
INLINE vint v_odd32(vint a, vint b)
{
    const vint pick = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    return _mm512_permutex2var_epi32(a, pick, b);
}

INLINE vint v_sub16(vint a, vint b) { return _mm512_sub_epi16(a, b); }
INLINE vint v_or(vint a, vint b) { return _mm512_or_si512(a, b); }
INLINE vint v_min(vint a, vint b) { return _mm512_min_epi32(a, b); }
INLINE vint v_abs(vint a) { return _mm512_abs_epi32(a); }
INLINE vint v_mullo32(vint a, vint b) { return _mm512_mullo_epi32(a, b); }
INLINE vint v_sra_by(vint x, int n) { return _mm512_sra_epi32(x, _mm_cvtsi32_si128(n)); }
INLINE vint v_sllv(vint x, vint n) { return _mm512_sllv_epi32(x, n); }
INLINE vint v_srlv(vint x, vint n) { return _mm512_srlv_epi32(x, n); }

/* Bits of a number that is not negative, 0 for 0. */
INLINE vint v_bit_length(vint x) { return v_sub(v_set(32), _mm512_lzcnt_epi32(x)); }

/* a where the mask is set, else b. */
INLINE vint v_select(vmask m, vint a, vint b) { return _mm512_mask_mov_epi32(b, m, a); }

INLINE vint v_negate_where(vmask m, vint a) { return _mm512_mask_sub_epi32(a, m, v_zero(), a); }

INLINE vmask v_either(vmask a, vmask b) { return _kor_mask16(a, b); }
INLINE uint32_t v_mask_bits(vmask m) { return m; }
INLINE vmask v_mask_from_bits(uint32_t bits) { return (vmask)bits; }

/* 64-bit lanes: w_high is the odd 32-bit lanes moved down, products take the even ones. */
INLINE vint w_set(int64_t x) { return _mm512_set1_epi64(x); }
INLINE vint w_add(vint a, vint b) { return _mm512_add_epi64(a, b); }
INLINE vint w_high(vint x) { return _mm512_srli_epi64(x, 32); }
INLINE vint w_mul_u32(vint a, vint b) { return _mm512_mul_epu32(a, b); }
INLINE vint w_mul_s32(vint a, vint b) { return _mm512_mul_epi32(a, b); }
INLINE vint w_srl_by(vint x, int n) { return _mm512_srl_epi64(x, _mm_cvtsi32_si128(n)); }
#define w_srl(x, n) _mm512_srli_epi64(x, n)
#define w_sll(x, n) _mm512_slli_epi64(x, n)

/* Even 32-bit lanes of a, odd ones of b. */
INLINE vint v_blend32(vint a, vint b) { return _mm512_mask_mov_epi32(a, 0xaaaa, b); }

INLINE vdouble d_floor(vdouble x)
{
    return _mm512_roundscale_pd(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
INLINE vdouble d_abs(vdouble x) { return _mm512_abs_pd(x); }

/* 2^n, in the order of d_pair. */
INLINE void d_pow2(vint n, vdouble out[2])
{
    const vint biased = v_add(n, v_set(1023));
    const vint odd = _mm512_maskz_mov_epi32(0xaaaa, biased);
    out[0] = _mm512_castsi512_pd(_mm512_slli_epi64(biased, 52));
    out[1] = _mm512_castsi512_pd(_mm512_slli_epi64(odd, 20));
}

/* One mask of two halves: a >= b. */
INLINE vmask d_ge(const vdouble a[2], const vdouble b[2])
{
    return (vmask)(_mm512_cmp_pd_mask(a[0], b[0], _CMP_GE_OQ) |
                   _mm512_cmp_pd_mask(a[1], b[1], _CMP_GE_OQ) << 8);
}

#endif
