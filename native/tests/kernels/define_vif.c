/* VIF by definition. See define.h; formulas: docs/arithmetic.md. */
#include "kernels/define.h"

#include <math.h>
#include <string.h>

int64_t define_weight(int radius, int tap)
{
    /* left half and centre of each kernel */
    static const int64_t radius8[] = {489, 935, 1640, 2640, 3896, 5274, 6547, 7455, 7784};
    static const int64_t radius4[] = {1244, 3663, 7925, 12590, 14692};
    static const int64_t radius2[] = {3571, 16004, 26386};
    static const int64_t radius1[] = {10904, 43728};
    const int k = tap <= radius ? tap : 2 * radius - tap;
    return radius == 8 ? radius8[k] : radius == 4 ? radius4[k] : radius == 2 ? radius2[k] : radius1[k];
}

int64_t define_sample(const uint8_t *row, int x, int sample_bytes)
{
    if (sample_bytes == 1)
        return row[x];
    uint16_t sample;
    memcpy(&sample, row + 2 * (ptrdiff_t)x, sizeof sample);
    return sample;
}

/* ---- vertical pass -------------------------------------------------------------------------- */

typedef struct frame_rows {
    const uint8_t *const *row;
    int sample_bytes;
} frame_rows;

/* Weighted sum over 2 * radius + 1 rows from `row` on, of samples or of products of samples. */
static int64_t column_sum(frame_rows a, const frame_rows *b, int radius, int row, int x)
{
    int64_t sum = 0;
    for (int t = 0; t <= 2 * radius; t++) {
        int64_t sample = define_sample(a.row[row + t], x, a.sample_bytes);
        if (b)
            sample *= define_sample(b->row[row + t], x, b->sample_bytes);
        sum += define_weight(radius, t) * sample;
    }
    return sum;
}

static void means(const vif_level *level, frame_rows a, int radius, int row, int x, int cols,
                  int16_t *out)
{
    for (int j = 0; j < cols; j++) {
        const int64_t sum = column_sum(a, NULL, radius, row, x + j);
        out[VIF_TILE_ORIGIN + j] = (int16_t)(define_round(sum, level->mean_shift) - 32768);
    }
}

static void powers(const vif_level *level, frame_rows a, frame_rows b, int x, int rows, int cols,
                   vif_plane high, vif_plane low)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++) {
            const int64_t sum = column_sum(a, &b, level->radius, i, x + j);
            const int64_t centred = (int64_t)define_round(sum, level->power_shift) - (1LL << 31);
            const int64_t upper = (int64_t)floor(((double)centred + 32768.0) / 65536.0);
            high[i][VIF_TILE_ORIGIN + j] = (int16_t)upper;
            low[i][VIF_TILE_ORIGIN + j] = (int16_t)(centred - 65536 * upper);
        }
}

static void mean_planes(const vif_level *level, frame_rows a, int x, int rows, int cols,
                        vif_plane mean, vif_plane next)
{
    for (int i = 0; i < rows; i++)
        means(level, a, level->radius, i, x, cols, mean[i]);
    for (int i = 0; level->next_radius >= 0 && i < rows; i += 2)
        means(level, a, level->next_radius, i + level->radius - level->next_radius, x, cols,
              next[i / 2]);
}

static void reference_columns(const vif_level *level, frame_rows ref, int x, int rows, int cols,
                              vif_reference_tile *tile)
{
    mean_planes(level, ref, x, rows, cols, tile->mean, tile->next);
    powers(level, ref, ref, x, rows, cols, tile->square_high, tile->square_low);
}

static void distorted_columns(const vif_level *level, frame_rows ref, frame_rows dis, int x,
                              int rows, int cols, vif_distorted_tile *tile)
{
    mean_planes(level, dis, x, rows, cols, tile->mean, tile->next);
    powers(level, dis, dis, x, rows, cols, tile->square_high, tile->square_low);
    powers(level, ref, dis, x, rows, cols, tile->product_high, tile->product_low);
}

static void reference_columns_u8(const vif_level *level, const uint8_t *const *ref, int x,
                                 int rows, int cols, vif_reference_tile *tile)
{
    reference_columns(level, (frame_rows){ref, 1}, x, rows, cols, tile);
}

static void reference_columns_u16(const vif_level *level, const uint8_t *const *ref, int x,
                                  int rows, int cols, vif_reference_tile *tile)
{
    reference_columns(level, (frame_rows){ref, 2}, x, rows, cols, tile);
}

static void distorted_columns_u8(const vif_level *level, const uint8_t *const *ref,
                                 const uint8_t *const *dis, int x, int rows, int cols,
                                 vif_distorted_tile *tile)
{
    distorted_columns(level, (frame_rows){ref, 1}, (frame_rows){dis, 1}, x, rows, cols, tile);
}

static void distorted_columns_u16(const vif_level *level, const uint8_t *const *ref,
                                  const uint8_t *const *dis, int x, int rows, int cols,
                                  vif_distorted_tile *tile)
{
    distorted_columns(level, (frame_rows){ref, 2}, (frame_rows){dis, 2}, x, rows, cols, tile);
}

