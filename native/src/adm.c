/* ADM: strips and rows. Arithmetic: docs/arithmetic.md; sizes and memory are in adm_sizes.c, the
 * score in adm_score.c. */
#include "adm.h"

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

/* The row of each gain limit of a rendition. */
static adm_row *ring_rows(const strip_view *v, int y, int rendition)
{
    return v->scratch->ring[y % 3] + (ptrdiff_t)rendition * v->state->limits.count;
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
    for (int l = 0; l < limits->count; l++)
        extend_masking(out[l].masking, level->width);
}

/* Halves go up; the sum may have wrapped, so the shift is that of a signed number. */
static uint64_t round_row(uint64_t sum, int shift)
{
    return (uint64_t)((int64_t)(sum + (((uint64_t)1 << shift) >> 1)) >> shift);
}

static void pool_row(const strip_view *v, int y, int rendition, adm_pair_sums *sums)
{
    const adm_level *level = &v->state->level[v->index];
    const adm_range cols = v->state->cols[v->index].pooled;
    /* -1 reads 1, H reads H-1 */
    const int above = y > 0 ? y - 1 : 1, below = pvt_min(y + 1, level->height - 1);
    const adm_row *rows[3] = {ring_rows(v, above, rendition), ring_rows(v, y, rendition),
                              ring_rows(v, below, rendition)};
    const int shift = adm_ceil_log2(level->height);
    for (int l = 0; l < v->state->limits.count; l++) {
        uint64_t row[ADM_BANDS] = {0};
        (v->index ? v->kernels->pool_s32 : v->kernels->pool_s16)(
            level, &rows[0][l], &rows[1][l], &rows[2][l], cols.first, adm_count(cols), row);
        for (int b = 0; b < ADM_BANDS; b++)
            sums->num[l][b] += round_row(row[b], shift);
    }
}

int adm_energy_row_shift(const adm_state *state, int level)
{
    const int64_t rows = adm_count(state->rows[level].pooled),
                  cols = adm_count(state->cols[level].pooled);
    return level ? adm_ceil_log2(rows) : pvt_max(adm_ceil_log2(rows * cols) - 20, 0);
}

static void add_energy(const strip_view *v, int shift, adm_reference_sums *sums)
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

static pvt_plane approximation(void *plane, const adm_state *state, int level)
{
    return (pvt_plane){plane, state->stride[level] * (ptrdiff_t)adm_sample_bytes(level)};
}

/* The plane of a rendition. */
static void *distorted(const adm_state *state, int level, int rendition)
{
    return (uint8_t *)state->dis[level] + state->plane[level] * (size_t)rendition;
}

/* Where a row goes that the next level reads. */
static void *approximation_row(void *plane, const adm_state *state, int level, int y)
{
    const ptrdiff_t stride = state->stride[level] * (ptrdiff_t)adm_sample_bytes(level);
    return (uint8_t *)plane + stride * y;
}

/* Rows of a strip. */
typedef struct strip_rows {
    adm_range own;    /* of the approximation, to be written */
    adm_range pooled; /* empty where the strip lies outside */
    adm_range detail; /* what pooling takes */
    int begin, end;
} strip_rows;

static strip_rows rows_of(const adm_state *state, int level, int strip)
{
    const adm_extent *all = &state->rows[level];
    const int first = all->analysed.first + strip * state->strip_rows;
    const int last = pvt_min(first + state->strip_rows - 1, all->analysed.last);
    strip_rows rows = {.own = {first, last}, .begin = first, .end = last};
    rows.pooled = (adm_range){pvt_max(first, all->pooled.first), pvt_min(last, all->pooled.last)};
    rows.detail = (adm_range){0, -1};
    if (rows.pooled.first <= rows.pooled.last) {
        rows.detail = (adm_range){pvt_max(rows.pooled.first - 1, 0),
                                  pvt_min(rows.pooled.last + 1, all->detail.last)};
        rows.begin = pvt_min(first, rows.detail.first);
        rows.end = pvt_max(last, rows.detail.last);
    }
    return rows;
}

static bool within(adm_range range, int y) { return y >= range.first && y <= range.last; }

void adm_strip(const adm_state *state, const adm_kernels *kernels, const adm_scratch *scratch,
               int level, int strip, pvt_plane ref, const pvt_plane *dis,
               adm_reference_sums *ref_sums, adm_pair_sums *pair_sums)
{
    strip_view v = {state, kernels, scratch, level, state->width, state->height};
    if (level > 0) {
        v.source_width = state->level[level - 1].width;
        v.source_height = state->level[level - 1].height;
        ref = approximation(state->ref[level - 1], state, level - 1);
    }
    const strip_rows rows = rows_of(state, level, strip);
    const int shift = adm_energy_row_shift(state, level);
    for (int y = rows.begin; y <= rows.end; y++) {
        const bool detailed = within(rows.detail, y);
        const bool descends = within(rows.own, y) && level < ADM_LEVELS - 1;
        analyse_row(&v, ref, y, detailed,
                    descends ? approximation_row(state->ref[level], state, level, y) : NULL,
                    scratch->ref);
        if (within(rows.pooled, y))
            add_energy(&v, shift, ref_sums);
        for (int r = 0; r < state->renditions; r++) {
            void *approx =
                descends ? approximation_row(distorted(state, level, r), state, level, y) : NULL;
            const pvt_plane source =
                level ? approximation(distorted(state, level - 1, r), state, level - 1) : dis[r];
            analyse_row(&v, source, y, detailed, approx, scratch->dis);
            if (!detailed)
                continue;
            decouple_row(&v, ring_rows(&v, y, r));
            if (within(rows.pooled, y - 1))
                pool_row(&v, y - 1, r, &pair_sums[r]);
        }
    }
    /* At the bottom of the band there is no row below to wait for. */
    for (int r = 0; r < state->renditions && rows.pooled.last == rows.detail.last; r++)
        pool_row(&v, rows.pooled.last, r, &pair_sums[r]);
}
