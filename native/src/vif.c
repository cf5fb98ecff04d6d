/* VIF: pyramid, tiles and the score of a level. Arithmetic: docs/arithmetic.md. */
#include "vif.h"

#include <string.h>

static const int level_radius[VIF_LEVELS] = {8, 4, 2, 1};

void vif_init(vif_state *state, pvt_arena *arena, int width, int height, int bit_depth,
              const pvt_limits *limits)
{
    state->limits = *limits;
    for (int s = 0; s < VIF_LEVELS; s++) {
        state->level[s] = (vif_level){
            .radius = level_radius[s],
            .next_radius = s + 1 < VIF_LEVELS ? level_radius[s + 1] : -1,
            .mean_shift = s ? 16 : bit_depth,
            .power_shift = s ? 16 : 2 * (bit_depth - 8),
        };
        state->width[s] = width >> s;
        state->height[s] = height >> s;
        if (s == 0)
            continue;
        state->stride[s] = (state->width[s] + PVT_PAD - 1) / 32 * 32;
        size_t bytes = sizeof(uint16_t) * (size_t)state->stride[s] * (size_t)state->height[s];
        state->ref[s] = pvt_arena_take_padded(arena, 0, bytes, PVT_PAD);
        state->dis[s] = pvt_arena_take_padded(arena, 0, bytes, PVT_PAD);
    }
}

int vif_bands(const vif_state *state, int level)
{
    return (state->height[level] + VIF_TILE_ROWS - 1) / VIF_TILE_ROWS;
}

/* ---- tile borders --------------------------------------------------------------------------- */

/* Moves the last columns of the tile in front of it, where the next tile expects them. */
static void carry(int16_t (*plane)[VIF_TILE_STRIDE], int rows)
{
    for (int i = 0; i < rows; i++)
        memcpy(&plane[i][VIF_TILE_ORIGIN - VIF_CARRY],
               &plane[i][VIF_TILE_ORIGIN + VIF_TILE_COLS - VIF_CARRY], VIF_CARRY * sizeof(int16_t));
}

static void mirror_left(int16_t (*plane)[VIF_TILE_STRIDE], int rows, int radius)
{
    for (int i = 0; i < rows; i++)
        for (int k = 1; k <= radius; k++)
            plane[i][VIF_TILE_ORIGIN - k] = plane[i][VIF_TILE_ORIGIN + k];
}

static void mirror_right(int16_t (*plane)[VIF_TILE_STRIDE], int rows, int radius, int cols)
{
    const int edge = VIF_TILE_ORIGIN + cols - 1;
    for (int i = 0; i < rows; i++)
        for (int k = 1; k <= radius; k++)
            plane[i][edge + k] = plane[i][edge - k];
}

/* A tile is nothing but planes, all treated alike at the borders. */
enum {
    REFERENCE_PLANES = sizeof(vif_reference_tile) / sizeof(vif_plane),
    DISTORTED_PLANES = sizeof(vif_distorted_tile) / sizeof(vif_plane)
};

static void carry_all(void *tile, int planes, int rows)
{
    for (int p = 0; p < planes; p++)
        carry(((vif_plane *)tile)[p], rows);
}

static void mirror_all(void *tile, int planes, int rows, int radius, int cols, bool is_first,
                       bool is_last)
{
    for (int p = 0; p < planes; p++) {
        if (is_first)
            mirror_left(((vif_plane *)tile)[p], rows, radius);
        if (is_last)
            mirror_right(((vif_plane *)tile)[p], rows, radius, cols);
    }
}

/* ---- one band ------------------------------------------------------------------------------- */

typedef struct band_view {
    const vif_state *state;
    const vif_kernels *kernels;
    int index; /* of the level */
    int y, rows;
    /* Kernels work on pairs of rows: an odd number of rows is rounded up. */
    const uint8_t *ref[VIF_TILE_ROWS + 2 * VIF_MAX_RADIUS];
    const uint8_t *dis[VIF_TILE_ROWS + 2 * VIF_MAX_RADIUS];
} band_view;

