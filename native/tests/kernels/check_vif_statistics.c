/*
 * Checks the horizontal passes of VIF: decimation, and the statistics of reference and pair.
 *
 * The order of the columns inside the rows of vif_reference_stats is a tier's own affair, so
 * pair_statistics always follows reference_statistics of the same table, and sums are compared.
 */
#include "kernels/vif_case.h"

#include "vif.h"

enum {
    LEFT = VIF_CARRY,       /* columns of a filled tile left of column 0 */
    RIGHT = VIF_MAX_RADIUS, /* and behind the last one */
    FILLED = LEFT + VIF_TILE_COLS + RIGHT
};

static const vif_kind *kind;
static int rows, first, n;

/* ---- statistics ----------------------------------------------------------------------------- */

static vif_pair frames;
static vif_reference_tile *ref_tile;
static vif_distorted_tile *dis_tile;
static vif_reference_stats *stats[SIDES];
static vif_reference_sums ref_sums[SIDES];
static vif_pair_sums pair_sums[SIDES];
static uint16_t log_table[VIF_LOG_ENTRIES];
static pvt_limits limits;

static void place_once(void)
{
    if (ref_tile)
        return;
    ref_tile = (void *)(check_slot_make(sizeof *ref_tile).end - sizeof *ref_tile);
    dis_tile = (void *)(check_slot_make(sizeof *dis_tile).end - sizeof *dis_tile);
    for (int side = 0; side < SIDES; side++)
        stats[side] = (void *)(check_slot_make(sizeof *stats[0]).end - sizeof *stats[0]);
    vif_log_table(log_table);
}

/* Copies tile columns 0 .. cols-1 of every plane of `from` to column `at` of `to`. */
static void copy_columns(void *to, const void *from, size_t tile_bytes, int at, int cols)
{
    for (size_t p = 0; p < tile_bytes / sizeof(vif_plane); p++)
        for (int i = 0; i < VIF_TILE_ROWS; i++)
            memcpy(&((vif_plane *)to)[p][i][VIF_TILE_ORIGIN + at],
                   &((const vif_plane *)from)[p][i][VIF_TILE_ORIGIN],
                   (size_t)cols * sizeof(int16_t));
}

/* Tiles whose planes belong together, as the engine would fill them from a pair of frames. */
static void fill_tiles(void)
{
    static vif_reference_tile ref_part;
    static vif_distorted_tile dis_part;
    pvt_kernels scalar;
    pvt_kernels_init_scalar(&scalar);
    place_once();
    vif_pair_fill(&frames, kind, VIF_TILE_ROWS, FILLED);
    random_fill(&check_random, ref_tile, sizeof *ref_tile);
    random_fill(&check_random, dis_tile, sizeof *dis_tile);
    for (int x = 0, cols; x < FILLED; x += cols) {
        cols = FILLED - x < VIF_TILE_COLS ? FILLED - x : VIF_TILE_COLS;
        vif_reference_columns(&scalar.vif, kind, &frames, x, VIF_TILE_ROWS, cols, &ref_part);
        vif_distorted_columns(&scalar.vif, kind, &frames, x, VIF_TILE_ROWS, cols, &dis_part);
        copy_columns(ref_tile, &ref_part, sizeof ref_part, x - LEFT, cols);
        copy_columns(dis_tile, &dis_part, sizeof dis_part, x - LEFT, cols);
    }
}

static int run_reference(const pvt_kernels *kernels, int side)
{
    kernels->vif.reference_statistics(&kind->level, ref_tile, rows, first, n, log_table,
                                      stats[side], &ref_sums[side]);
    return rows * n;
}

static int run_pair(const pvt_kernels *kernels, int side)
{
    kernels->vif.pair_statistics(&kind->level, dis_tile, stats[side], rows, first, n, &limits,
                                 log_table, &pair_sums[side]);
    return rows * n;
}

static void compare_sum(const char *name, int64_t got, int64_t want)
{
    if (got != want)
        check_failed("%s is %lld, expected %lld", name, (long long)got, (long long)want);
}

static void check_one(const pvt_kernels *got, const pvt_kernels *want, bool pair)
{
    for (int side = 0; side < SIDES; side++) {
        const pvt_kernels *kernels = side == GOT ? got : want;
        random_fill(&check_random, stats[side], sizeof *stats[side]);
        ref_sums[side] = (vif_reference_sums){2000, 4000}; /* to be added to */
        pair_sums[side] = (vif_pair_sums){{1000, 1001, 1002, 1003}, 3000};
        run_reference(kernels, side);
        if (pair)
            run_pair(kernels, side);
    }
    compare_sum("log_den", ref_sums[GOT].log_den, ref_sums[WANT].log_den);
    compare_sum("flat_count", ref_sums[GOT].flat_count, ref_sums[WANT].flat_count);
    compare_sum("flat_power", pair_sums[GOT].flat_power, pair_sums[WANT].flat_power);
    for (int l = 0; l < PVT_MAX_GAIN_LIMITS; l++)
        compare_sum("log_num", pair_sums[GOT].log_num[l], pair_sums[WANT].log_num[l]);
}

