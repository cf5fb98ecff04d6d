/* Checks the horizontal filters of ADM's wavelet, with and without each of their outputs. */
#include "kernels/adm_case.h"

enum { REPEATS = 24 };

static int first, n;
static check_row low_in, high_in, approx[SIDES], band[ADM_BANDS][SIDES];
static bool wants_approx, wants_detail;
static int shift;

/* Columns -1 .. 2 * (first + n): what the last output reads ends the row. */
static void half_draw(check_row *row, size_t width, const check_content *content, int y)
{
    adm_row_draw(row, 2 * (first + n) + 1, width, content, y);
    adm_set(row, -1, check_content_signed_at(content, y, -1));
}

static int run_rows_s16(const pvt_kernels *kernels, int side)
{
    int16_t *bands[ADM_BANDS];
    for (int b = 0; b < ADM_BANDS; b++)
        bands[b] = (int16_t *)(void *)band[b][side].zero;
    kernels->adm.rows_s16((const int16_t *)(const void *)low_in.zero,
                          wants_detail ? (const int16_t *)(const void *)high_in.zero : NULL,
                          first, n, wants_approx ? (int16_t *)(void *)approx[side].zero : NULL,
                          bands);
    return n;
}

static int run_rows_s32(const pvt_kernels *kernels, int side)
{
    int32_t *bands[ADM_BANDS];
    for (int b = 0; b < ADM_BANDS; b++)
        bands[b] = (int32_t *)(void *)band[b][side].zero;
    kernels->adm.rows_s32((const int32_t *)(const void *)low_in.zero,
                          wants_detail ? (const int32_t *)(const void *)high_in.zero : NULL,
                          first, n, shift,
                          wants_approx ? (int32_t *)(void *)approx[side].zero : NULL, bands);
    return n;
}

static void fill_halves(size_t width, const check_content *content)
{
    half_draw(&low_in, width, content, 0);
    half_draw(&high_in, width, content, 1);
    check_rows_place(approx, first + n, width);
    for (int b = 0; b < ADM_BANDS; b++)
        check_rows_place(band[b], first + n, width);
}

static void compare_bands(void)
{
    static const char *const names[ADM_BANDS] = {"h", "v", "d"};
    check_rows_equal("approx", approx, first, wants_approx ? n : 0, true);
    for (int b = 0; b < ADM_BANDS; b++)
        check_rows_equal(names[b], band[b], first, wants_detail ? n : 0, true);
}

static void check_rows(const pvt_kernels *got, const pvt_kernels *want, size_t width,
                       int (*run)(const pvt_kernels *, int))
{
    for (int level = width == sizeof(int16_t) ? 0 : 1;
         level < (width == sizeof(int16_t) ? 1 : ADM_LEVELS); level++)
        for (int i = 0; (n = check_width(i)) != 0; i++)
            for (int repeat = 0; repeat < REPEATS; repeat++) {
                first = check_between(0, 40);
                shift = level % 2 ? 15 : 16;
                wants_approx = repeat % 4 != 1;
                wants_detail = repeat % 4 != 2;
                const check_content content = check_content_draw(2 * adm_half[level]);
                if (!check_case("level %d, first %d, n %d, %s%s%s", level, first, n,
                                check_content_name(&content), wants_approx ? "" : ", no approx",
                                wants_detail ? "" : ", no detail"))
                    continue;
                fill_halves(width, &content);
                run(want, WANT);
                run(got, GOT);
                compare_bands();
            }
}

static void check_rows_s16(const pvt_kernels *got, const pvt_kernels *want)
{
    check_rows(got, want, sizeof(int16_t), run_rows_s16);
}

static void check_rows_s32(const pvt_kernels *got, const pvt_kernels *want)
{
    check_rows(got, want, sizeof(int32_t), run_rows_s32);
}

static void prepare_rows(size_t width, int level, int samples)
{
    first = 0;
    n = samples;
    shift = level % 2 ? 15 : 16;
    wants_approx = wants_detail = true;
    const check_content content = check_content_typical(2 * adm_half[level]);
    fill_halves(width, &content);
}

static void prepare_rows_s16(void)
{
    prepare_rows(sizeof(int16_t), 0, 960);
}

static void prepare_rows_s32(void)
{
    prepare_rows(sizeof(int32_t), 1, 480);
}

const check_routine adm_rows_routines[] = {
    {"adm.rows_s16", offsetof(pvt_kernels, adm.rows_s16), check_rows_s16, prepare_rows_s16,
     run_rows_s16},
    {"adm.rows_s32", offsetof(pvt_kernels, adm.rows_s32), check_rows_s32, prepare_rows_s32,
     run_rows_s32},
    {NULL, 0, NULL, NULL, NULL},
};
