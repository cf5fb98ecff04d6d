/*
 * VIF, horizontal pass and statistics: from the vertical moments of a tile to local variances
 * and to the level's integer sums.
 *
 * Unit of variances: 65536 = one 8-bit grey level squared, at every level and depth.
 */
#include "kernels/scalar/scalar.h"
#include "kernels/scalar/vif_filter.h"

enum {
    NOISE = 2 << 16, /* power of the visual noise, 2.0 */
    LOG_ONE = 2048,  /* logarithms are in 1/2048 octave */
    MAX_COLS = VIF_TILE_STRIDE
};

/* 65536 * 1e-10: keeps the gain finite. */
static const double GAIN_EPSILON = 65536 * 1.0e-10;

/* Fixed-point log2 of x >= 2^17 from its top 16 bits; the table's layout is in vif_log.c. */
ALWAYS_INLINE int32_t fixed_log2(uint32_t x, const uint16_t *table)
{
    int dropped = 16 - __builtin_clz(x);
    uint32_t mantissa = x >> dropped; /* 32768 .. 65535 */
    uint32_t entry = table[(mantissa - 32768) >> 3];
    int32_t step = (mantissa & 7) >= (entry & 15);
    return 15 * LOG_ONE + (int32_t)(entry >> 4) + step + LOG_ONE * dropped;
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

void vif_reference_statistics_scalar(const vif_level *level, const vif_reference_tile *tile,
                                     int rows, int first, int n, const uint16_t *log_table,
                                     vif_reference_stats *stats, vif_reference_sums *sums)
{
    const int at = VIF_TILE_ORIGIN + first;
    for (int i = 0; i < rows; i++) {
        uint32_t *mean = stats->mean[i];
        int32_t *variance = stats->variance[i];
        mean_row(level->radius, &tile->mean[i][at], n, mean);
        central_row(level->radius, &tile->square_high[i][at], &tile->square_low[i][at], mean, mean,
                    n, variance);
        for (int j = 0; j < n; j++) {
            if (variance[j] < NOISE)
                sums->flat_count++;
            else
                sums->log_den +=
                    fixed_log2((uint32_t)variance[j] + NOISE, log_table) - 17 * LOG_ONE;
        }
    }
}

/* Information that the distorted pixel keeps of a textured reference pixel. Every operation on
 * doubles is one correctly rounded operation; all truncations fit int32. */
ALWAYS_INLINE void add_information(int32_t variance_ref, int32_t variance_dis, int32_t covariance,
                                   const pvt_limits *limits, const uint16_t *log_table,
                                   int64_t log_num[PVT_MAX_GAIN_LIMITS])
{
    double gain = (double)covariance / ((double)variance_ref + GAIN_EPSILON);
    int32_t residual = (int32_t)((double)variance_dis - gain * (double)covariance);
    uint32_t noise = NOISE + (uint32_t)(residual > 0 ? residual : 0);
    int32_t log_noise = fixed_log2(noise, log_table);
    for (int l = 0; l < limits->count; l++) {
        double limited = gain < limits->value[l] ? gain : limits->value[l];
        uint32_t signal = (uint32_t)(int32_t)((limited * limited) * (double)variance_ref);
        log_num[l] += fixed_log2(noise + signal, log_table) - log_noise;
    }
}

void vif_pair_statistics_scalar(const vif_level *level, const vif_distorted_tile *tile,
                                const vif_reference_stats *stats, int rows, int first, int n,
                                const pvt_limits *limits, const uint16_t *log_table,
                                vif_pair_sums *sums)
{
    uint32_t mean[MAX_COLS];
    int32_t variance[MAX_COLS], covariance[MAX_COLS];
    const int at = VIF_TILE_ORIGIN + first;
    for (int i = 0; i < rows; i++) {
        const int32_t *variance_ref = stats->variance[i];
        mean_row(level->radius, &tile->mean[i][at], n, mean);
        central_row(level->radius, &tile->square_high[i][at], &tile->square_low[i][at], mean, mean,
                    n, variance);
        central_row(level->radius, &tile->product_high[i][at], &tile->product_low[i][at],
                    stats->mean[i], mean, n, covariance);
        for (int j = 0; j < n; j++) {
            int32_t variance_dis = variance[j] > 0 ? variance[j] : 0;
            if (variance_ref[j] < NOISE)
                sums->flat_power += variance_dis;
            else if (covariance[j] > 0 && variance_dis > 0)
                add_information(variance_ref[j], variance_dis, covariance[j], limits, log_table,
                                sums->log_num);
        }
    }
}

void vif_decimate_scalar(const vif_level *level, const int16_t *row, int first, int n,
                         uint16_t *out)
{
    const int radius = level->next_radius;
    const int16_t *x = row + VIF_TILE_ORIGIN + first - radius;
    for (int k = 0; k < n; k++, x += 2) {
        int32_t sum = 0;
        for (int t = 0; t <= 2 * radius; t++)
            sum += vif_weight(radius, t) * x[t];
        out[k] = (uint16_t)(((uint32_t)sum + 0x80000000u + 0x8000u) >> 16);
    }
}
