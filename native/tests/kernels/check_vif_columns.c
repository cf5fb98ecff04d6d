/* Checks the vertical passes of VIF: every level, depth, number of rows and of columns. */
#include "kernels/vif_case.h"

static vif_pair frames;
static const vif_kind *kind;
static int x, rows, cols;
static vif_reference_tile *ref_tile[SIDES];
static vif_distorted_tile *dis_tile[SIDES];

/* Tiles of noise, the same on both sides, that end at the guard. */
static void place_tiles(void)
{
    if (!ref_tile[GOT])
        for (int side = 0; side < SIDES; side++) {
            ref_tile[side] = (void *)(check_slot_make(sizeof *ref_tile[0]).end - sizeof *ref_tile[0]);
            dis_tile[side] = (void *)(check_slot_make(sizeof *dis_tile[0]).end - sizeof *dis_tile[0]);
        }
    random_fill(&check_random, ref_tile[GOT], sizeof *ref_tile[GOT]);
    random_fill(&check_random, dis_tile[GOT], sizeof *dis_tile[GOT]);
    memcpy(ref_tile[WANT], ref_tile[GOT], sizeof *ref_tile[GOT]);
    memcpy(dis_tile[WANT], dis_tile[GOT], sizeof *dis_tile[GOT]);
}

/* A plane's first `written` rows are output at the tile's columns. They may be spoiled PVT_PAD
 * bytes beyond, and so may be the second row of a pair of which only the first is asked for; the
 * rest must be as before. */
static void compare_planes(const char *name, vif_plane got, vif_plane want, int written)
{
    const bool in_pairs = written == rows;
    const int touched = in_pairs ? (rows + 1) / 2 * 2 : written;
    for (int i = 0; i < VIF_TILE_ROWS; i++)
        for (int j = 0; j < VIF_TILE_STRIDE; j++) {
            const int c = j - VIF_TILE_ORIGIN;
            const bool spoiled = i < touched && c >= (i < written ? cols : 0) &&
                                 c < cols + PVT_PAD / 2;
            if (got[i][j] == want[i][j] || spoiled)
                continue;
            const bool is_output = i < written && c >= 0 && c < cols;
            check_failed("%s, row %d, column %d %s: %d, expected %d", name, i, c,
                         is_output ? "differs" : "is not output but overwritten", got[i][j],
                         want[i][j]);
            return;
        }
}

static int next_rows(void)
{
    return kind->level.next_radius < 0 ? 0 : (rows + 1) / 2;
}

static void compare_reference(void)
{
    vif_reference_tile *got = ref_tile[GOT], *want = ref_tile[WANT];
    if (memcmp(got, want, sizeof *got) == 0)
        return;
    compare_planes("mean", got->mean, want->mean, rows);
    compare_planes("square_high", got->square_high, want->square_high, rows);
    compare_planes("square_low", got->square_low, want->square_low, rows);
    compare_planes("next", got->next, want->next, next_rows());
}

static void compare_distorted(void)
{
    vif_distorted_tile *got = dis_tile[GOT], *want = dis_tile[WANT];
    if (memcmp(got, want, sizeof *got) == 0)
        return;
    compare_planes("mean", got->mean, want->mean, rows);
    compare_planes("square_high", got->square_high, want->square_high, rows);
    compare_planes("square_low", got->square_low, want->square_low, rows);
    compare_planes("product_high", got->product_high, want->product_high, rows);
    compare_planes("product_low", got->product_low, want->product_low, rows);
    compare_planes("next", got->next, want->next, next_rows());
}

static int run_reference(const pvt_kernels *kernels, int side)
{
    vif_reference_columns(&kernels->vif, kind, &frames, x, rows, cols, ref_tile[side]);
    return rows * cols;
}

static int run_distorted(const pvt_kernels *kernels, int side)
{
    vif_distorted_columns(&kernels->vif, kind, &frames, x, rows, cols, dis_tile[side]);
    return rows * cols;
}

static void check(const pvt_kernels *got, const pvt_kernels *want, int sample_bytes,
                  int (*run)(const pvt_kernels *, int), void (*compare)(void))
{
    for (int k = 0; k < VIF_KINDS; k++) {
        kind = &vif_kinds[k];
        for (int i = 0; (cols = check_width(i)) != 0 && kind->sample_bytes == sample_bytes; i++)
            for (rows = 1; rows <= VIF_TILE_ROWS && cols <= VIF_TILE_COLS; rows++) {
                x = check_between(0, 3) ? check_between(0, 40) : 128 * check_between(0, 3);
                vif_pair_draw(&frames, kind);
                if (!check_case("%s, rows %d, cols %d, x %d, %s, %s", kind->name, rows, cols, x,
                                check_content_name(&frames.content),
                                check_relation_name(&frames.relation)))
                    continue;
                vif_pair_fill(&frames, kind, rows, x + cols);
                place_tiles();
                run(want, WANT);
                run(got, GOT);
                compare();
            }
    }
}

static void check_reference_u8(const pvt_kernels *got, const pvt_kernels *want)
{
    check(got, want, 1, run_reference, compare_reference);
}

static void check_reference_u16(const pvt_kernels *got, const pvt_kernels *want)
{
    check(got, want, 2, run_reference, compare_reference);
}

static void check_distorted_u8(const pvt_kernels *got, const pvt_kernels *want)
{
    check(got, want, 1, run_distorted, compare_distorted);
}

static void check_distorted_u16(const pvt_kernels *got, const pvt_kernels *want)
{
    check(got, want, 2, run_distorted, compare_distorted);
}

static void prepare(const vif_kind *typical)
{
    kind = typical;
    x = 0;
    rows = VIF_TILE_ROWS;
    cols = VIF_TILE_COLS;
    frames.content = check_content_typical(kind->maximum);
    frames.relation = check_relation_typical(kind->maximum);
    vif_pair_fill(&frames, kind, rows, cols);
    place_tiles();
}

static void prepare_u8(void)
{
    prepare(&vif_kinds[0]);
}

static void prepare_u16(void)
{
    prepare(&vif_kinds[1]);
}

const check_routine vif_columns_routines[] = {
    {"vif.reference_columns_u8", offsetof(pvt_kernels, vif.reference_columns_u8),
     check_reference_u8, prepare_u8, run_reference},
    {"vif.reference_columns_u16", offsetof(pvt_kernels, vif.reference_columns_u16),
     check_reference_u16, prepare_u16, run_reference},
    {"vif.distorted_columns_u8", offsetof(pvt_kernels, vif.distorted_columns_u8),
     check_distorted_u8, prepare_u8, run_distorted},
    {"vif.distorted_columns_u16", offsetof(pvt_kernels, vif.distorted_columns_u16),
     check_distorted_u16, prepare_u16, run_distorted},
    {NULL, 0, NULL, NULL, NULL},
};
