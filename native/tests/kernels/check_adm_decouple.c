/*
 * Checks decoupling and masking strength: coefficients of all magnitudes and relations, and
 * vectors as near to one degree apart as integers allow.
 */
#include "kernels/adm_case.h"

#include <math.h>

enum { REPEATS = 48 };

static int first, n;
static pvt_limits limits;
static adm_level level;
static check_row ref[ADM_BANDS], dis[ADM_BANDS];
static check_row restored[PVT_MAX_GAIN_LIMITS][ADM_BANDS][SIDES],
    masking[PVT_MAX_GAIN_LIMITS][SIDES], centre[PVT_MAX_GAIN_LIMITS][SIDES];

/* ---- coefficients --------------------------------------------------------------------------- */

enum coefficients {
    CONTENT,
    MAGNITUDES,
    NEAR_EQUAL,
    ONE_DEGREE,
    POWERS_OF_TWO,
    EACH_DIVISOR, /* of the gain: 1 .. 32768, in turn, before and after the cut to 15 bits */
    COEFFICIENT_KINDS
};

static const char *const kind_names[COEFFICIENT_KINDS] = {"content", "magnitudes", "near equal",
                                                          "one degree", "powers of two",
                                                          "each divisor"};

static int32_t clip(double value, int32_t limit)
{
    return value > limit ? limit : value < -limit ? -limit : (int32_t)value;
}

/* A coefficient of a random number of bits, zero included. */
static int32_t any_magnitude(int32_t limit)
{
    const int64_t bound = (int64_t)limit >> check_between(0, 31);
    return (int32_t)random_between(&check_random, -bound, bound);
}

/* Around plus or minus a power of two, where the divisor is cut. */
static int32_t near_power(int32_t limit)
{
    const double power = ldexp(1.0, check_between(0, 31)) + check_between(-2, 2);
    return clip(check_between(0, 1) ? power : -power, limit);
}

static int32_t next_divisor(int32_t limit)
{
    static int32_t divisor = 0;
    divisor = divisor % 32768 + 1;
    int32_t o = divisor;
    if (divisor >= 16384 && limit > 32768) {
        const int cut = check_between(0, 15);
        o = clip(ldexp(divisor, cut) + check_between(-(1 << cut) / 2, (1 << cut) / 2), limit);
    }
    return o > limit ? limit : o;
}

/* A distorted vector that is the reference's, turned by one degree or almost and scaled. */
static void draw_one_degree(int j, int32_t limit)
{
    const double degree = 0.017453292519943295;
    const double error = check_between(0, 3) ? ldexp(check_between(-9, 9), -check_between(4, 50)) : 0.0;
    const double angle = (check_between(0, 1) ? degree : -degree) * (1.0 + error);
    const double scale = ldexp(1.0 + check_between(0, 1000) / 1000.0, check_between(-12, 6));
    const int32_t h = any_magnitude(limit), v = any_magnitude(limit);
    adm_set(&ref[0], j, h);
    adm_set(&ref[1], j, v);
    adm_set(&dis[0], j, clip(scale * (h * cos(angle) - v * sin(angle)), limit));
    adm_set(&dis[1], j, clip(scale * (h * sin(angle) + v * cos(angle)), limit));
}

static void draw_coefficients(enum coefficients kind, int j, int32_t limit)
{
    for (int b = 0; b < ADM_BANDS; b++) {
        int32_t o = any_magnitude(limit), t = any_magnitude(limit);
        if (kind == NEAR_EQUAL)
            t = clip((double)o + check_between(-2, 2), limit);
        if (kind == POWERS_OF_TWO) {
            o = near_power(limit);
            t = check_between(0, 1) ? near_power(limit) : clip((double)o + check_between(-1, 1), limit);
        }
        if (kind == EACH_DIVISOR) {
            o = next_divisor(limit);
            t = (int32_t)random_between(&check_random, o / 2, o);
            o = check_between(0, 1) ? o : -o;
            t = check_between(0, 7) && o < 0 ? -t : t;
        }
        adm_set(&ref[b], j, o);
        adm_set(&dis[b], j, t);
    }
    if (kind == ONE_DEGREE)
        draw_one_degree(j, limit);
}

static void place_outputs(size_t width)
{
    for (int l = 0; l < limits.count; l++) {
        for (int b = 0; b < ADM_BANDS; b++)
            check_rows_place(restored[l][b], first + n, width);
        check_rows_place(masking[l], first + n, sizeof(int32_t));
        check_rows_place(centre[l], first + n, sizeof(int32_t));
    }
}

