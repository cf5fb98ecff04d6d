/* The vocabulary of 16-bit lanes, and of single precision, in NEON. After vector.h. */
#ifndef PVT_NEON_VECTOR16_H
#define PVT_NEON_VECTOR16_H

typedef uint16x8_t hmask; /* all ones or all zeros per 16-bit lane */
typedef float32x4_t vfloat;

/* ---- 16-bit lanes: a block in order; sums and products wrap ---------------------------------- */

INLINE vint h_set(int16_t x) { return from_s16(vdupq_n_s16(x)); }
INLINE vint h_add(vint a, vint b) { return from_s16(vaddq_s16(as_s16(a), as_s16(b))); }
INLINE vint h_sub(vint a, vint b) { return from_s16(vsubq_s16(as_s16(a), as_s16(b))); }
INLINE vint h_min(vint a, vint b) { return from_s16(vminq_s16(as_s16(a), as_s16(b))); }
INLINE vint h_max(vint a, vint b) { return from_s16(vmaxq_s16(as_s16(a), as_s16(b))); }
INLINE vint h_abs(vint a) { return from_s16(vabsq_s16(as_s16(a))); }
INLINE vint h_mullo(vint a, vint b) { return from_s16(vmulq_s16(as_s16(a), as_s16(b))); }
#define h_sra(x, n) from_s16(vshrq_n_s16(as_s16(x), n))

/* (a * b) >> 16 and (a * b + 2^14) >> 15, signed. */
INLINE vint h_mulhi(vint a, vint b)
{
    const int32x4_t low = vmull_s16(vget_low_s16(as_s16(a)), vget_low_s16(as_s16(b)));
    return from_s16(vuzp2q_s16(as_s16(low), as_s16(vmull_high_s16(as_s16(a), as_s16(b)))));
}
INLINE vint h_mulround(vint a, vint b) { return from_s16(vqrdmulhq_s16(as_s16(a), as_s16(b))); }

INLINE vint h_select(hmask m, vint a, vint b)
{
    return from_s16(vbslq_s16(m, as_s16(a), as_s16(b)));
}
INLINE hmask h_none(void) { return vdupq_n_u16(0); }
INLINE int h_any_negative(vint x) { return vminvq_s16(as_s16(x)) < 0; }

/* Stores a block, each lane an unsigned number, as 32 bits. */
INLINE void h_store_u32(int32_t *p, vint x)
{
    v_store(p, from_u32(vmovl_u16(vget_low_u16(as_u16(x)))));
    v_store(p + LANES, from_u32(vmovl_high_u16(as_u16(x))));
}

/* ---- pairs of 16-bit lanes: two vectors, their columns in an order of the tier's own ----------
 */

INLINE void h_pair(vint a, vint b, vint pairs[2])
{
    pairs[0] = from_s16(vzip1q_s16(as_s16(a), as_s16(b)));
    pairs[1] = from_s16(vzip2q_s16(as_s16(a), as_s16(b)));
}

/* a.first * b.first + a.second * b.second */
INLINE vint h_dot(vint a, vint b)
{
    const int32x4_t low = vmull_s16(vget_low_s16(as_s16(a)), vget_low_s16(as_s16(b)));
    return vpaddq_s32(low, vmull_high_s16(as_s16(a), as_s16(b)));
}

/* ---- single precision ------------------------------------------------------------------------ */

INLINE vfloat f_set(float x) { return vdupq_n_f32(x); }
INLINE vfloat f_from(vint x) { return vcvtq_f32_s32(x); }
INLINE vfloat f_mul(vfloat a, vfloat b) { return vmulq_f32(a, b); }
INLINE vfloat f_max(vfloat a, vfloat b) { return vmaxq_f32(a, b); }
INLINE vfloat f_abs(vfloat a) { return vabsq_f32(a); }

/* a * b - c, rounded once */
INLINE vfloat f_mul_sub(vfloat a, vfloat b, vfloat c) { return vfmaq_f32(vnegq_f32(c), a, b); }

INLINE vmask f_less(vfloat a, vfloat b) { return vcltq_f32(a, b); }

/* Columns of a block whose numbers, in the order of pairs, have no minus sign. */
INLINE hmask h_no_minus(const vfloat x[2])
{
    const int16x8_t high = vuzp2q_s16(vreinterpretq_s16_f32(x[0]), vreinterpretq_s16_f32(x[1]));
    return vcgezq_s16(high);
}

#endif
