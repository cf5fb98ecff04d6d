/* The cube root of ADM's pooling: a single-precision power, see cube_root.c. */
#ifndef PVT_CUBE_ROOT_H
#define PVT_CUBE_ROOT_H

/* x ** (1/3 rounded to single precision), as glibc's powf returns it. x is 0, or normal and
 * positive. */
float pvt_cube_root(float x);

#endif
