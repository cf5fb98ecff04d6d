/*
 * Checks the routines that take whole rows of frames: motion, and the check of samples.
 *
 * Motion never sees a row below PVT_MIN_SIZE: no frame is narrower.
 */
#include "kernels/check.h"

/* ---- motion --------------------------------------------------------------------------------- */

enum { RADIUS = 2, MOST_ROWS = 32 };

static check_frame previous, current;
static check_row scratch[SIDES];
static int rows, width, depth;
static uint64_t sad[SIDES];

static int run_sad(const pvt_kernels *kernels, int side)
{
    int32_t *room = (int32_t *)(void *)scratch[side].zero;
    sad[side] = depth == 8 ? kernels->motion.sad_u8(previous.row, current.row, rows, width, room)
                           : kernels->motion.sad_u16(previous.row, current.row, rows, width, depth,
                                                     room);
    return rows * width;
}

static void fill_sad(const check_content *before, const check_relation *relation)
{
    const int all = (rows + 1) / 2 * 2 + 2 * RADIUS; /* routines may work on pairs of rows */
    check_frame_place(&previous, all, width, depth == 8 ? 1 : 2);
    check_frame_place(&current, all, width, depth == 8 ? 1 : 2);
    for (int y = 0; y < all; y++)
        for (int x = 0; x < width; x++) {
            const uint32_t sample = check_content_at(before, y, x);
            check_frame_set(&previous, y, x, sample);
            check_frame_set(&current, y, x, check_relation_at(relation, sample, y, x));
        }
    check_rows_place(scratch, 2 * (width + 2 * PVT_PAD), sizeof(int32_t));
}

/* The scratch row is a routine's own affair, but not what surrounds it. */
static void compare_sad(void)
{
    memcpy(scratch[GOT].zero, scratch[WANT].zero, (size_t)scratch[GOT].elements * sizeof(int32_t));
    check_rows_equal("scratch", scratch, 0, 0, true);
    if (sad[GOT] != sad[WANT])
        check_failed("sum is %llu, expected %llu", (unsigned long long)sad[GOT],
                     (unsigned long long)sad[WANT]);
}

static void check_sad(const pvt_kernels *got, const pvt_kernels *want, bool wide)
{
    static const int depths[] = {8, 10, 12, 16}, heights[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 31, 32};
    for (int d = wide; d < (wide ? 4 : 1); d++)
        for (int i = PVT_MIN_SIZE - 1; (width = check_width(i)) != 0; i++)
            for (int h = 0; h < 18; h++) {
                rows = heights[h];
                depth = depths[d];
                const check_content before = check_content_draw((1u << depth) - 1);
                const check_relation relation = check_relation_draw((1u << depth) - 1);
                if (!check_case("%d bit, rows %d, width %d, %s, %s", depth, rows, width,
                                check_content_name(&before), check_relation_name(&relation)))
                    continue;
                fill_sad(&before, &relation);
                run_sad(want, WANT);
                run_sad(got, GOT);
                compare_sad();
            }
}

static void check_sad_u8(const pvt_kernels *got, const pvt_kernels *want)
{
    check_sad(got, want, false);
}

static void check_sad_u16(const pvt_kernels *got, const pvt_kernels *want)
{
    check_sad(got, want, true);
}

static void prepare_sad(int bits)
{
    rows = MOST_ROWS;
    width = 1920;
    depth = bits;
    const check_content before = check_content_typical((1u << depth) - 1);
    const check_relation relation = check_relation_typical((1u << depth) - 1);
    fill_sad(&before, &relation);
}

static void prepare_sad_u8(void)
{
    prepare_sad(8);
}

static void prepare_sad_u16(void)
{
    prepare_sad(10);
}

/* ---- samples -------------------------------------------------------------------------------- */

static check_frame samples;
static uint16_t bits_found[SIDES];

static int run_or(const pvt_kernels *kernels, int side)
{
    bits_found[side] = kernels->or_u16(samples.row[0], width);
    return width;
}

