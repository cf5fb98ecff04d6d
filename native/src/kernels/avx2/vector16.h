/* The vocabulary of 16-bit lanes, and of single precision, in AVX2. After vector.h. */
#ifndef PVT_AVX2_VECTOR16_H
#define PVT_AVX2_VECTOR16_H

typedef __m256i hmask; /* all ones or all zeros per 16-bit lane */
typedef __m256 vfloat;

/* ---- 16-bit lanes: a block in order; sums and products wrap ---------------------------------- */

INLINE vint h_set(int16_t x) { return _mm256_set1_epi16(x); }
INLINE vint h_add(vint a, vint b) { return _mm256_add_epi16(a, b); }
INLINE vint h_sub(vint a, vint b) { return _mm256_sub_epi16(a, b); }
INLINE vint h_min(vint a, vint b) { return _mm256_min_epi16(a, b); }
INLINE vint h_max(vint a, vint b) { return _mm256_max_epi16(a, b); }
INLINE vint h_abs(vint a) { return _mm256_abs_epi16(a); }
INLINE vint h_mullo(vint a, vint b) { return _mm256_mullo_epi16(a, b); }
#define h_sra(x, n) _mm256_srai_epi16(x, n)

/* (a * b) >> 16 and (a * b + 2^14) >> 15, signed. */
INLINE vint h_mulhi(vint a, vint b) { return _mm256_mulhi_epi16(a, b); }
INLINE vint h_mulround(vint a, vint b) { return _mm256_mulhrs_epi16(a, b); }

INLINE vint h_select(hmask m, vint a, vint b) { return _mm256_blendv_epi8(b, a, m); }
INLINE hmask h_none(void) { return _mm256_setzero_si256(); }
INLINE int h_any_negative(vint x)
{
    return !_mm256_testz_si256(x, _mm256_set1_epi16((int16_t)0x8000));
}

/* Stores a block, each lane an unsigned number, as 32 bits. */
INLINE void h_store_u32(int32_t *p, vint x)
{
    v_store(p, _mm256_cvtepu16_epi32(_mm256_castsi256_si128(x)));
    v_store(p + LANES, _mm256_cvtepu16_epi32(_mm256_extracti128_si256(x, 1)));
}

/* ---- pairs of 16-bit lanes: two vectors, their columns in an order of the tier's own ----------
 */

INLINE void h_pair(vint a, vint b, vint pairs[2])
{
    pairs[0] = _mm256_unpacklo_epi16(a, b);
    pairs[1] = _mm256_unpackhi_epi16(a, b);
}

/* a.first * b.first + a.second * b.second */
INLINE vint h_dot(vint a, vint b) { return _mm256_madd_epi16(a, b); }

/* ---- single precision ------------------------------------------------------------------------ */

INLINE vfloat f_set(float x) { return _mm256_set1_ps(x); }
INLINE vfloat f_from(vint x) { return _mm256_cvtepi32_ps(x); }
INLINE vfloat f_mul(vfloat a, vfloat b) { return _mm256_mul_ps(a, b); }
INLINE vfloat f_max(vfloat a, vfloat b) { return _mm256_max_ps(a, b); }
INLINE vfloat f_abs(vfloat a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }

/* a * b - c, rounded once */
INLINE vfloat f_mul_sub(vfloat a, vfloat b, vfloat c) { return _mm256_fmsub_ps(a, b, c); }

INLINE vmask f_less(vfloat a, vfloat b)
{
    return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_LT_OQ));
}

/* Columns of a block whose numbers, in the order of pairs, have no minus sign. */
INLINE hmask h_no_minus(const vfloat x[2])
{
    const vint signs = _mm256_packs_epi32(_mm256_castps_si256(x[0]), _mm256_castps_si256(x[1]));
    return _mm256_cmpgt_epi16(signs, _mm256_set1_epi16(-1));
}

#endif