static void fill(enum coefficients kind, size_t width, uint32_t limit)
{
    for (int b = 0; b < ADM_BANDS; b++) {
        const check_content o = check_content_draw(2 * limit);
        const check_relation relation = check_relation_draw(2 * limit);
        check_row_place(&ref[b], first + n, width);
        check_row_place(&dis[b], first + n, width);
        for (int j = 0; kind == CONTENT && j < first + n; j++) {
            const uint32_t sample = check_content_at(&o, b, j);
            adm_set(&ref[b], j, (int32_t)(sample - limit));
            adm_set(&dis[b], j, (int32_t)(check_relation_at(&relation, sample, b, j) - limit));
        }
    }
    for (int j = 0; kind != CONTENT && j < first + n; j++)
        draw_coefficients(kind, j, (int32_t)limit);
    place_outputs(width);
}

/* ---- runs ----------------------------------------------------------------------------------- */

static void outputs(int side, adm_row out[PVT_MAX_GAIN_LIMITS])
{
    for (int l = 0; l < limits.count; l++) {
        for (int b = 0; b < ADM_BANDS; b++)
            out[l].restored[b] = restored[l][b][side].zero;
        out[l].masking = (int32_t *)(void *)masking[l][side].zero;
        out[l].centre = (int32_t *)(void *)centre[l][side].zero;
    }
}

static int run_s16(const pvt_kernels *kernels, int side)
{
    const int16_t *o[ADM_BANDS], *t[ADM_BANDS];
    for (int b = 0; b < ADM_BANDS; b++) {
        o[b] = (const int16_t *)(const void *)ref[b].zero;
        t[b] = (const int16_t *)(const void *)dis[b].zero;
    }
    adm_row out[PVT_MAX_GAIN_LIMITS];
    outputs(side, out);
    kernels->adm.decouple_s16(&level, o, t, first, n, &limits, out);
    return n;
}

static int run_s32(const pvt_kernels *kernels, int side)
{
    const int32_t *o[ADM_BANDS], *t[ADM_BANDS];
    for (int b = 0; b < ADM_BANDS; b++) {
        o[b] = (const int32_t *)(const void *)ref[b].zero;
        t[b] = (const int32_t *)(const void *)dis[b].zero;
    }
    adm_row out[PVT_MAX_GAIN_LIMITS];
    outputs(side, out);
    kernels->adm.decouple_s32(&level, o, t, first, n, &limits, out);
    return n;
}

static void compare(void)
{
    static const char *const names[ADM_BANDS] = {"restored h", "restored v", "restored d"};
    for (int l = 0; l < limits.count; l++) {
        for (int b = 0; b < ADM_BANDS; b++)
            check_rows_equal(names[b], restored[l][b], first, n, true);
        check_rows_equal("masking", masking[l], first, n, true);
        check_rows_equal("centre", centre[l], first, n, true);
    }
}

static void check_level(const pvt_kernels *got, const pvt_kernels *want, int index)
{
    for (int i = 0; (n = check_width(i)) != 0; i++)
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            const enum coefficients kind = repeat % COEFFICIENT_KINDS;
            level = adm_level_of(index, 64);
            first = check_between(0, 20);
            limits = check_limits_draw();
            if (!check_case("level %d, first %d, n %d, gain limit %s, %s", index, first, n,
                            check_limits_name(&limits), kind_names[kind]))
                continue;
            fill(kind, index ? sizeof(int32_t) : sizeof(int16_t), adm_detail[index]);
            (index ? run_s32 : run_s16)(want, WANT);
            (index ? run_s32 : run_s16)(got, GOT);
            compare();
        }
}

static void check_s16(const pvt_kernels *got, const pvt_kernels *want)
{
    check_level(got, want, 0);
}

static void check_s32(const pvt_kernels *got, const pvt_kernels *want)
{
    for (int index = 1; index < ADM_LEVELS; index++)
        check_level(got, want, index);
}

static void prepare(int index, int samples)
{
    level = adm_level_of(index, samples);
    first = 0;
    n = samples;
    limits = (pvt_limits){1, {100.0}};
    fill(MAGNITUDES, index ? sizeof(int32_t) : sizeof(int16_t), adm_detail[index]);
}

static void prepare_s16(void)
{
    prepare(0, 960);
}

static void prepare_s32(void)
{
    prepare(1, 480);
}

const check_routine adm_decouple_routines[] = {
    {"adm.decouple_s16", offsetof(pvt_kernels, adm.decouple_s16), check_s16, prepare_s16, run_s16},
    {"adm.decouple_s32", offsetof(pvt_kernels, adm.decouple_s32), check_s32, prepare_s32, run_s32},
    {NULL, 0, NULL, NULL, NULL},
};
