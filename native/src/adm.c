/* ADM: sizes, strips and rows. Arithmetic: docs/arithmetic.md; the score is in adm_score.c. */
#include "adm.h"

/* ---- sizes ---------------------------------------------------------------------------------- */

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

static size_t sample_bytes(int level) { return level ? sizeof(int32_t) : sizeof(int16_t); }

void adm_init(adm_state *state, pvt_arena *arena, int width, int height, int bit_depth,
              const pvt_limits *limits, int threads)
{
    int w[ADM_LEVELS + 1] = {width}, h[ADM_LEVELS + 1] = {height};
    for (int l = 0; l < ADM_LEVELS; l++) {
        w[l + 1] = (w[l] + 1) / 2;
        h[l + 1] = (h[l] + 1) / 2;
    }
    state->width = width;
    state->height = height;
    state->bit_depth = bit_depth;
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
        const size_t bytes = sample_bytes(l) * (size_t)state->stride[l] * (size_t)h[l + 1];
        state->ref[l] = pvt_arena_take_padded(arena, 0, bytes, PVT_PAD);
        state->dis[l] = pvt_arena_take_padded(arena, 0, bytes, PVT_PAD);
    }
    /* Two rows of surroundings are analysed again at each strip: a lone worker cuts none. */
    state->strip_rows = threads == 1 ? PVT_MAX_SIZE : 24;
}

void adm_init_scratch(adm_scratch *scratch, pvt_arena *arena, int width)
{
    const size_t full = sizeof(int32_t) * (size_t)width;
    const size_t half = sizeof(int32_t) * (size_t)((width + 1) / 2);
    scratch->low = pvt_arena_take_padded(arena, PVT_PAD, full, PVT_PAD);
    scratch->high = pvt_arena_take_padded(arena, PVT_PAD, full, PVT_PAD);
    for (int b = 0; b < ADM_BANDS; b++) {
        scratch->ref[b] = pvt_arena_take_padded(arena, PVT_PAD, half, PVT_PAD);
        scratch->dis[b] = pvt_arena_take_padded(arena, PVT_PAD, half, PVT_PAD);
    }
    for (int i = 0; i < 3; i++) {
        adm_row *row = &scratch->ring[i];
        for (int b = 0; b < ADM_BANDS; b++)
            row->restored[b] = pvt_arena_take_padded(arena, PVT_PAD, half, PVT_PAD);
        row->masking = pvt_arena_take_padded(arena, PVT_PAD, half, PVT_PAD);
        row->centre = pvt_arena_take_padded(arena, PVT_PAD, half, PVT_PAD);
    }
}

int adm_strips(const adm_state *state, int level)
{
    return (adm_count(state->rows[level].analysed) + state->strip_rows - 1) / state->strip_rows;
}

/* ---- one band row --------------------------------------------------------------------------- */

typedef struct strip_view {
    const adm_state *state;
    const adm_kernels *kernels;
    const adm_scratch *scratch;
    int index;                       /* of the level */
    int source_width, source_height; /* of what the level analyses */
} strip_view;

/* Source position of tap 0..3 for output k: mirrored about sample 0, and about the edge behind
 * sample n-1. */
static int tap_position(int k, int tap, int n)
{
    const int p = 2 * k - 1 + tap;
    return p < 0 ? -p : p < n ? p : 2 * n - 1 - p;
}

/* Gives the vertical halves the columns that the horizontal taps read beyond the source. */
static void extend_columns(void *half, int n, bool wide)
{
    if (wide) {
        int32_t *x = half;
        x[-1] = x[1];
        x[n] = x[n - 1];
        x[n + 1] = x[n - 2];
    } else {
        int16_t *x = half;
        x[-1] = x[1];
        x[n] = x[n - 1];
        x[n + 1] = x[n - 2];
    }
}

/*
 * Starts reading the source rows that row y + 1 of the bands takes and row y does not. A row has
 * its pages almost to itself, and processors may drop prefetches of pages whose address they would
 * have to look up first: so one sample of the rows of y + 2 is read for good.
 */
