/* Checks the vertical filters of ADM's wavelet: from pixels of any depth, and from approximations. */
#include "kernels/adm_case.h"

static int first, n;
static check_row low[SIDES], high[SIDES];

/* ---- vertical, from pixels ------------------------------------------------------------------ */

enum { TAPS = 4, REPEATS = 24 };

static check_frame pixels;
static int depth;

static int run_pixels(const pvt_kernels *kernels, int side)
{
    (depth == 8 ? kernels->adm.columns_u8 : kernels->adm.columns_u16)(
        pixels.row, first, n, depth, (int16_t *)(void *)low[side].zero,
        (int16_t *)(void *)high[side].zero);
    return n;
}

static void fill_pixels(const check_content *content)
{
    check_frame_place(&pixels, TAPS, first + n, depth == 8 ? 1 : 2);
    for (int y = 0; y < TAPS; y++)
        for (int x = 0; x < first + n; x++)
            check_frame_set(&pixels, y, x, check_content_at(content, y, x));
    check_rows_place(low, first + n, sizeof(int16_t));
    check_rows_place(high, first + n, sizeof(int16_t));
}

static void compare_halves(void)
{
    check_rows_equal("low", low, first, n, true);
    check_rows_equal("high", high, first, n, true);
}

static void check_pixels(const pvt_kernels *got, const pvt_kernels *want, bool wide)
{
    static const int depths[] = {8, 10, 12, 16};
    for (int d = wide; d < (wide ? 4 : 1); d++)
        for (int i = 0; (n = check_width(i)) != 0; i++)
            for (int repeat = 0; repeat < REPEATS; repeat++) {
                depth = depths[d];
                first = check_between(0, 40);
                const check_content content = check_content_draw((1u << depth) - 1);
                if (!check_case("%d bit, first %d, n %d, %s", depth, first, n,
                                check_content_name(&content)))
                    continue;
                fill_pixels(&content);
                run_pixels(want, WANT);
                run_pixels(got, GOT);
                compare_halves();
            }
}

static void check_u8(const pvt_kernels *got, const pvt_kernels *want)
{
    check_pixels(got, want, false);
}

static void check_u16(const pvt_kernels *got, const pvt_kernels *want)
{
    check_pixels(got, want, true);
}

static void prepare_pixels(int bits)
{
    depth = bits;
    first = 0;
    n = 1920;
    const check_content content = check_content_typical((1u << depth) - 1);
    fill_pixels(&content);
}

static void prepare_u8(void)
{
    prepare_pixels(8);
}

static void prepare_u16(void)
{
    prepare_pixels(10);
}

/* ---- vertical, from approximations ---------------------------------------------------------- */

static check_row source[TAPS];

static int run_s16(const pvt_kernels *kernels, int side)
{
    const int16_t *rows[TAPS];
    for (int t = 0; t < TAPS; t++)
        rows[t] = (const int16_t *)(const void *)source[t].zero;
    kernels->adm.columns_s16(rows, first, n, (int32_t *)(void *)low[side].zero,
                             (int32_t *)(void *)high[side].zero);
    return n;
}

static int run_s32(const pvt_kernels *kernels, int side)
{
    const int32_t *rows[TAPS];
    for (int t = 0; t < TAPS; t++)
        rows[t] = (const int32_t *)(const void *)source[t].zero;
    kernels->adm.columns_s32(rows, first, n, (int32_t *)(void *)low[side].zero,
                             (int32_t *)(void *)high[side].zero);
    return n;
}

static void fill_source(size_t width, const check_content *content)
{
    for (int t = 0; t < TAPS; t++)
        adm_row_draw(&source[t], first + n, width, content, t);
    check_rows_place(low, first + n, sizeof(int32_t));
    check_rows_place(high, first + n, sizeof(int32_t));
}

static void check_source(const pvt_kernels *got, const pvt_kernels *want, size_t width,
                         uint32_t limit, int (*run)(const pvt_kernels *, int))
{
    for (int i = 0; (n = check_width(i)) != 0; i++)
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            first = check_between(0, 40);
            const check_content content = check_content_draw(2 * limit);
            if (!check_case("first %d, n %d, %s", first, n, check_content_name(&content)))
                continue;
            fill_source(width, &content);
            run(want, WANT);
            run(got, GOT);
            compare_halves();
        }
}

static void check_s16(const pvt_kernels *got, const pvt_kernels *want)
{
    check_source(got, want, sizeof(int16_t), ADM_APPROXIMATION_0, run_s16);
}

static void check_s32(const pvt_kernels *got, const pvt_kernels *want)
{
    check_source(got, want, sizeof(int32_t), adm_approximation, run_s32);
}

static void prepare_source(size_t width, int samples)
{
    first = 0;
    n = samples;
    const check_content content = check_content_typical(2 * ADM_APPROXIMATION_0);
    fill_source(width, &content);
}

static void prepare_s16(void)
{
    prepare_source(sizeof(int16_t), 960);
}

static void prepare_s32(void)
{
    prepare_source(sizeof(int32_t), 480);
}

const check_routine adm_columns_routines[] = {
    {"adm.columns_u8", offsetof(pvt_kernels, adm.columns_u8), check_u8, prepare_u8, run_pixels},
    {"adm.columns_u16", offsetof(pvt_kernels, adm.columns_u16), check_u16, prepare_u16, run_pixels},
    {"adm.columns_s16", offsetof(pvt_kernels, adm.columns_s16), check_s16, prepare_s16, run_s16},
    {"adm.columns_s32", offsetof(pvt_kernels, adm.columns_s32), check_s32, prepare_s32, run_s32},
    {NULL, 0, NULL, NULL, NULL},
};
