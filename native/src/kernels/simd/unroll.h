/* What makes compilers unroll a loop. */
#ifndef PVT_SIMD_UNROLL_H
#define PVT_SIMD_UNROLL_H

/* Before loops of constant bounds: arrays become registers only where they are unrolled. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 18")
#endif

#endif
