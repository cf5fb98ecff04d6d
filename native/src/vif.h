/*
 * VIF: visual information fidelity on four pyramid levels.
 *
 * Work is cut into bands of VIF_TILE_ROWS rows. A band of level s needs the planes of level s (with
 * eight rows of surroundings at most), writes its rows of level s+1 and adds to integer sums, so
 * bands may run in any order and on any thread. In a band the reference part of a tile is done
 * once and then compared with each rendition in turn.
 */
#ifndef PVT_VIF_H
#define PVT_VIF_H

#include "arena.h"
#include "kernels/kernels.h"
#include "plane.h"

/* What a stream needs: sizes, roundings, the planes of levels 1..3. */
typedef struct vif_state {
    vif_level level[VIF_LEVELS];
    int width[VIF_LEVELS], height[VIF_LEVELS];
    uint16_t *ref[VIF_LEVELS], *dis[VIF_LEVELS]; /* [0] is the caller's */
    ptrdiff_t stride[VIF_LEVELS];                /* in samples */
    ptrdiff_t plane[VIF_LEVELS]; /* samples from one rendition's plane in `dis` to the next */
    int renditions;
    pvt_limits limits;
    uint16_t log_table[VIF_LOG_ENTRIES];
} vif_state;

/* What a worker needs. */
typedef struct vif_scratch {
    vif_reference_tile *ref;
    vif_reference_stats *stats;
    vif_distorted_tile *dis;
    struct vif_rendition *rendition; /* what each keeps while others use the tile */
} vif_scratch;

/* Sets sizes and takes the planes from the arena. */
void vif_init(vif_state *state, pvt_arena *arena, int width, int height, int bit_depth,
              int renditions, const pvt_limits *limits);
void vif_init_scratch(vif_scratch *scratch, pvt_arena *arena, int renditions);

/* Number of bands of a level. */
int vif_bands(const vif_state *state, int level);

/* Does one band; at level 0 from the frames, above from the state's planes. `dis` and `pair_sums`
 * have an element per rendition. */
void vif_band(const vif_state *state, const vif_kernels *kernels, const vif_scratch *scratch,
              int level, int band, pvt_plane ref, const pvt_plane *dis,
              vif_reference_sums *ref_sums, vif_pair_sums *pair_sums);

/* The feature value of a level from its totals, under one of the gain limits. */
double vif_score(const vif_reference_sums *ref, const vif_pair_sums *pair, int limit);

/* Fills the table that the kernels take logarithms from. */
void vif_log_table(uint16_t table[VIF_LOG_ENTRIES]);

#endif
