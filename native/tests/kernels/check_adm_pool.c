/* Checks masking, cubing and summing: of the restored signal, and of the reference's bands. */
#include "kernels/adm_case.h"

enum { REPEATS = 32, ROWS = 3 };

static int first, n;
static adm_level level;
static uint64_t sums[SIDES][ADM_BANDS];

/* ---- pooling -------------------------------------------------------------------------------- */

static check_row restored[ROWS][ADM_BANDS], masking[ROWS], centre[ROWS];

/* Largest strengths of a position, summed over the bands (docs/arithmetic.md, "Ranges"). */
static int32_t largest_masking(int index)
{
    return index ? 78000000 : 51605;
}

static int32_t largest_centre(int index)
{
    return index ? 156000000 : 103210;
}

static int32_t smallest_centre(int index)
{
    return index ? -3 : -65536; /* level 0: strengths that have wrapped to 16 bits */
}

/* Mostly weak masking, so that signals pass; sometimes any. */
static int32_t draw_strength(int32_t smallest, int32_t largest, int weakness)
{
    const int64_t value = random_between(&check_random, smallest, largest);
    return weakness < 0 ? smallest : (int32_t)(value >> weakness);
}

static void draw_row(int y, const check_content *content, int weakness)
{
    const size_t width = level.index ? sizeof(int32_t) : sizeof(int16_t);
    for (int b = 0; b < ADM_BANDS; b++)
        adm_row_draw(&restored[y][b], first + n + 1, width, content, y + b);
    check_row_place(&masking[y], first + n + 1, sizeof(int32_t));
    check_row_place(&centre[y], first + n + 1, sizeof(int32_t));
    for (int j = -1; j <= first + n; j++) {
        const int32_t around =
            draw_strength(level.index ? -3 : 0, largest_masking(level.index), weakness);
        const int32_t own = draw_strength(smallest_centre(level.index),
                                          largest_centre(level.index), weakness);
        adm_set(&masking[y], j, around);
        adm_set(&centre[y], j, own - around);
    }
}

/* What a masked signal must reach to add anything: below, its rounded square is 0. */
static int32_t least_signal(int b)
{
    return level.index == 0 && b < 2 ? 16384 : 23171;
}

/* Chooses the coefficient and the threshold of column j of the middle row so that one band's
 * masked signal is exactly there, or one below or above. */
static void set_at_least_signal(int j)
{
    const int b = check_between(0, ADM_BANDS - 1);
    const int64_t x = least_signal(b) + check_between(-1, 1);
    const int64_t unit = level.index ? 1 : b == 2 ? 4096 : 1024;
    const int64_t limit = level.index ? adm_detail[level.index] / 4 : 14000;
    int64_t r = random_between(&check_random, 0, limit), signal = 0;
    for (int tries = 0; tries < 5000; tries++, r = r < limit ? r + 1 : 0) {
        signal = level.index ? (level.weight[b] * r + (1 << 27)) >> 28 : level.weight[b] * r;
        if (signal >= x && (signal - x) % unit == 0)
            break;
    }
    int64_t around = 0;
    for (int y = 0; y < ROWS; y++)
        for (int k = -1; k <= 1; k++)
            around += ((const int32_t *)(const void *)masking[y].zero)[j + k];
    adm_set(&restored[1][b], j, check_between(0, 1) ? (int32_t)r : (int32_t)-r);
    adm_set(&centre[1], j, (int32_t)((signal - x) / unit - around));
}

static adm_row row_of(int y)
{
    adm_row row;
    for (int b = 0; b < ADM_BANDS; b++)
        row.restored[b] = restored[y][b].zero;
    row.masking = (int32_t *)(void *)masking[y].zero;
    row.centre = (int32_t *)(void *)centre[y].zero;
    return row;
}

/* Above and below lend their masking rows only. */
static adm_row neighbour_of(int y)
{
    return (adm_row){.masking = (int32_t *)(void *)masking[y].zero};
}

static int run_pool(const pvt_kernels *kernels, int side)
{
    const adm_row above = neighbour_of(0), row = row_of(1), below = neighbour_of(2);
    (level.index ? kernels->adm.pool_s32 : kernels->adm.pool_s16)(&level, &above, &row, &below,
                                                                  first, n, sums[side]);
    return n;
}

static void fill_pool(int index, int width, const check_content *content, int weakness)
{
    level = adm_level_of(index, width);
    for (int y = 0; y < ROWS; y++)
        draw_row(y, content, weakness);
}

static void compare_sums(const char *const names[], int count)
{
    for (int b = 0; b < count; b++)
        if (sums[GOT][b] != sums[WANT][b])
            check_failed("sum %s is %#llx, expected %#llx", names[b],
                         (unsigned long long)sums[GOT][b], (unsigned long long)sums[WANT][b]);
}

