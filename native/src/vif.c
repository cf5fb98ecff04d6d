/* VIF: pyramid, tiles and the score of a level. Arithmetic: docs/arithmetic.md. */
#include "vif.h"

#include <string.h>

static const int level_radius[VIF_LEVELS] = {8, 4, 2, 1};

void vif_init(vif_state *state, pvt_arena *arena, int width, int height, int bit_depth,
              int renditions, const pvt_limits *limits)
{
    state->renditions = renditions;
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
        state->plane[s] = state->stride[s] * state->height[s];
        const size_t bytes = sizeof(uint16_t) * (size_t)state->plane[s];
        state->ref[s] = pvt_arena_take_padded(arena, 0, bytes, PVT_PAD);
        state->dis[s] = pvt_arena_take_padded(arena, 0, bytes * (size_t)renditions, PVT_PAD);
    }
}

/* Kernels work on pairs of rows: an odd number of rows is rounded up. */
typedef const uint8_t *source_rows[VIF_TILE_ROWS + 2 * VIF_MAX_RADIUS];

/* What a rendition keeps while others use the tile: the columns that it carries to the next one. */
struct vif_rendition {
    int16_t carried[sizeof(vif_distorted_tile) / sizeof(vif_plane)][VIF_TILE_ROWS][VIF_CARRY];
    source_rows rows;
};

void vif_init_scratch(vif_scratch *scratch, pvt_arena *arena, int renditions)
{
    scratch->ref = pvt_arena_take(arena, sizeof *scratch->ref);
    scratch->stats = pvt_arena_take(arena, sizeof *scratch->stats);
    scratch->dis = pvt_arena_take(arena, sizeof *scratch->dis);
    scratch->rendition = pvt_arena_take(arena, (size_t)renditions * sizeof *scratch->rendition);
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

/* Renditions take turns in one tile: what each carries is put away and brought back. */
static void put_away(const vif_distorted_tile *tile, struct vif_rendition *own, int rows)
{
    for (int p = 0; p < DISTORTED_PLANES; p++)
        for (int i = 0; i < rows; i++)
            memcpy(own->carried[p][i],
                   &((const vif_plane *)tile)[p][i][VIF_TILE_ORIGIN + VIF_TILE_COLS - VIF_CARRY],
                   sizeof own->carried[p][i]);
}

static void bring_back(const struct vif_rendition *own, vif_distorted_tile *tile, int rows)
{
    for (int p = 0; p < DISTORTED_PLANES; p++)
        for (int i = 0; i < rows; i++)
            memcpy(&((vif_plane *)tile)[p][i][VIF_TILE_ORIGIN - VIF_CARRY], own->carried[p][i],
                   sizeof own->carried[p][i]);
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
    source_rows ref;
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

/* Tile columns that a step fills, and those whose window is then complete. */
typedef struct tile_step {
    int x, cols; /* column x of the frame is tile column 0 */
    int first, end;
    bool is_last;
} tile_step;

static void fill_reference(const band_view *band, const tile_step *t, vif_reference_tile *tile)
{
    const vif_level *level = &band->state->level[band->index];
    if (t->x > 0)
        carry_all(tile, REFERENCE_PLANES, band->rows);
    (level->power_shift
         ? band->kernels->reference_columns_u16
         : band->kernels->reference_columns_u8)(level, band->ref, t->x, band->rows, t->cols, tile);
    mirror_all(tile, REFERENCE_PLANES, band->rows, level->radius, t->cols, t->x == 0, t->is_last);
}

static void fill_distorted(const band_view *band, const tile_step *t, struct vif_rendition *own,
                           vif_distorted_tile *tile)
{
    const vif_level *level = &band->state->level[band->index];
    const bool shared = band->state->renditions > 1;
    if (t->x > 0 && shared)
        bring_back(own, tile, band->rows);
    else if (t->x > 0)
        carry_all(tile, DISTORTED_PLANES, band->rows);
    (level->power_shift ? band->kernels->distorted_columns_u16
                        : band->kernels->distorted_columns_u8)(level, band->ref, own->rows, t->x,
                                                               band->rows, t->cols, tile);
    if (!t->is_last && shared)
        put_away(tile, own, band->rows);
    mirror_all(tile, DISTORTED_PLANES, band->rows, level->radius, t->cols, t->x == 0, t->is_last);
}

static void do_step(const band_view *band, const tile_step *t, const vif_scratch *scratch,
                    vif_reference_sums *ref_sums, vif_pair_sums *pair_sums)
{
    const vif_state *state = band->state;
    const vif_level *level = &state->level[band->index];
    const int n = t->end - t->first, next = band->index + 1;
    const bool descends = level->next_radius >= 0;
    fill_reference(band, t, scratch->ref);
    if (descends)
        write_next_level(band, scratch->ref->next, state->ref[next], t->x, t->first, t->end);
    band->kernels->reference_statistics(level, scratch->ref, band->rows, t->first, n,
                                        state->log_table, scratch->stats, ref_sums);
    for (int r = 0; r < state->renditions; r++) {
        vif_distorted_tile *dis = scratch->dis;
        fill_distorted(band, t, &scratch->rendition[r], dis);
        if (descends)
            write_next_level(band, dis->next, state->dis[next] + state->plane[next] * r, t->x,
                             t->first, t->end);
        band->kernels->pair_statistics(level, dis, scratch->stats, band->rows, t->first, n,
                                       &state->limits, state->log_table, &pair_sums[r]);
    }
}

void vif_band(const vif_state *state, const vif_kernels *kernels, const vif_scratch *scratch,
              int level, int band_index, pvt_plane ref, const pvt_plane *dis,
              vif_reference_sums *ref_sums, vif_pair_sums *pair_sums)
{
    const int radius = state->level[level].radius;
    const int width = state->width[level], height = state->height[level];
    band_view band = {.state = state, .kernels = kernels, .index = level};
    band.y = band_index * VIF_TILE_ROWS;
    band.rows = pvt_min(VIF_TILE_ROWS, height - band.y);
    const int top = band.y - radius, rows = (band.rows + 1) / 2 * 2 + 2 * radius;
    const ptrdiff_t stride = state->stride[level] * (ptrdiff_t)sizeof(uint16_t);
    if (level > 0)
        ref = (pvt_plane){(const uint8_t *)state->ref[level], stride};
    pvt_row_array(ref, height, top, rows, band.ref);
    for (int r = 0; r < state->renditions; r++) {
        const uint16_t *plane = state->dis[level] + state->plane[level] * r;
        pvt_row_array(level > 0 ? (pvt_plane){(const uint8_t *)plane, stride} : dis[r], height, top,
                      rows, scratch->rendition[r].rows);
    }
    for (int x = 0; x < width; x += VIF_TILE_COLS) {
        const int cols = pvt_min(VIF_TILE_COLS, width - x);
        tile_step step = {.x = x, .cols = cols, .is_last = x + cols == width};
        /* Columns whose window is complete and that the tile before has left. */
        step.first = x ? -VIF_LAG : 0;
        step.end = step.is_last ? cols : cols - VIF_LAG;
        do_step(&band, &step, scratch, ref_sums, pair_sums);
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
