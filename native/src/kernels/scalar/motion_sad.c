/*
 * Motion: sum of absolute values of the low-passed difference between two reference frames.
 *
 * The difference (previous minus current) is filtered, not the frames: rounding happens on the
 * difference, so the order of the two matters. Five taps, weights in 1/65536.
 */
#include "kernels/scalar/scalar.h"

#include <string.h>

enum { W0 = 3571, W1 = 16004, W2 = 26386 };

/* |y| <= 65535, so the weighted sum of a row needs 33 bits: rows are kept as y = 2 * high + low. */
typedef struct motion_row {
    int16_t *high, *low;
} motion_row;

static inline motion_row row_in(int32_t *scratch, int width)
{
    int16_t *high = (int16_t *)scratch + PVT_PAD;
    return (motion_row){high, high + width + 2 * PVT_PAD};
}

/* Mirrors two values beyond either end: -k reads k, n-1+k reads n-1-k. */
static void mirror(int16_t *y, int n)
{
    y[-1] = y[1];
    y[-2] = y[2];
    y[n] = y[n - 2];
    y[n + 1] = y[n - 3];
}

/* Five taps; at most 65536 * 32768 in magnitude, reached with a minus sign only. */
static inline int32_t smooth(const int16_t *y)
{
    return W0 * y[-2] + W1 * y[-1] + W2 * y[0] + W1 * y[1] + W0 * y[2];
}

/* round(sum / 2^16) from the sums of both parts, see docs/arithmetic.md */
static uint64_t smoothed_sad(const motion_row *row, int n)
{
    uint32_t sad = 0; /* at most 16384 * 65535 */
    mirror(row->high, n);
    mirror(row->low, n);
    for (int j = 0; j < n; j++) {
        const int32_t z = (smooth(row->high + j) + ((smooth(row->low + j) + 0x8000) >> 1)) >> 15;
        sad += (uint32_t)(z < 0 ? -z : z);
    }
    return sad;
}

static inline void columns_u8(const uint8_t *const *p, const uint8_t *const *c, int width,
                              int16_t *restrict high, int16_t *restrict low)
{
    for (int j = 0; j < width; j++) {
        const int32_t d0 = p[0][j] - c[0][j], d1 = p[1][j] - c[1][j], d2 = p[2][j] - c[2][j];
        const int32_t d3 = p[3][j] - c[3][j], d4 = p[4][j] - c[4][j];
        const int32_t y = (W0 * (d0 + d4) + W1 * (d1 + d3) + W2 * d2 + 128) >> 8;
        high[j] = (int16_t)(y >> 1);
        low[j] = (int16_t)(y & 1);
    }
}

static inline int32_t difference(const uint8_t *a, const uint8_t *b, int j)
{
    uint16_t x, y;
    memcpy(&x, a + 2 * (ptrdiff_t)j, sizeof x);
    memcpy(&y, b + 2 * (ptrdiff_t)j, sizeof y);
    return x - y;
}

static inline void columns_u16(const uint8_t *const *p, const uint8_t *const *c, int width,
                               int bit_depth, int16_t *restrict high, int16_t *restrict low)
{
    const int64_t half = (int64_t)1 << (bit_depth - 1);
    for (int j = 0; j < width; j++) {
        const int32_t far = difference(p[0], c[0], j) + difference(p[4], c[4], j);
        const int32_t near = difference(p[1], c[1], j) + difference(p[3], c[3], j);
        const int64_t sum = (int64_t)W0 * far + (int64_t)W1 * near +
                            (int64_t)W2 * difference(p[2], c[2], j); /* 33 bits at 16 bit */
        const int32_t y = (int32_t)((sum + half) >> bit_depth);
        high[j] = (int16_t)(y >> 1);
        low[j] = (int16_t)(y & 1);
    }
}

uint64_t motion_sad_u8_scalar(const uint8_t *const *previous, const uint8_t *const *current,
                              int rows, int width, int32_t *scratch)
{
    const motion_row row = row_in(scratch, width);
    uint64_t sad = 0;
    for (int i = 0; i < rows; i++) {
        columns_u8(previous + i, current + i, width, row.high, row.low);
        sad += smoothed_sad(&row, width);
    }
    return sad;
}

uint64_t motion_sad_u16_scalar(const uint8_t *const *previous, const uint8_t *const *current,
                               int rows, int width, int bit_depth, int32_t *scratch)
{
    const motion_row row = row_in(scratch, width);
    uint64_t sad = 0;
    for (int i = 0; i < rows; i++) {
        columns_u16(previous + i, current + i, width, bit_depth, row.high, row.low);
        sad += smoothed_sad(&row, width);
    }
    return sad;
}
