/* ADM: ranges of rows and columns, roundings, working memory. */
#include "adm.h"

/* A tenth of the band is left out on either side before pooling. */
static int margin(int n) { return (int)(n * 0.1 - 0.5); }

/* `next` is what level l+1 analyses; NULL at the last level. */
static adm_extent extent(int n, const adm_extent *next)
{
    const int m = margin(n);
    adm_extent e = {.pooled = {m, n - m - 1}};
    e.detail = (adm_range){pvt_max(m - 1, 0), pvt_min(n - m, n - 1)};
    e.analysed = e.detail;
    if (next) {
        const int first = pvt_max(2 * next->analysed.first - 1, 0);
        const int last = pvt_min(2 * next->analysed.last + 2, n - 1);
        e.analysed = (adm_range){pvt_min(first, e.detail.first), pvt_max(last, e.detail.last)};
    }
    return e;
}

static adm_level make_level(int index, int width, int height, int bit_depth, int pooled_cols)
{
    static const int32_t weight[ADM_LEVELS][ADM_BANDS] = {
        {36453, 36453, 49417},
        {137373792, 137373792, 61414028},
        {186284160, 186284160, 104783920},
        {196165808, 196165808, 134487184},
    };
    static const int row_shift[ADM_LEVELS] = {16, 15, 16, 15};
    static const int den_square_shift[ADM_LEVELS] = {0, 31, 30, 31};
    adm_level level = {
        .index = index,
        .width = width,
        .height = height,
        .row_shift = row_shift[index],
        .column_shift = index ? 16 : bit_depth,
        .den_square_shift = den_square_shift[index],
        .den_cube_shift = index ? adm_ceil_log2(pooled_cols) : 0,
    };
    for (int b = 0; b < ADM_BANDS; b++) {
        level.weight[b] = weight[index][b];
        level.cube_shift[b] = adm_ceil_log2(width) - (index ? 0 : b == 2 ? 3 : 4);
    }
    return level;
}

void adm_init(adm_state *state, pvt_arena *arena, int width, int height, int bit_depth,
              int renditions, const pvt_limits *limits, int threads)
{
    int w[ADM_LEVELS + 1] = {width}, h[ADM_LEVELS + 1] = {height};
    for (int l = 0; l < ADM_LEVELS; l++) {
        w[l + 1] = (w[l] + 1) / 2;
        h[l + 1] = (h[l] + 1) / 2;
    }
    state->width = width;
    state->height = height;
    state->bit_depth = bit_depth;
    state->renditions = renditions;
    state->limits = *limits;
    for (int l = ADM_LEVELS - 1; l >= 0; l--) {
        const bool last = l == ADM_LEVELS - 1;
        state->cols[l] = extent(w[l + 1], last ? NULL : &state->cols[l + 1]);
        state->rows[l] = extent(h[l + 1], last ? NULL : &state->rows[l + 1]);
        state->level[l] =
            make_level(l, w[l + 1], h[l + 1], bit_depth, adm_count(state->cols[l].pooled));
    }
    for (int l = 0; l < ADM_LEVELS - 1; l++) {
        state->stride[l] = (w[l + 1] + PVT_PAD - 1) / 32 * 32;
        const size_t bytes = adm_sample_bytes(l) * (size_t)state->stride[l] * (size_t)h[l + 1];
        state->plane[l] = bytes;
        state->ref[l] = pvt_arena_take_padded(arena, 0, bytes, PVT_PAD);
        state->dis[l] = pvt_arena_take_padded(arena, 0, bytes * (size_t)renditions, PVT_PAD);
    }
    /* Two rows of surroundings are analysed again at each strip: a lone worker cuts none. */
    state->strip_rows = threads == 1 ? PVT_MAX_SIZE : 24;
}

static adm_row take_row(pvt_arena *arena, size_t bytes)
{
    adm_row row;
    for (int b = 0; b < ADM_BANDS; b++)
        row.restored[b] = pvt_arena_take_padded(arena, PVT_PAD, bytes, PVT_PAD);
    row.masking = pvt_arena_take_padded(arena, PVT_PAD, bytes, PVT_PAD);
    row.centre = pvt_arena_take_padded(arena, PVT_PAD, bytes, PVT_PAD);
    return row;
}

void adm_init_scratch(adm_scratch *scratch, pvt_arena *arena, const adm_state *state)
{
    const int width = state->width, rows = state->renditions * state->limits.count;
    const size_t full = sizeof(int32_t) * (size_t)width;
    const size_t half = sizeof(int32_t) * (size_t)((width + 1) / 2);
    scratch->low = pvt_arena_take_padded(arena, PVT_PAD, full, PVT_PAD);
    scratch->high = pvt_arena_take_padded(arena, PVT_PAD, full, PVT_PAD);
    for (int b = 0; b < ADM_BANDS; b++) {
        scratch->ref[b] = pvt_arena_take_padded(arena, PVT_PAD, half, PVT_PAD);
        scratch->dis[b] = pvt_arena_take_padded(arena, PVT_PAD, half, PVT_PAD);
    }
    for (int i = 0; i < 3; i++) {
        scratch->ring[i] = pvt_arena_take(arena, (size_t)rows * sizeof(adm_row));
        for (int k = 0; k < rows; k++) {
            const adm_row row = take_row(arena, half);
            if (scratch->ring[i])
                scratch->ring[i][k] = row;
        }
    }
}

int adm_strips(const adm_state *state, int level)
{
    return (adm_count(state->rows[level].analysed) + state->strip_rows - 1) / state->strip_rows;
}