/* ---- horizontal pass ------------------------------------------------------------------------ */

static void decimate(const vif_level *level, const int16_t *row, int first, int n, uint16_t *out)
{
    for (int k = 0; k < n; k++) {
        int64_t sum = 0;
        for (int t = -level->next_radius; t <= level->next_radius; t++)
            sum += define_weight(level->next_radius, t + level->next_radius) *
                   (row[VIF_TILE_ORIGIN + first + 2 * k + t] + 32768);
        out[k] = (uint16_t)define_round(sum, 16);
    }
}

/* Windowed first moment around tile column c. */
static int64_t first_moment(const vif_level *level, const int16_t *mean, int c)
{
    int64_t sum = 0;
    for (int t = -level->radius; t <= level->radius; t++)
        sum += define_weight(level->radius, t + level->radius) *
               (mean[VIF_TILE_ORIGIN + c + t] + 32768);
    return sum;
}

/* Windowed second moment less the product of two first moments. */
static int64_t central_moment(const vif_level *level, const int16_t *high, const int16_t *low,
                              int64_t a, int64_t b, int c)
{
    int64_t sum = 0; /* below 2^48 */
    for (int t = -level->radius; t <= level->radius; t++) {
        const int at = VIF_TILE_ORIGIN + c + t;
        const int64_t moment = 65536 * (int64_t)high[at] + low[at] + (1LL << 31);
        sum += define_weight(level->radius, t + level->radius) * moment;
    }
    return (int64_t)(define_round(sum, 16) - define_round((int128)a * b, 32));
}

/* log2(x) in 1/2048 octave from the top 16 bits of x: log2 rounded to single precision, scaled,
 * rounded halves up. */
static int64_t fixed_log2(int64_t x)
{
    int dropped = 0;
    while (x >> dropped > 65535)
        dropped++;
    const float exact = (float)log2((double)(x >> dropped));
    return (int64_t)floor((double)exact * 2048.0 + 0.5) + 2048 * dropped;
}

enum { NOISE = 2 * 65536 };

static void reference_statistics(const vif_level *level, const vif_reference_tile *tile, int rows,
                                 int first, int n, const uint16_t *log_table,
                                 vif_reference_stats *stats, vif_reference_sums *sums)
{
    (void)log_table;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < n; j++) {
            const int c = first + j;
            const int64_t mean = first_moment(level, tile->mean[i], c);
            const int64_t variance = central_moment(level, tile->square_high[i],
                                                    tile->square_low[i], mean, mean, c);
            stats->mean[i][j] = (uint32_t)mean;
            stats->variance[i][j] = (int32_t)variance;
            if (variance < NOISE)
                sums->flat_count += 1;
            else
                sums->log_den += fixed_log2(variance + NOISE) - 17 * 2048;
        }
}

static int64_t shared_information(int64_t ref, int64_t dis, int64_t covariance, double gain_limit)
{
    const double g = (double)covariance / ((double)ref + 65536 * 1.0e-10);
    const double product = g * (double)covariance;
    const double e = trunc((double)dis - product);
    const int64_t residual = e > 0.0 ? (int64_t)e : 0;
    const double limited = g > gain_limit ? gain_limit : g;
    const double power = limited * limited;
    const int64_t signal = (int64_t)trunc(power * (double)ref);
    return fixed_log2(NOISE + residual + signal) - fixed_log2(NOISE + residual);
}

static void pair_statistics(const vif_level *level, const vif_distorted_tile *tile,
                            const vif_reference_stats *stats, int rows, int first, int n,
                            const pvt_limits *limits, const uint16_t *log_table,
                            vif_pair_sums *sums)
{
    (void)log_table;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < n; j++) {
            const int c = first + j;
            const int64_t mean = first_moment(level, tile->mean[i], c);
            const int64_t variance = central_moment(level, tile->square_high[i],
                                                    tile->square_low[i], mean, mean, c);
            const int64_t covariance = central_moment(level, tile->product_high[i],
                                                      tile->product_low[i], stats->mean[i][j],
                                                      mean, c);
            const int64_t power = variance > 0 ? variance : 0;
            if (stats->variance[i][j] < NOISE)
                sums->flat_power += power;
            else if (covariance > 0 && power > 0)
                for (int l = 0; l < limits->count; l++)
                    sums->log_num[l] += shared_information(stats->variance[i][j], power,
                                                           covariance, limits->value[l]);
        }
}

void define_vif(vif_kernels *kernels)
{
    *kernels = (vif_kernels){
        .reference_columns_u8 = reference_columns_u8,
        .reference_columns_u16 = reference_columns_u16,
        .distorted_columns_u8 = distorted_columns_u8,
        .distorted_columns_u16 = distorted_columns_u16,
        .decimate = decimate,
        .reference_statistics = reference_statistics,
        .pair_statistics = pair_statistics,
    };
}
