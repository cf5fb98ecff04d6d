/*
 * Motion: mean absolute difference of two consecutive, low-passed reference frames.
 *
 * The engine keeps a copy of the last reference frame (the caller's memory is only borrowed), so
 * there are two planes that take turns. Work is cut into bands of rows.
 */
#ifndef PVT_MOTION_H
#define PVT_MOTION_H

#include "arena.h"
#include "kernels/kernels.h"
#include "plane.h"

typedef struct motion_state {
    uint8_t *frame[2];
    ptrdiff_t stride;
    int width, height, bit_depth;
    int last; /* which of the two holds the last frame; -1 before the first */
} motion_state;

void motion_init(motion_state *state, pvt_arena *arena, int width, int height, int bit_depth);

/* Scratch of a worker. */
int32_t *motion_init_scratch(pvt_arena *arena, int width);

int motion_bands(const motion_state *state);

/* Copies the band's rows of the current frame to the spare plane and returns the band's sum of
 * absolute differences to the last frame (0 when there is none). */
uint64_t motion_band(const motion_state *state, const motion_kernels *kernels, int32_t *scratch,
                     int band, pvt_plane current);

/* The current frame becomes the last one. */
void motion_advance(motion_state *state);

/* The feature value from a frame's total. */
double motion_score(const motion_state *state, uint64_t sad);

#endif
