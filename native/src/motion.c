/* Motion: history, bands and the value of a frame. Arithmetic: docs/arithmetic.md. */
#include "motion.h"

#include <string.h>

enum { BAND_ROWS = 32, RADIUS = 2 };

static int sample_bytes(const motion_state *state) { return state->bit_depth > 8 ? 2 : 1; }

void motion_init(motion_state *state, pvt_arena *arena, int width, int height, int bit_depth)
{
    state->width = width;
    state->height = height;
    state->bit_depth = bit_depth;
    state->last = -1;
    state->stride = (width * (ptrdiff_t)sample_bytes(state) + 63) / 64 * 64;
    for (int i = 0; i < 2; i++)
        state->frame[i] =
            pvt_arena_take_padded(arena, 0, (size_t)(state->stride * height), PVT_PAD);
}

int32_t *motion_init_scratch(pvt_arena *arena, int width)
{
    return pvt_arena_take(arena, 2 * sizeof(int32_t) * ((size_t)width + 2 * PVT_PAD));
}

int motion_bands(const motion_state *state) { return (state->height + BAND_ROWS - 1) / BAND_ROWS; }

uint64_t motion_band(const motion_state *state, const motion_kernels *kernels, int32_t *scratch,
                     int band, pvt_plane current)
{
    const int y = band * BAND_ROWS, rows = pvt_min(BAND_ROWS, state->height - y);
    uint8_t *spare = state->frame[state->last == 0 ? 1 : 0];
    const size_t row_bytes = (size_t)(state->width * sample_bytes(state));
    for (int i = y; i < y + rows; i++)
        memcpy(spare + state->stride * i, pvt_row(current, i), row_bytes);
    if (state->last < 0)
        return 0;

    /* Kernels may work on pairs of rows: an odd number of rows is rounded up. */
    const int source_rows = (rows + 1) / 2 * 2 + 2 * RADIUS;
    const uint8_t *before[BAND_ROWS + 2 * RADIUS], *now[BAND_ROWS + 2 * RADIUS];
    const pvt_plane previous = {state->frame[state->last], state->stride};
    pvt_row_array(previous, state->height, y - RADIUS, source_rows, before);
    pvt_row_array(current, state->height, y - RADIUS, source_rows, now);
    if (state->bit_depth == 8)
        return kernels->sad_u8(before, now, rows, state->width, scratch);
    return kernels->sad_u16(before, now, rows, state->width, state->bit_depth, scratch);
}

void motion_advance(motion_state *state) { state->last = state->last == 0 ? 1 : 0; }

double motion_score(const motion_state *state, uint64_t sad)
{
    /* 1/256 of an 8-bit grey level; at most 65535/256, so libvmaf's ceiling of 10000 never acts */
    return (double)sad / 256.0 / ((double)state->width * state->height);
}