/* Writes the part of the next level that columns first .. end-1 of the tile decide. */
static void write_next_level(const band_view *band, vif_plane next, uint16_t *plane, int x,
                             int first, int end)
{
    const int s = band->index + 1;
    const vif_state *state = band->state;
    const int left = (x + first) / 2, right = pvt_min((x + end + 1) / 2, state->width[s]);
    const int top = band->y / 2, bottom = pvt_min((band->y + band->rows + 1) / 2, state->height[s]);
    for (int y = top; y < bottom; y++)
        band->kernels->decimate(&state->level[band->index], next[y - top], first, right - left,
                                plane + state->stride[s] * y + left);
}

static void fill_tile(const band_view *band, vif_scratch *scratch, int x, int cols, bool is_last)
{
    const vif_level *level = &band->state->level[band->index];
    const vif_kernels *k = band->kernels;
    if (x > 0) {
        carry_all(&scratch->ref, REFERENCE_PLANES, band->rows);
        carry_all(&scratch->dis, DISTORTED_PLANES, band->rows);
    }
    if (level->power_shift == 0) {
        k->reference_columns_u8(level, band->ref, x, band->rows, cols, &scratch->ref);
        k->distorted_columns_u8(level, band->ref, band->dis, x, band->rows, cols, &scratch->dis);
    } else {
        k->reference_columns_u16(level, band->ref, x, band->rows, cols, &scratch->ref);
        k->distorted_columns_u16(level, band->ref, band->dis, x, band->rows, cols, &scratch->dis);
    }
    mirror_all(&scratch->ref, REFERENCE_PLANES, band->rows, level->radius, cols, x == 0, is_last);
    mirror_all(&scratch->dis, DISTORTED_PLANES, band->rows, level->radius, cols, x == 0, is_last);
}

void vif_band(const vif_state *state, const vif_kernels *kernels, vif_scratch *scratch, int level,
              int band_index, pvt_plane ref, pvt_plane dis, vif_reference_sums *ref_sums,
              vif_pair_sums *sums)
{
    const vif_level *lv = &state->level[level];
    const int width = state->width[level], height = state->height[level];
    band_view band = {.state = state, .kernels = kernels, .index = level};
    band.y = band_index * VIF_TILE_ROWS;
    band.rows = pvt_min(VIF_TILE_ROWS, height - band.y);
    if (level > 0) {
        const ptrdiff_t stride = state->stride[level] * (ptrdiff_t)sizeof(uint16_t);
        ref = (pvt_plane){(const uint8_t *)state->ref[level], stride};
        dis = (pvt_plane){(const uint8_t *)state->dis[level], stride};
    }
    const int source_rows = (band.rows + 1) / 2 * 2 + 2 * lv->radius;
    pvt_row_array(ref, height, band.y - lv->radius, source_rows, band.ref);
    pvt_row_array(dis, height, band.y - lv->radius, source_rows, band.dis);

    for (int x = 0; x < width; x += VIF_TILE_COLS) {
        const int cols = pvt_min(VIF_TILE_COLS, width - x);
        const bool is_last = x + cols == width;
        /* Columns whose window is complete and that the tile before has left. */
        const int first = x ? -VIF_LAG : 0;
        const int end = is_last ? cols : cols - VIF_LAG;
        fill_tile(&band, scratch, x, cols, is_last);
        if (lv->next_radius >= 0) {
            write_next_level(&band, scratch->ref.next, state->ref[level + 1], x, first, end);
            write_next_level(&band, scratch->dis.next, state->dis[level + 1], x, first, end);
        }
        kernels->reference_statistics(lv, &scratch->ref, band.rows, first, end - first,
                                      state->log_table, &scratch->stats, ref_sums);
        kernels->pair_statistics(lv, &scratch->dis, &scratch->stats, band.rows, first, end - first,
                                 &state->limits, state->log_table, sums);
    }
}

double vif_score(const vif_reference_sums *ref, const vif_pair_sums *pair, int limit)
{
    /* Doubles, in exactly this order, then rounded to single precision and divided there. */
    const double count = (double)ref->flat_count;
    const double num = (double)pair->log_num[limit] / 2048.0 +
                       (count - ((double)pair->flat_power / 16384.0) / 65025.0);
    const double den = (double)ref->log_den / 2048.0 + count;
    return (double)((float)num / (float)den);
}
