/* VIF's fixed-point logarithm for a vector, without a table in memory: see simd/vif_log2_table.h.
 */
#ifndef PVT_AVX512_VIF_LOG2_H
#define PVT_AVX512_VIF_LOG2_H

#include "kernels/avx512/vector.h"
#include "kernels/simd/vif_log2_table.h"

enum { LOG2_SEGMENT = 64, LOG2_BIAS = 127 * 2048 };

/* LOG2_SEGMENT * segment + fraction - LOG2_BIAS. */
typedef struct vif_log2 {
    vint segment, fraction;
} vif_log2;

/* log2 of x = 2^17 .. 2^31 - 1 in 1/2048 octave, from the top 16 bits of x. */
INLINE vif_log2 v_log2(vint x)
{
    /* Rounding towards zero keeps the top bits as they are. */
    const __m512 f = _mm512_cvt_roundepi32_ps(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
    const vint bits = _mm512_castps_si512(f);
    /* What the mantissa's 15 bits have beyond the first 5: distance to the segment's start. */
    const __m512 d = _mm512_cvtepi32_ps(v_and(bits, v_set(0x0003ff00)));
    const vint segment = v_srl(bits, 18); /* 32 * biased exponent + segment */
#define PICK(power)                                                                                \
    _mm512_permutex2var_ps(_mm512_loadu_ps(vif_log2_32_##power), segment,                          \
                           _mm512_loadu_ps(vif_log2_32_##power + 16))
    __m512 y = _mm512_fmadd_ps(PICK(2), d, PICK(1));
    y = _mm512_fmadd_ps(y, d, PICK(0));
#undef PICK
    return (vif_log2){segment, _mm512_cvtps_epi32(y)};
}

#endif
