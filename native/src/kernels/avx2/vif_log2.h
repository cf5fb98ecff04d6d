/* VIF's fixed-point logarithm for a vector, without a table in memory: see simd/vif_log2_table.h.
 */
#ifndef PVT_AVX2_VIF_LOG2_H
#define PVT_AVX2_VIF_LOG2_H

#include "kernels/avx2/vector.h"
#include "kernels/simd/vif_log2_table.h"

enum { LOG2_SEGMENT = 256, LOG2_BIAS = 127 * 2048 };

/* LOG2_SEGMENT * segment + fraction - LOG2_BIAS. */
typedef struct vif_log2 {
    vint segment, fraction;
} vif_log2;

/* log2 of x = 2^17 .. 2^31 - 1 in 1/2048 octave, from the top 16 bits of x. */
INLINE vif_log2 v_log2(vint x)
{
    /* Above 2^24 conversion rounds to nearest; clearing the highest bit that gets lost makes that
     * a truncation. x >> 24 has it set. */
    x = _mm256_andnot_si256(v_srl(x, 24), x);
    const vint bits = _mm256_castps_si256(_mm256_cvtepi32_ps(x));
    /* What the mantissa's 15 bits have beyond the first 3: distance to the segment's start. */
    const __m256 d = _mm256_cvtepi32_ps(v_and(bits, v_set(0x000fff00)));
    const vint segment = v_srl(bits, 20); /* 8 * biased exponent + segment */
#define PICK(power) _mm256_permutevar8x32_ps(_mm256_loadu_ps(vif_log2_8_##power), segment)
    __m256 y = _mm256_fmadd_ps(PICK(3), d, PICK(2));
    y = _mm256_fmadd_ps(y, d, PICK(1));
    y = _mm256_fmadd_ps(y, d, PICK(0));
#undef PICK
    return (vif_log2){segment, _mm256_cvtps_epi32(y)};
}

#endif
