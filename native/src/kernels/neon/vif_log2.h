/* VIF's fixed-point logarithm for a vector, by segments: see simd/vif_log2_table.h. */
#ifndef PVT_NEON_VIF_LOG2_H
#define PVT_NEON_VIF_LOG2_H

#include "kernels/neon/vector.h"
#include "kernels/simd/vif_log2_table.h"

/* Coefficients of 8 segments, picked by byte indices. */
INLINE float32x4_t pick_coefficients(const float coefficients[8], uint8x16_t index)
{
    const uint8x16x2_t bytes = vld1q_u8_x2((const uint8_t *)coefficients);
    return vreinterpretq_f32_u8(vqtbl2q_u8(bytes, index));
}

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
    x = vbicq_s32(x, v_srl(x, 24));
    const vint bits = vreinterpretq_s32_f32(vcvtq_f32_s32(x));
    /* What the mantissa's 15 bits have beyond the first 3: distance to the segment's start. */
    const float32x4_t d = vcvtq_f32_s32(v_and(bits, v_set(0x000fff00)));
    const vint segment = v_srl(bits, 20); /* 8 * biased exponent + segment */
    /* Bytes 4i .. 4i+3 of coefficient i = segment mod 8, for each lane. */
    const vint first = v_and(v_srl(bits, 18), v_set(0x1c));
    const uint8x16_t index =
        vreinterpretq_u8_s32(vmlaq_s32(v_set(0x03020100), first, v_set(0x01010101)));
    float32x4_t y = pick_coefficients(vif_log2_8_3, index);
    y = vfmaq_f32(pick_coefficients(vif_log2_8_2, index), y, d);
    y = vfmaq_f32(pick_coefficients(vif_log2_8_1, index), y, d);
    y = vfmaq_f32(pick_coefficients(vif_log2_8_0, index), y, d);
    return (vif_log2){segment, vcvtnq_s32_f32(y)};
}

#endif
