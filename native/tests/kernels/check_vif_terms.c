/*
 * Checks what the statistics of VIF make of one pixel: tiles are written whose variances and
 * covariance are known numbers, a set of three per row.
 *
 * With constant planes the windows change nothing: the variance is the second moment less the
 * square of the mean. So every mantissa of the logarithm, both sides of each threshold, and
 * triples where a rounding left out would be seen can be put to the test directly.
 */
#include "kernels/vif_case.h"

#include "vif.h"

#include <math.h>

typedef struct triple {
    int64_t ref, dis, covariance;
} triple;

enum { NOISE = 2 * 65536, LARGEST = (1 << 30) + (1 << 15), MEAN_ERROR = 65536 };

/* Where other orders of the double operations give other sums: the first six with a fused
 * multiply-add in the residual, the others with g * (g * V) for the signal. */
static const triple fragile[] = {
    {768489638, 433509773, 577189527},    {478110818, 681289104, 570729077},
    {52817620, 89230186, 68650745},       {848870277, 647309471, 741270362},
    {488763378, 619157984, 550110658},    {1062426497, 1062878217, 1062652321},
    {909806239, 79259649, 268533087},     {1068066325, 415752193, 666370978},
    {966378820, 277315585, 517678514},    {269323781, 25756161, 83282972},
    {892611263, 361865217, 568333379},    {832229193, 170807297, 377027590},
};
enum { FRAGILE = sizeof fragile / sizeof fragile[0] };

static vif_reference_tile ref_tile;
static vif_distorted_tile dis_tile;
static vif_reference_stats stats;
static uint16_t log_table[VIF_LOG_ENTRIES];
static bool with_pair;

/* ---- tiles ---------------------------------------------------------------------------------- */

static void set_row(int16_t *row, int64_t value)
{
    for (int j = 0; j < VIF_TILE_STRIDE; j++)
        row[j] = (int16_t)value;
}

/* A second moment as the two halves that a tile keeps. */
static void set_moment(int16_t *high, int16_t *low, int64_t moment)
{
    const int64_t centred = moment - (1LL << 31);
    const int64_t upper = (centred + 32768) >> 16;
    set_row(high, upper);
    set_row(low, centred - 65536 * upper);
}

static void set_triple(int i, triple t)
{
    /* means near the middle leave room for every variance, also for negative covariances */
    const int64_t a = check_between(32000, 32900), b = check_between(32000, 32900);
    set_row(ref_tile.mean[i], a - 32768);
    set_row(dis_tile.mean[i], b - 32768);
    set_moment(ref_tile.square_high[i], ref_tile.square_low[i], t.ref + a * a);
    set_moment(dis_tile.square_high[i], dis_tile.square_low[i], t.dis + b * b);
    set_moment(dis_tile.product_high[i], dis_tile.product_low[i], t.covariance + a * b);
}

/* ---- triples -------------------------------------------------------------------------------- */

/* An information argument of each mantissa in turn, at every length, with the bits below the
 * mantissa all clear or all set; reference and distorted equal, so both sums see it. */
static triple each_mantissa(int index)
{
    const int64_t mantissa = 32768 + index % 32768;
    const int dropped = check_between(3, 14);
    int64_t x = mantissa << dropped;
    if (check_between(0, 1))
        x += (1 << dropped) - 1;
    const int64_t variance = x - NOISE;
    if (variance > LARGEST)
        return each_mantissa(index);
    return (triple){variance, variance, variance};
}

static int64_t clip(double value, int64_t low, int64_t high)
{
    return value < (double)low ? low : value > (double)high ? high : (int64_t)value;
}

/* As large as the Cauchy-Schwarz inequality and the rounding errors let a covariance be. */
static double largest_covariance(int64_t ref, int64_t dis)
{
    return sqrt((double)(ref + MEAN_ERROR) * (double)(dis + MEAN_ERROR));
}

