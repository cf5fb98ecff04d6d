/*
 * VIF, vertical pass: windowed first and second moments down the columns of one tile.
 *
 * Samples and their products are centred to int16 once per sample, then correlated with the
 * level's kernel; a second moment wider than 16 bits is correlated as two halves.
 */
#include "kernels/scalar/scalar.h"
#include "kernels/scalar/vif_filter.h"

#include <string.h>

enum { SOURCE_ROWS = VIF_TILE_ROWS + 2 * VIF_MAX_RADIUS };

typedef int16_t source_plane[SOURCE_ROWS][VIF_TILE_COLS];

ALWAYS_INLINE uint32_t load_sample(const uint8_t *row, int x, int wide)
{
    if (!wide)
        return row[x];
    uint16_t sample;
    memcpy(&sample, row + 2 * (ptrdiff_t)x, sizeof sample);
    return sample;
}

/* x - 32768 as int16: flips the top bit. */
ALWAYS_INLINE int16_t centre16(uint32_t x) { return (int16_t)(uint16_t)(x ^ 0x8000); }

ALWAYS_INLINE void load_row(const uint8_t *row, int x, int cols, int wide, int16_t *restrict out)
{
    for (int j = 0; j < cols; j++)
        out[j] = centre16(load_sample(row, x + j, wide));
}

/* Products of two rows; 8-bit samples need no high half. */
ALWAYS_INLINE void multiply_rows(const uint8_t *a, const uint8_t *b, int x, int cols, int wide,
                                 int16_t *restrict high, int16_t *restrict low)
{
    for (int j = 0; j < cols; j++) {
        uint32_t product = load_sample(a, x + j, wide) * load_sample(b, x + j, wide);
        low[j] = centre16(product & 0xffff);
        if (wide)
            high[j] = centre16(product >> 16);
    }
}

/* Correlated samples, rounded to 16 bits, centred again. */
static void store_means(const int32_t *sum, int shift, int cols, int16_t *restrict out)
{
    const uint32_t half = 1u << (shift - 1);
    for (int j = 0; j < cols; j++)
        out[j] = centre16(((uint32_t)sum[j] + 0x80000000u + half) >> shift);
}

/* A centred 32-bit value x - 2^31 as 65536 * high + low with both halves int16. */
ALWAYS_INLINE void split(uint32_t x, int16_t *high, int16_t *low)
{
    /* x <= 65535^2, so the sum below does not pass 2^31 - 1 */
    int32_t t = (int32_t)(x - 0x80000000u) + 0x8000;
    *high = (int16_t)(t >> 16);
    *low = centre16((uint32_t)t & 0xffff);
}

static void store_powers(const int32_t *sum_high, const int32_t *sum_low, int shift, int cols,
                         int16_t *restrict high, int16_t *restrict low)
{
    if (shift == 0) { /* 8-bit samples: the sum is the exact second moment */
        for (int j = 0; j < cols; j++)
            split((uint32_t)sum_low[j] + 0x80000000u, &high[j], &low[j]);
        return;
    }
    const uint32_t half = 1u << (shift - 1);
    for (int j = 0; j < cols; j++) {
        uint32_t a = (uint32_t)sum_high[j] + 0x80000000u;
        uint32_t b = (uint32_t)sum_low[j] + 0x80000000u;
        split((a << (16 - shift)) + ((b + half) >> shift), &high[j], &low[j]);
    }
}

static void correlate_means(const vif_level *level, source_plane samples, int rows, int cols,
                            vif_plane mean, vif_plane next)
{
    int32_t sum[VIF_TILE_COLS];
    for (int i = 0; i < rows; i++) {
        vif_correlate(level->radius, samples[i], VIF_TILE_COLS, cols, sum);
        store_means(sum, level->mean_shift, cols, &mean[i][VIF_TILE_ORIGIN]);
    }
    if (level->next_radius < 0)
        return;
    for (int i = 0; i < rows; i += 2) {
        const int16_t *from = samples[i + level->radius - level->next_radius];
        vif_correlate(level->next_radius, from, VIF_TILE_COLS, cols, sum);
        store_means(sum, level->mean_shift, cols, &next[i / 2][VIF_TILE_ORIGIN]);
    }
}

static void correlate_powers(const vif_level *level, source_plane high_in, source_plane low_in,
                             int rows, int cols, vif_plane high, vif_plane low)
{
    int32_t sum_high[VIF_TILE_COLS], sum_low[VIF_TILE_COLS];
    for (int i = 0; i < rows; i++) {
        if (level->power_shift)
            vif_correlate(level->radius, high_in[i], VIF_TILE_COLS, cols, sum_high);
        vif_correlate(level->radius, low_in[i], VIF_TILE_COLS, cols, sum_low);
        store_powers(sum_high, sum_low, level->power_shift, cols, &high[i][VIF_TILE_ORIGIN],
                     &low[i][VIF_TILE_ORIGIN]);
    }
}

ALWAYS_INLINE void reference_columns(const vif_level *level, const uint8_t *const *ref, int x,
                                     int rows, int cols, int wide, vif_reference_tile *tile)
{
    source_plane samples, high, low;
    for (int i = 0; i < rows + 2 * level->radius; i++) {
        load_row(ref[i], x, cols, wide, samples[i]);
        multiply_rows(ref[i], ref[i], x, cols, wide, high[i], low[i]);
    }
    correlate_means(level, samples, rows, cols, tile->mean, tile->next);
    correlate_powers(level, high, low, rows, cols, tile->square_high, tile->square_low);
}

ALWAYS_INLINE void distorted_columns(const vif_level *level, const uint8_t *const *ref,
                                     const uint8_t *const *dis, int x, int rows, int cols, int wide,
                                     vif_distorted_tile *tile)
{
    source_plane samples, high, low;
    for (int i = 0; i < rows + 2 * level->radius; i++) {
        load_row(dis[i], x, cols, wide, samples[i]);
        multiply_rows(dis[i], dis[i], x, cols, wide, high[i], low[i]);
    }
    correlate_means(level, samples, rows, cols, tile->mean, tile->next);
    correlate_powers(level, high, low, rows, cols, tile->square_high, tile->square_low);
    for (int i = 0; i < rows + 2 * level->radius; i++)
        multiply_rows(ref[i], dis[i], x, cols, wide, high[i], low[i]);
    correlate_powers(level, high, low, rows, cols, tile->product_high, tile->product_low);
}

void vif_reference_columns_u8_scalar(const vif_level *level, const uint8_t *const *ref, int x,
                                     int rows, int cols, vif_reference_tile *tile)
{
    reference_columns(level, ref, x, rows, cols, 0, tile);
}

void vif_reference_columns_u16_scalar(const vif_level *level, const uint8_t *const *ref, int x,
                                      int rows, int cols, vif_reference_tile *tile)
{
    reference_columns(level, ref, x, rows, cols, 1, tile);
}

void vif_distorted_columns_u8_scalar(const vif_level *level, const uint8_t *const *ref,
                                     const uint8_t *const *dis, int x, int rows, int cols,
                                     vif_distorted_tile *tile)
{
    distorted_columns(level, ref, dis, x, rows, cols, 0, tile);
}

void vif_distorted_columns_u16_scalar(const vif_level *level, const uint8_t *const *ref,
                                      const uint8_t *const *dis, int x, int rows, int cols,
                                      vif_distorted_tile *tile)
{
    distorted_columns(level, ref, dis, x, rows, cols, 1, tile);
}
