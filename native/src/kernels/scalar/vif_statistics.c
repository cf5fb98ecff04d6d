/*
 * VIF, horizontal pass and statistics: from the vertical moments of a tile to local variances
 * and to the level's integer sums.
 *
 * Unit of variances: 65536 = one 8-bit grey level squared, at every level and depth.
 */
#include "kernels/scalar/scalar.h"
#include "kernels/scalar/vif_filter.h"

#include <string.h>

enum {
    NOISE = 2 << 16, /* power of the visual noise, 2.0 */
    LOG_ONE = 2048,  /* logarithms are in 1/2048 octave */
    MAX_COLS = VIF_TILE_STRIDE
};

/* 65536 * 1e-10: keeps the gain finite. */
static const double GAIN_EPSILON = 65536 * 1.0e-10;

/* Fixed-point log2 of a whole number x, 2^15 <= x < 2^32, from its top 16 bits. They and the number
 * of those that follow are what the bits of a double say of it; the table's layout is in
 * vif_log.c. */
ALWAYS_INLINE int32_t fixed_log2(double x, const uint16_t *table)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int32_t exponent = (int32_t)(bits >> 52) - 1023;
    const uint32_t mantissa = (uint32_t)(bits >> 37) & 32767;
    const uint32_t entry = table[mantissa >> 3];
    const int32_t step = (mantissa & 7) >= (entry & 15);
    return LOG_ONE * exponent + (int32_t)(entry >> 4) + step;
}

/* Windowed mean along a row: unsigned 32 bit, 1/65536 of a 16-bit unit. */
ALWAYS_INLINE void mean_row(int radius, const int16_t *row, int n, uint32_t *restrict mean)
{
    int32_t sum[MAX_COLS];
    vif_correlate(radius, row - radius, 1, n, sum);
    for (int j = 0; j < n; j++)
        mean[j] = (uint32_t)sum[j] + 0x80000000u;
}

/* Windowed second moment minus the product of two means. The exact result fits int32 (at most
 * 2^30 + 2^15 in magnitude), so 32-bit wrap-around arithmetic gives it. */
ALWAYS_INLINE void central_row(int radius, const int16_t *high, const int16_t *low,
                               const uint32_t *mean_a, const uint32_t *mean_b, int n,
                               int32_t *restrict out)
{
    int32_t sum_high[MAX_COLS], sum_low[MAX_COLS];
    vif_correlate(radius, high - radius, 1, n, sum_high);
    vif_correlate(radius, low - radius, 1, n, sum_low);
    for (int j = 0; j < n; j++) {
        uint32_t second =
            (uint32_t)sum_high[j] + (uint32_t)((sum_low[j] + 0x8000) >> 16) + 0x80000000u;
        uint64_t product = (uint64_t)mean_a[j] * mean_b[j] + 0x80000000u;
        out[j] = (int32_t)(second - (uint32_t)(product >> 32));
    }
}

/* Variance and noise, only the noise (whose logarithm is 17) for flat pixels, which are counted. */
ALWAYS_INLINE int32_t add_noise(const int32_t *restrict variance, int n, double *restrict total)
{
    int32_t flat_count = 0;
    for (int j = 0; j < n; j++) {
        const int32_t flat = variance[j] < NOISE ? -1 : 0;
        flat_count -= flat;
        total[j] = (double)(NOISE + (variance[j] & ~flat));
    }
    return flat_count;
}

void vif_reference_statistics_scalar(const vif_level *level, const vif_reference_tile *tile,
                                     int rows, int first, int n, const uint16_t *log_table,
                                     vif_reference_stats *stats, vif_reference_sums *sums)
{
    double total[MAX_COLS];
    const int at = VIF_TILE_ORIGIN + first;
    for (int i = 0; i < rows; i++) {
        uint32_t *mean = stats->mean[i];
        int32_t *variance = stats->variance[i];
        mean_row(level->radius, &tile->mean[i][at], n, mean);
        central_row(level->radius, &tile->square_high[i][at], &tile->square_low[i][at], mean, mean,
                    n, variance);
        sums->flat_count += add_noise(variance, n, total);
        for (int j = 0; j < n; j++)
            sums->log_den += fixed_log2(total[j], log_table) - 17 * LOG_ONE;
    }
}

/* What a row of pixels comes to, pass by pass, so that compilers turn the first ones into vectors.
 * Pixels that do not count have a covariance of zero, so that gain and signal are zero. */
typedef struct row_information {
    double gain[MAX_COLS];
    double noise[MAX_COLS]; /* and residual: whole numbers, as what follows */
    double total[MAX_COLS]; /* and signal */
} row_information;

