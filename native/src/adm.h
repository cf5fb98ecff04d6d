/*
 * ADM: detail loss on four wavelet levels.
 *
 * Only the centre of each band is pooled, so only what it depends on is computed. Work is cut
 * into strips of band rows. A strip of level l analyses both frames row by row, decouples, masks
 * and pools at once (no detail band is ever stored), writes its rows of the approximations that
 * level l+1 reads, and adds to integer sums: strips may run in any order and on any thread.
 */
#ifndef PVT_ADM_H
#define PVT_ADM_H

#include "arena.h"
#include "kernels/kernels.h"
#include "plane.h"

/* An inclusive range of rows or columns. */
typedef struct adm_range {
    int first, last;
} adm_range;

static inline int adm_count(adm_range range) { return range.last - range.first + 1; }

/* Smallest b with 2^b >= n. */
static inline int adm_ceil_log2(int64_t n)
{
    int bits = 0;
    while (((int64_t)1 << bits) < n)
        bits++;
    return bits;
}

/* Ranges of a level's bands along one axis. */
typedef struct adm_extent {
    adm_range pooled;   /* the cropped centre */
    adm_range detail;   /* and the neighbours that mask it */
    adm_range analysed; /* and what the next level reads of the approximation */
} adm_extent;

typedef struct adm_state {
    adm_level level[ADM_LEVELS];
    adm_extent rows[ADM_LEVELS], cols[ADM_LEVELS];
    void *ref[ADM_LEVELS], *dis[ADM_LEVELS]; /* approximations: int16 at level 0, int32 above */
    ptrdiff_t stride[ADM_LEVELS];            /* in samples */
    int width, height, bit_depth;
    int strip_rows;
    pvt_limits limits;
} adm_state;

/* What a worker needs: vertical halves, detail rows of both frames, three decoupled rows. */
typedef struct adm_scratch {
    void *low, *high;
    void *ref[ADM_BANDS], *dis[ADM_BANDS];
    adm_row ring[3];
} adm_scratch;

/* Integer totals of one level. */
typedef struct adm_sums {
    uint64_t num[ADM_BANDS], den[ADM_BANDS];
} adm_sums;

/* Sets sizes and takes the planes from the arena. */
void adm_init(adm_state *state, pvt_arena *arena, int width, int height, int bit_depth,
              const pvt_limits *limits, int threads);
void adm_init_scratch(adm_scratch *scratch, pvt_arena *arena, int width);

/* Number of strips of a level. */
int adm_strips(const adm_state *state, int level);

/* Does one strip; level 0 reads the frames. */
void adm_strip(const adm_state *state, const adm_kernels *kernels, const adm_scratch *scratch,
               int level, int strip, pvt_plane ref, pvt_plane dis, adm_sums *sums);

/* Bits dropped from each row's sum of the denominator, from the size of the cropped region. */
int adm_energy_row_shift(const adm_state *state, int level);

/* The feature value from the totals of all levels. */
double adm_score(const adm_state *state, const adm_sums sums[ADM_LEVELS]);

#endif