static int64_t any_variance(void)
{
    const int64_t bound = LARGEST >> check_between(0, 20);
    return random_between(&check_random, bound / 2, bound);
}

static triple any_triple(void)
{
    triple t = {any_variance(), any_variance(), 0};
    const double most = largest_covariance(t.ref, t.dis);
    const double correlation = check_between(0, 2) ? 1.0 - ldexp(1.0, -check_between(0, 30)) : -0.5;
    t.covariance = clip(most * correlation, -LARGEST, LARGEST);
    return t;
}

static triple near_thresholds(void)
{
    triple t = {NOISE + check_between(-2, 2), check_between(-2, 2), check_between(-2, 2)};
    if (check_between(0, 1))
        t.ref = any_variance();
    if (check_between(0, 1))
        t.dis = any_variance();
    if (check_between(0, 1))
        t.covariance = clip(largest_covariance(t.ref, t.dis), -LARGEST, LARGEST);
    return t;
}

/* ---- checks --------------------------------------------------------------------------------- */

typedef struct term_sums {
    vif_reference_sums ref;
    vif_pair_sums pair;
} term_sums;

static term_sums sums_of(const pvt_kernels *kernels, int n, const pvt_limits *limits)
{
    const vif_level *level = &vif_kinds[4].level; /* the radius makes no difference here */
    term_sums sums = {{0, 0}, {{0}, 0}};
    kernels->vif.reference_statistics(level, &ref_tile, VIF_TILE_ROWS, 0, n, log_table, &stats,
                                      &sums.ref);
    if (with_pair)
        kernels->vif.pair_statistics(level, &dis_tile, &stats, VIF_TILE_ROWS, 0, n, limits,
                                     log_table, &sums.pair);
    return sums;
}

static void compare(const pvt_kernels *got, const pvt_kernels *want, const char *kind, int index,
                    int n, pvt_limits limits)
{
    if (!check_case("single terms, %s, set %d, n %d, gain limit %s", kind, index, n,
                    check_limits_name(&limits)))
        return;
    const term_sums g = sums_of(got, n, &limits), w = sums_of(want, n, &limits);
    if (memcmp(&g, &w, sizeof g) != 0)
        check_failed("log_num %lld (%lld), log_den %lld, flat_power %lld, flat_count %lld, "
                     "expected %lld (%lld), %lld, %lld, %lld",
                     (long long)g.pair.log_num[0], (long long)g.pair.log_num[1],
                     (long long)g.ref.log_den, (long long)g.pair.flat_power,
                     (long long)g.ref.flat_count, (long long)w.pair.log_num[0],
                     (long long)w.pair.log_num[1], (long long)w.ref.log_den,
                     (long long)w.pair.flat_power, (long long)w.ref.flat_count);
}

void check_vif_terms(const pvt_kernels *got, const pvt_kernels *want, bool pair)
{
    const pvt_limits usual = {1, {100.0}}, neg = {1, {1.0}}, both = {2, {100.0, 1.0}};
    with_pair = pair;
    vif_log_table(log_table);
    for (int index = 0; index < 32768; index += VIF_TILE_ROWS) {
        for (int i = 0; i < VIF_TILE_ROWS; i++)
            set_triple(i, each_mantissa(index + i));
        compare(got, want, "each mantissa", index, 1, usual);
        compare(got, want, "each mantissa", index, 17, index % 2 ? neg : both);
    }
    for (int index = 0; index < 4000; index++) {
        for (int i = 0; i < VIF_TILE_ROWS; i++)
            set_triple(i, index % 2 ? any_triple() : near_thresholds());
        compare(got, want, index % 2 ? "any" : "near thresholds", index, check_between(1, 33),
                check_limits_draw());
    }
    for (int index = 0; index < FRAGILE; index++) {
        for (int i = 0; i < VIF_TILE_ROWS; i++)
            set_triple(i, fragile[index]);
        for (int n = 1; n < 70; n++)
            compare(got, want, "fragile", index, n, n % 2 ? usual : both);
    }
}