/* Every operation on doubles is one correctly rounded operation; all truncations fit int32. */
ALWAYS_INLINE void divide_row(const int32_t *restrict variance_ref,
                              const int32_t *restrict variance_dis,
                              const int32_t *restrict covariance, int n,
                              row_information *restrict row)
{
    for (int j = 0; j < n; j++) {
        const double gain = (double)covariance[j] / ((double)variance_ref[j] + GAIN_EPSILON);
        const int32_t residual =
            (int32_t)((double)variance_dis[j] - gain * (double)covariance[j]);
        row->gain[j] = gain;
        row->noise[j] = (double)(NOISE + (residual > 0 ? residual : 0));
    }
}

ALWAYS_INLINE void add_signals(const int32_t *restrict variance_ref, double limit, int n,
                               row_information *restrict row)
{
    for (int j = 0; j < n; j++) {
        const double limited = row->gain[j] < limit ? row->gain[j] : limit;
        const int32_t signal = (int32_t)((limited * limited) * (double)variance_ref[j]);
        row->total[j] = row->noise[j] + (double)signal;
    }
}

ALWAYS_INLINE int64_t sum_information(const row_information *row, int n, const uint16_t *log_table)
{
    int64_t sum = 0;
    for (int j = 0; j < n; j++)
        if (row->total[j] != row->noise[j])
            sum += fixed_log2(row->total[j], log_table) - fixed_log2(row->noise[j], log_table);
    return sum;
}

/* Sets what does not count to zero, and returns the distorted variance of the flat pixels. */
ALWAYS_INLINE int64_t sort_out(const int32_t *restrict variance_ref,
                               int32_t *restrict variance_dis, int32_t *restrict covariance, int n)
{
    uint64_t flat_power = 0;
    for (int j = 0; j < n; j++) {
        const int32_t variance = variance_dis[j] > 0 ? variance_dis[j] : 0;
        const int32_t flat = variance_ref[j] < NOISE ? -1 : 0;
        const int32_t useful = ~flat & (variance_dis[j] > 0 ? -1 : 0);
        flat_power += (uint32_t)(variance & flat);
        variance_dis[j] = variance;
        covariance[j] = (covariance[j] > 0 ? covariance[j] : 0) & useful;
    }
    return (int64_t)flat_power;
}

void vif_pair_statistics_scalar(const vif_level *level, const vif_distorted_tile *tile,
                                const vif_reference_stats *stats, int rows, int first, int n,
                                const pvt_limits *limits, const uint16_t *log_table,
                                vif_pair_sums *sums)
{
    uint32_t mean[MAX_COLS];
    int32_t variance[MAX_COLS], covariance[MAX_COLS];
    row_information row;
    const int at = VIF_TILE_ORIGIN + first;
    for (int i = 0; i < rows; i++) {
        const int32_t *variance_ref = stats->variance[i];
        mean_row(level->radius, &tile->mean[i][at], n, mean);
        central_row(level->radius, &tile->square_high[i][at], &tile->square_low[i][at], mean, mean,
                    n, variance);
        central_row(level->radius, &tile->product_high[i][at], &tile->product_low[i][at],
                    stats->mean[i], mean, n, covariance);
        sums->flat_power += sort_out(variance_ref, variance, covariance, n);
        divide_row(variance_ref, variance, covariance, n, &row);
        for (int l = 0; l < limits->count; l++) {
            add_signals(variance_ref, limits->value[l], n, &row);
            sums->log_num[l] += sum_information(&row, n, log_table);
        }
    }
}

ALWAYS_INLINE void decimate_with(int radius, const int16_t *restrict x, int n,
                                 uint16_t *restrict out)
{
    for (int k = 0; k < n; k++) {
        int32_t sum = 0;
#pragma GCC unroll 9
        for (int t = 0; t <= 2 * radius; t++)
            sum += vif_weight(radius, t) * x[2 * k + t];
        out[k] = (uint16_t)(((uint32_t)sum + 0x80000000u + 0x8000u) >> 16);
    }
}

void vif_decimate_scalar(const vif_level *level, const int16_t *row, int first, int n,
                         uint16_t *out)
{
    const int16_t *x = row + VIF_TILE_ORIGIN + first - level->next_radius;
    switch (level->next_radius) {
    case 4: decimate_with(4, x, n, out); break;
    case 2: decimate_with(2, x, n, out); break;
    default: decimate_with(1, x, n, out); break;
    }
}
