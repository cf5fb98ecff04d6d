/*
 * The definition: a kernel table whose routines do what docs/arithmetic.md says in the plainest
 * way there is: full-width integers, one formula per step, no trick that a kernel might share.
 */
#ifndef PVT_DEFINE_H
#define PVT_DEFINE_H

#include "kernels/kernels.h"

/* Each fills a part of the table. */
void define_vif(vif_kernels *kernels);
void define_adm_wavelet(adm_kernels *kernels);
void define_adm_decouple(adm_kernels *kernels);
void define_adm_pool(adm_kernels *kernels);
void define_whole_rows(pvt_kernels *kernels);

/* Weight `tap` (0 .. 2 * radius) of the low-pass kernel with that radius, in 1/65536. */
int64_t define_weight(int radius, int tap);

__extension__ typedef __int128 int128;

/* floor(x / 2^bits + 1/2). */
static inline int128 define_round(int128 x, int bits)
{
    return bits == 0 ? x : (x + ((int128)1 << (bits - 1))) >> bits;
}

static inline int128 define_absolute(int128 x)
{
    return x < 0 ? -x : x;
}

/* Sample x of a frame's row. */
int64_t define_sample(const uint8_t *row, int x, int sample_bytes);

#endif
