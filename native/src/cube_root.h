/* The cube root of ADM's pooling: a single-precision power, see cube_root.c. */
#ifndef PVT_CUBE_ROOT_H
#define PVT_CUBE_ROOT_H

/* x ** (1/3 rounded to single precision), as glibc's powf returns it. x is normal
 * or 0; NaN below 0 (sums that overflowed, see docs/arithmetic.md). */
float pvt_cube_root(float x);

#endif
