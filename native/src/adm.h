/*
 * ADM: detail loss on four wavelet levels.
 *
 * Only the centre of each band is pooled, so only what it depends on is computed. Work is cut
 * into strips of band rows. A strip of level l analyses the frames row by row, decouples, masks and
 * pools at once (no detail band is ever stored), writes its rows of the approximations that level
 * l+1 reads, and adds to integer sums: strips may run in any order and on any thread. A row of the
 * reference is analysed once and then compared with that of each rendition in turn.
 */
#ifndef PVT_ADM_H
#define PVT_ADM_H

#include "arena.h"
#include "kernels/kernels.h"
#include "plane.h"

/* Size of a sample of an approximation. */
static inline size_t adm_sample_bytes(int level)
{
    return level ? sizeof(int32_t) : sizeof(int16_t);
}

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
    size_t plane[ADM_LEVELS]; /* bytes from one rendition's plane in `dis` to the next */
    int renditions;
    int width, height, bit_depth;
    int strip_rows;
    pvt_limits limits;
} adm_state;

/* What a worker needs: vertical halves, detail rows of both frames, and decoupled rows: of three
 * rows of the bands, for each rendition under each gain limit. */
typedef struct adm_scratch {
    void *low, *high;
    void *ref[ADM_BANDS], *dis[ADM_BANDS];
    adm_row *ring[3];
} adm_scratch;

/* Integer totals of one level, of the reference alone and of a pair. */
typedef struct adm_reference_sums {
    uint64_t den[ADM_BANDS];
} adm_reference_sums;

typedef struct adm_pair_sums {
    uint64_t num[PVT_MAX_GAIN_LIMITS][ADM_BANDS];
} adm_pair_sums;

/* Sets sizes and takes the planes from the arena. */
void adm_init(adm_state *state, pvt_arena *arena, int width, int height, int bit_depth,
              int renditions, const pvt_limits *limits, int threads);
void adm_init_scratch(adm_scratch *scratch, pvt_arena *arena, const adm_state *state);

/* Number of strips of a level. */
int adm_strips(const adm_state *state, int level);

/* Does one strip; level 0 reads the frames. `dis` and `pair_sums` have an element per rendition. */
void adm_strip(const adm_state *state, const adm_kernels *kernels, const adm_scratch *scratch,
               int level, int strip, pvt_plane ref, const pvt_plane *dis,
               adm_reference_sums *ref_sums, adm_pair_sums *pair_sums);

/* Bits dropped from each row's sum of the denominator, from the size of the cropped region. */
int adm_energy_row_shift(const adm_state *state, int level);

/* The feature value from the totals of all levels: what the reference says, and what a pair says
 * under one of the gain limits. */
double adm_denominator(const adm_state *state, const adm_reference_sums sums[ADM_LEVELS]);
double adm_score(const adm_state *state, double denominator, const adm_pair_sums sums[ADM_LEVELS],
                 int limit);

#endif