static void check_or(const pvt_kernels *got, const pvt_kernels *want)
{
    for (int i = 0; (width = check_width(i)) != 0; i++)
        for (int lone = 0; lone < width && lone < 300; lone++) {
            const int bit = check_between(0, 15);
            if (!check_case("n %d, bit %d in sample %d alone", width, bit, lone))
                continue;
            check_frame_place(&samples, 1, width, 2);
            for (int x = 0; x < width; x++)
                check_frame_set(&samples, 0, x, x == lone ? 1u << bit : 0);
            run_or(want, WANT);
            run_or(got, GOT);
            if (bits_found[GOT] != bits_found[WANT])
                check_failed("%#x, expected %#x", bits_found[GOT], bits_found[WANT]);
        }
}

static void prepare_or(void)
{
    width = 1920;
    check_frame_place(&samples, 1, width, 2);
}

/* ---- copies --------------------------------------------------------------------------------- */

enum { MOST_SKEW = 64 };

static check_row copied[SIDES];
static int skew, copy_bytes; /* where in a line the target begins; bytes of a sample */

static int run_copy(const pvt_kernels *kernels, int side)
{
    if (copy_bytes == 1)
        kernels->copy_u8(samples.row[0], copied[side].zero + skew, width);
    else
        bits_found[side] = kernels->copy_u16(samples.row[0], copied[side].zero + skew, width);
    return width;
}

/* Nothing may be written beside the samples: the noise around them is compared, too. */
static void check_copy(const pvt_kernels *got, const pvt_kernels *want, int bytes)
{
    copy_bytes = bytes;
    for (int i = 0; (width = check_width(i)) != 0; i++)
        for (skew = 0; skew < MOST_SKEW; skew += bytes) {
            const check_content content = check_content_draw(bytes == 1 ? 255 : 65535);
            if (!check_case("n %d, %d bytes into a line, %s", width, skew,
                            check_content_name(&content)))
                continue;
            check_frame_place(&samples, 1, width, bytes);
            for (int x = 0; x < width; x++)
                check_frame_set(&samples, 0, x, check_content_at(&content, 0, x));
            check_rows_place(copied, width * bytes + MOST_SKEW, 1);
            bits_found[GOT] = bits_found[WANT] = 0;
            run_copy(want, WANT);
            run_copy(got, GOT);
            check_rows_equal("copy", copied, 0, 0, false);
            if (bits_found[GOT] != bits_found[WANT])
                check_failed("%#x, expected %#x", bits_found[GOT], bits_found[WANT]);
        }
}

static void check_copy_u8(const pvt_kernels *got, const pvt_kernels *want)
{
    check_copy(got, want, 1);
}

static void check_copy_u16(const pvt_kernels *got, const pvt_kernels *want)
{
    check_copy(got, want, 2);
}

static void prepare_copy(int bytes)
{
    copy_bytes = bytes;
    width = 1920;
    skew = 0;
    check_frame_place(&samples, 1, width, bytes);
    check_rows_place(copied, width * bytes + MOST_SKEW, 1);
}

static void prepare_copy_u8(void)
{
    prepare_copy(1);
}

static void prepare_copy_u16(void)
{
    prepare_copy(2);
}

const check_routine whole_row_routines[] = {
    {"motion.sad_u8", offsetof(pvt_kernels, motion.sad_u8), check_sad_u8, prepare_sad_u8, run_sad},
    {"motion.sad_u16", offsetof(pvt_kernels, motion.sad_u16), check_sad_u16, prepare_sad_u16,
     run_sad},
    {"or_u16", offsetof(pvt_kernels, or_u16), check_or, prepare_or, run_or},
    {"copy_u8", offsetof(pvt_kernels, copy_u8), check_copy_u8, prepare_copy_u8, run_copy},
    {"copy_u16", offsetof(pvt_kernels, copy_u16), check_copy_u16, prepare_copy_u16, run_copy},
    {NULL, 0, NULL, NULL, NULL},
};