static void fetch_ahead(const strip_view *v, pvt_plane source, int y, int first, int last)
{
    enum { CACHE_LINE = 64 };
    const int bytes = v->index > 1 ? 4 : v->index == 1 || v->state->bit_depth > 8 ? 2 : 1;
    for (int row = 2 * y + 3; row <= 2 * y + 4; row++) {
        if (row + 2 < v->source_height)
            (void)*(const volatile uint8_t *)(pvt_row(source, row + 2) + first * bytes);
        if (row >= v->source_height)
            continue;
        const uint8_t *samples = pvt_row(source, row);
        for (int at = first * bytes; at <= last * bytes; at += CACHE_LINE)
            __builtin_prefetch(samples + at);
    }
}

/* Row `y` of the bands of one frame: detail rows into `bands` if wanted, the approximation into
 * `approx` unless NULL. `source` is the frame at level 0, else the approximation below. */
static void analyse_row(const strip_view *v, pvt_plane source, int y, bool detail, void *approx,
                        void *const bands[ADM_BANDS])
{
    const adm_level *level = &v->state->level[v->index];
    const adm_range cols = v->state->cols[v->index].analysed;
    const int n = v->source_width;
    const int first = pvt_max(2 * cols.first - 1, 0), last = pvt_min(2 * cols.last + 2, n - 1);
    void *low = v->scratch->low, *high = v->scratch->high;
    const uint8_t *rows[4];
    for (int tap = 0; tap < 4; tap++)
        rows[tap] = pvt_row(source, tap_position(y, tap, v->source_height));
    fetch_ahead(v, source, y, first, last);

    if (v->index == 0 && v->state->bit_depth == 8)
        v->kernels->columns_u8(rows, first, last - first + 1, level->column_shift, low, high);
    else if (v->index == 0)
        v->kernels->columns_u16(rows, first, last - first + 1, level->column_shift, low, high);
    else if (v->index == 1)
        v->kernels->columns_s16((const int16_t *const *)(const void *)rows, first, last - first + 1,
                                low, high);
    else
        v->kernels->columns_s32((const int32_t *const *)(const void *)rows, first, last - first + 1,
                                low, high);
    extend_columns(low, n, v->index > 0);
    extend_columns(high, n, v->index > 0);
    if (v->index == 0)
        v->kernels->rows_s16(low, detail ? high : NULL, cols.first, adm_count(cols), approx,
                             (int16_t *const *)bands);
    else
        v->kernels->rows_s32(low, detail ? high : NULL, cols.first, adm_count(cols),
                             level->row_shift, approx, (int32_t *const *)bands);
}

/* One column beyond either end: -1 reads 1, W reads W-1. */
static void extend_masking(int32_t *masking, int width)
{
    masking[-1] = masking[1];
    masking[width] = masking[width - 1];
}

static void decouple_row(const strip_view *v, const adm_row *out)
{
    const adm_level *level = &v->state->level[v->index];
    const adm_range cols = v->state->cols[v->index].detail;
    const pvt_limits *limits = &v->state->limits;
    if (v->index == 0)
        v->kernels->decouple_s16(level, (const int16_t *const *)v->scratch->ref,
                                 (const int16_t *const *)v->scratch->dis, cols.first,
                                 adm_count(cols), limits, out);
    else
        v->kernels->decouple_s32(level, (const int32_t *const *)v->scratch->ref,
                                 (const int32_t *const *)v->scratch->dis, cols.first,
                                 adm_count(cols), limits, out);
    extend_masking(out->masking, level->width);
}

/* Halves go up; the sum may have wrapped, so the shift is that of a signed number. */
static uint64_t round_row(uint64_t sum, int shift)
{
    return (uint64_t)((int64_t)(sum + (((uint64_t)1 << shift) >> 1)) >> shift);
}

static void pool_row(const strip_view *v, int y, adm_sums *sums)
{
    const adm_level *level = &v->state->level[v->index];
    const adm_range cols = v->state->cols[v->index].pooled;
    /* -1 reads 1, H reads H-1 */
    const int above = y > 0 ? y - 1 : 1, below = pvt_min(y + 1, level->height - 1);
    const adm_row *ring = v->scratch->ring;
    uint64_t row[ADM_BANDS] = {0};
    (v->index ? v->kernels->pool_s32 : v->kernels->pool_s16)(
        level, &ring[above % 3], &ring[y % 3], &ring[below % 3], cols.first, adm_count(cols), row);
    const int shift = adm_ceil_log2(level->height);
    for (int b = 0; b < ADM_BANDS; b++)
        sums->num[b] += round_row(row[b], shift);
}