/* Sums are added to, and may wrap. */
static void start_sums(void)
{
    random_fill(&check_random, sums[GOT], sizeof sums[GOT]);
    memcpy(sums[WANT], sums[GOT], sizeof sums[GOT]);
}

static void check_level(const pvt_kernels *got, const pvt_kernels *want, int index)
{
    static const char *const names[ADM_BANDS] = {"h", "v", "d"};
    static const int widths[] = {17, 32, 64, 100, 960, 8192};
    for (int i = 0; (n = check_width(i)) != 0; i++)
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            const int width = widths[check_between(0, 5)], weakness = check_between(-1, 20);
            const check_content content = check_content_draw(2 * adm_detail[index]);
            first = check_between(0, 20);
            if (!check_case("level %d, width %d, first %d, n %d, %s, weakness %d%s", index,
                            width, first, n, check_content_name(&content), weakness,
                            repeat % 4 ? "" : ", signals at the least that counts"))
                continue;
            fill_pool(index, width, &content, weakness);
            for (int j = first; repeat % 4 == 0 && j < first + n; j++)
                set_at_least_signal(j);
            start_sums();
            run_pool(want, WANT);
            run_pool(got, GOT);
            compare_sums(names, ADM_BANDS);
        }
}

static void check_pool_s16(const pvt_kernels *got, const pvt_kernels *want)
{
    check_level(got, want, 0);
}

static void check_pool_s32(const pvt_kernels *got, const pvt_kernels *want)
{
    for (int index = 1; index < ADM_LEVELS; index++)
        check_level(got, want, index);
}

static void prepare_pool(int index, int samples)
{
    const check_content content = check_content_typical(2 * adm_detail[index]);
    first = 0;
    n = samples;
    fill_pool(index, samples, &content, 8);
}

static void prepare_pool_s16(void)
{
    prepare_pool(0, 960);
}

static void prepare_pool_s32(void)
{
    prepare_pool(1, 480);
}

/* ---- energy --------------------------------------------------------------------------------- */

static check_row band;

static int run_energy(const pvt_kernels *kernels, int side)
{
    sums[side][0] =
        level.index
            ? kernels->adm.energy_s32(&level, (const int32_t *)(const void *)band.zero, first, n)
            : kernels->adm.energy_s16((const int16_t *)(const void *)band.zero, first, n);
    return n;
}

static void fill_energy(int index, int width, const check_content *content)
{
    level = adm_level_of(index, width);
    adm_row_draw(&band, first + n, index ? sizeof(int32_t) : sizeof(int16_t), content, 0);
}

static void check_energy(const pvt_kernels *got, const pvt_kernels *want, int index)
{
    static const char *const names[] = {"of cubes"};
    for (int i = 0; (n = check_width(i)) != 0; i++)
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            const int width = check_between(16, 5000);
            const check_content content = check_content_draw(2 * adm_detail[index]);
            first = check_between(0, 20);
            if (!check_case("level %d, width %d, first %d, n %d, %s", index, width, first, n,
                            check_content_name(&content)))
                continue;
            fill_energy(index, width, &content);
            run_energy(want, WANT);
            run_energy(got, GOT);
            compare_sums(names, 1);
        }
}

static void check_energy_s16(const pvt_kernels *got, const pvt_kernels *want)
{
    check_energy(got, want, 0);
}

static void check_energy_s32(const pvt_kernels *got, const pvt_kernels *want)
{
    for (int index = 1; index < ADM_LEVELS; index++)
        check_energy(got, want, index);
}

static void prepare_energy(int index, int samples)
{
    const check_content content = check_content_typical(2 * adm_detail[index]);
    first = 0;
    n = samples;
    fill_energy(index, samples, &content);
}

static void prepare_energy_s16(void)
{
    prepare_energy(0, 960);
}

static void prepare_energy_s32(void)
{
    prepare_energy(1, 480);
}

const check_routine adm_pool_routines[] = {
    {"adm.pool_s16", offsetof(pvt_kernels, adm.pool_s16), check_pool_s16, prepare_pool_s16,
     run_pool},
    {"adm.pool_s32", offsetof(pvt_kernels, adm.pool_s32), check_pool_s32, prepare_pool_s32,
     run_pool},
    {"adm.energy_s16", offsetof(pvt_kernels, adm.energy_s16), check_energy_s16,
     prepare_energy_s16, run_energy},
    {"adm.energy_s32", offsetof(pvt_kernels, adm.energy_s32), check_energy_s32,
     prepare_energy_s32, run_energy},
    {NULL, 0, NULL, NULL, NULL},
};
