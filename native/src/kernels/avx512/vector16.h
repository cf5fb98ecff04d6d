/* The vocabulary of 16-bit lanes, and of single precision, in AVX-512. After vector.h. */
#ifndef PVT_AVX512_VECTOR16_H
#define PVT_AVX512_VECTOR16_H

typedef __mmask32 hmask; /* one per 16-bit lane */
typedef __m512 vfloat;

/* ---- 16-bit lanes: a block in order; sums and products wrap ---------------------------------- */

INLINE vint h_set(int16_t x) { return _mm512_set1_epi16(x); }
INLINE vint h_add(vint a, vint b) { return _mm512_add_epi16(a, b); }
INLINE vint h_sub(vint a, vint b) { return _mm512_sub_epi16(a, b); }
INLINE vint h_min(vint a, vint b) { return _mm512_min_epi16(a, b); }
INLINE vint h_max(vint a, vint b) { return _mm512_max_epi16(a, b); }
INLINE vint h_abs(vint a) { return _mm512_abs_epi16(a); }
INLINE vint h_mullo(vint a, vint b) { return _mm512_mullo_epi16(a, b); }
#define h_sra(x, n) _mm512_srai_epi16(x, n)

/* (a * b) >> 16 and (a * b + 2^14) >> 15, signed. */
INLINE vint h_mulhi(vint a, vint b) { return _mm512_mulhi_epi16(a, b); }
INLINE vint h_mulround(vint a, vint b) { return _mm512_mulhrs_epi16(a, b); }

INLINE vint h_select(hmask m, vint a, vint b) { return _mm512_mask_mov_epi16(b, m, a); }
INLINE hmask h_none(void) { return 0; }
INLINE int h_any_negative(vint x) { return _mm512_movepi16_mask(x) != 0; }

/* Stores a block, each lane an unsigned number, as 32 bits. */
INLINE void h_store_u32(int32_t *p, vint x)
{
    v_store(p, _mm512_cvtepu16_epi32(_mm512_castsi512_si256(x)));
    v_store(p + LANES, _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(x, 1)));
}

/* ---- pairs of 16-bit lanes: two vectors, their columns in an order of the tier's own ----------
 */

INLINE void h_pair(vint a, vint b, vint pairs[2])
{
    pairs[0] = _mm512_unpacklo_epi16(a, b);
    pairs[1] = _mm512_unpackhi_epi16(a, b);
}

/* a.first * b.first + a.second * b.second */
INLINE vint h_dot(vint a, vint b) { return _mm512_madd_epi16(a, b); }

/* ---- single precision ------------------------------------------------------------------------ */

INLINE vfloat f_set(float x) { return _mm512_set1_ps(x); }
INLINE vfloat f_from(vint x) { return _mm512_cvtepi32_ps(x); }
INLINE vfloat f_mul(vfloat a, vfloat b) { return _mm512_mul_ps(a, b); }
INLINE vfloat f_max(vfloat a, vfloat b) { return _mm512_max_ps(a, b); }
INLINE vfloat f_abs(vfloat a) { return _mm512_abs_ps(a); }

/* a * b - c, rounded once */
INLINE vfloat f_mul_sub(vfloat a, vfloat b, vfloat c) { return _mm512_fmsub_ps(a, b, c); }

INLINE vmask f_less(vfloat a, vfloat b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }

/* Columns of a block whose numbers, in the order of pairs, have no minus sign. */
INLINE hmask h_no_minus(const vfloat x[2])
{
    const vint signs = _mm512_packs_epi32(_mm512_castps_si512(x[0]), _mm512_castps_si512(x[1]));
    return ~_mm512_movepi16_mask(signs);
}

#endif