int adm_energy_row_shift(const adm_state *state, int level)
{
    const int64_t rows = adm_count(state->rows[level].pooled),
                  cols = adm_count(state->cols[level].pooled);
    return level ? adm_ceil_log2(rows) : pvt_max(adm_ceil_log2(rows * cols) - 20, 0);
}

static void add_energy(const strip_view *v, int shift, adm_sums *sums)
{
    const adm_level *level = &v->state->level[v->index];
    const adm_range cols = v->state->cols[v->index].pooled;
    for (int b = 0; b < ADM_BANDS; b++) {
        const void *band = v->scratch->ref[b];
        const uint64_t energy =
            v->index ? v->kernels->energy_s32(level, band, cols.first, adm_count(cols))
                     : v->kernels->energy_s16(band, cols.first, adm_count(cols));
        sums->den[b] += round_row(energy, shift);
    }
}

/* ---- one strip ------------------------------------------------------------------------------ */

static pvt_plane approximation(void *const planes[], const adm_state *state, int level)
{
    return (pvt_plane){planes[level], state->stride[level] * (ptrdiff_t)sample_bytes(level)};
}

static void *approximation_row(void *const planes[], const adm_state *state, int level, int y)
{
    if (level == ADM_LEVELS - 1)
        return NULL;
    const pvt_plane plane = approximation(planes, state, level);
    return (uint8_t *)planes[level] + plane.stride * y;
}

void adm_strip(const adm_state *state, const adm_kernels *kernels, const adm_scratch *scratch,
               int level, int strip, pvt_plane ref, pvt_plane dis, adm_sums *sums)
{
    strip_view v = {state, kernels, scratch, level, state->width, state->height};
    if (level > 0) {
        v.source_width = state->level[level - 1].width;
        v.source_height = state->level[level - 1].height;
        ref = approximation(state->ref, state, level - 1);
        dis = approximation(state->dis, state, level - 1);
    }
    const adm_extent *rows = &state->rows[level];
    const int shift = adm_energy_row_shift(state, level);
    /* Rows of the approximation that are this strip's to write, rows that it pools, and the
     * detail rows that takes. */
    const int first = rows->analysed.first + strip * state->strip_rows;
    const int last = pvt_min(first + state->strip_rows - 1, rows->analysed.last);
    const adm_range own = {first, last};
    const adm_range pooled = {pvt_max(first, rows->pooled.first), pvt_min(last, rows->pooled.last)};
    const bool pools = pooled.first <= pooled.last;
    const adm_range detail = {pvt_max(pooled.first - 1, 0),
                              pvt_min(pooled.last + 1, rows->detail.last)};
    const int begin = pools ? pvt_min(own.first, detail.first) : own.first;
    const int end = pools ? pvt_max(own.last, detail.last) : own.last;

    for (int y = begin; y <= end; y++) {
        const bool owned = y >= own.first && y <= own.last;
        const bool detailed = pools && y >= detail.first && y <= detail.last;
        analyse_row(&v, ref, y, detailed,
                    owned ? approximation_row(state->ref, state, level, y) : NULL, scratch->ref);
        analyse_row(&v, dis, y, detailed,
                    owned ? approximation_row(state->dis, state, level, y) : NULL, scratch->dis);
        if (!detailed)
            continue;
        decouple_row(&v, &scratch->ring[y % 3]);
        if (y >= pooled.first && y <= pooled.last)
            add_energy(&v, shift, sums);
        if (y - 1 >= pooled.first && y - 1 <= pooled.last)
            pool_row(&v, y - 1, sums);
    }
    /* At the bottom of the band there is no row below to wait for. */
    if (pools && pooled.last == detail.last)
        pool_row(&v, pooled.last, sums);
}