/* Widths between the short ones and those of whole tiles are left out. */
static bool is_dull(int width)
{
    return width > 80 && width < VIF_TILE_COLS - VIF_LAG - 8;
}

/* Every width with a quarter of the heights, the quarters taking turns. */
static void check_tiles(const pvt_kernels *got, const pvt_kernels *want, bool pair)
{
    int age = 0;
    for (int k = 0; k < VIF_KINDS; k++)
        for (n = 1; n <= VIF_TILE_COLS + VIF_LAG; n++)
            for (rows = 1 + (n + k) % 4; rows <= VIF_TILE_ROWS && !is_dull(n); rows += 4) {
                if (age++ % 4 == 0 || kind != &vif_kinds[k]) {
                    kind = &vif_kinds[k];
                    vif_pair_draw(&frames, kind);
                    fill_tiles();
                }
                first = n > VIF_TILE_COLS || check_between(0, 1) ? -VIF_LAG : 0;
                limits = check_limits_draw();
                if (check_case("%s, rows %d, first %d, n %d, gain limit %s, %s, %s", kind->name,
                               rows, first, n, check_limits_name(&limits), check_content_name(&frames.content),
                               check_relation_name(&frames.relation)))
                    check_one(got, want, pair);
            }
}

static void check_reference(const pvt_kernels *got, const pvt_kernels *want)
{
    check_tiles(got, want, false);
    check_vif_terms(got, want, false);
}

static void check_pair(const pvt_kernels *got, const pvt_kernels *want)
{
    check_tiles(got, want, true);
    check_vif_terms(got, want, true);
}

static void prepare_statistics(void)
{
    kind = &vif_kinds[0];
    rows = VIF_TILE_ROWS;
    first = 0;
    n = VIF_TILE_COLS;
    limits = (pvt_limits){1, {100.0}};
    frames.content = check_content_typical(kind->maximum);
    frames.relation = check_relation_typical(kind->maximum);
    fill_tiles();
}

/* pair_statistics is timed with the table's own reference_statistics, which it needs. */
static int run_both(const pvt_kernels *kernels, int side)
{
    run_reference(kernels, side);
    return run_pair(kernels, side);
}

/* ---- decimation ----------------------------------------------------------------------------- */

static check_row tile_row, decimated[SIDES];
static int offset; /* where in the row of the next level the output starts */

static int run_decimate(const pvt_kernels *kernels, int side)
{
    uint16_t *out = (uint16_t *)(void *)decimated[side].zero;
    kernels->vif.decimate(&kind->level, (const int16_t *)(const void *)tile_row.zero, first, n,
                          out + offset);
    return n;
}

static void check_decimate(const pvt_kernels *got, const pvt_kernels *want)
{
    for (int k = 0; k < VIF_KINDS; k++)
        for (n = 1; n <= (VIF_TILE_COLS + VIF_LAG) / 2; n++)
            for (int repeat = 0; repeat < 16; repeat++) {
                kind = &vif_kinds[k];
                if (kind->level.next_radius < 0)
                    continue;
                first = 2 * n > VIF_TILE_COLS || check_between(0, 1) ? -VIF_LAG : 0;
                offset = check_between(0, 33);
                const check_content content = check_content_draw(65535);
                if (!check_case("%s, first %d, n %d, %s", kind->name, first, n,
                                check_content_name(&content)))
                    continue;
                int16_t *row = check_row_place(&tile_row, VIF_TILE_STRIDE, sizeof *row);
                for (int i = 0; i < VIF_TILE_STRIDE; i++)
                    row[i] = (int16_t)((int32_t)check_content_at(&content, repeat, i) - 32768);
                check_rows_place(decimated, offset + n, sizeof(uint16_t));
                run_decimate(want, WANT);
                run_decimate(got, GOT);
                check_rows_equal("out", decimated, offset, n, false);
            }
}

static void prepare_decimate(void)
{
    kind = &vif_kinds[0];
    first = offset = 0;
    n = VIF_TILE_COLS / 2;
    check_row_place(&tile_row, VIF_TILE_STRIDE, sizeof(int16_t));
    check_rows_place(decimated, n, sizeof(uint16_t));
}

const check_routine vif_statistics_routines[] = {
    {"vif.decimate", offsetof(pvt_kernels, vif.decimate), check_decimate, prepare_decimate,
     run_decimate},
    {"vif.reference_statistics", offsetof(pvt_kernels, vif.reference_statistics),
     check_reference, prepare_statistics, run_reference},
    {"vif.pair_statistics", offsetof(pvt_kernels, vif.pair_statistics), check_pair,
     prepare_statistics, run_both},
    {NULL, 0, NULL, NULL, NULL},
};
