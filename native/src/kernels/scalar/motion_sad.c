/*
 * Motion: sum of absolute values of the low-passed difference between two reference frames.
 *
 * The difference (previous minus current) is filtered, not the frames: rounding happens on the
 * difference, so the order of the two matters. Five taps, weights in 1/65536.
 */
#include "kernels/scalar/scalar.h"

#include <string.h>

enum { W0 = 3571, W1 = 16004, W2 = 26386 };

/* Mirrors two values beyond either end: -k reads k, n-1+k reads n-1-k. */
static void mirror(int32_t *y, int n)
{
    y[-1] = y[1];
    y[-2] = y[2];
    y[n] = y[n - 2];
    y[n + 1] = y[n - 3];
}

/* |y| <= 65535, so the weighted sum needs 33 bits: y = 2h + l halves it without loss. */
static uint64_t smoothed_sad(int32_t *y, int n)
{
    uint64_t sad = 0;
    mirror(y, n);
    for (int j = 0; j < n; j++) {
        int32_t near = y[j - 1] + y[j + 1], far = y[j - 2] + y[j + 2];
        int64_t sum = (int64_t)W0 * far + (int64_t)W1 * near + (int64_t)W2 * y[j];
        int32_t z = (int32_t)((sum + 0x8000) >> 16);
        sad += (uint64_t)(z < 0 ? -z : z);
    }
    return sad;
}

uint64_t motion_sad_u8_scalar(const uint8_t *const *previous, const uint8_t *const *current,
                              int rows, int width, int32_t *scratch)
{
    int32_t *y = scratch + PVT_PAD;
    uint64_t sad = 0;
    for (int i = 0; i < rows; i++) {
        const uint8_t *const *p = previous + i, *const *c = current + i;
        for (int j = 0; j < width; j++) {
            int32_t d0 = p[0][j] - c[0][j], d1 = p[1][j] - c[1][j], d2 = p[2][j] - c[2][j];
            int32_t d3 = p[3][j] - c[3][j], d4 = p[4][j] - c[4][j];
            y[j] = (W0 * (d0 + d4) + W1 * (d1 + d3) + W2 * d2 + 128) >> 8;
        }
        sad += smoothed_sad(y, width);
    }
    return sad;
}

static inline int32_t difference(const uint8_t *a, const uint8_t *b, int j)
{
    uint16_t x, y;
    memcpy(&x, a + 2 * (ptrdiff_t)j, sizeof x);
    memcpy(&y, b + 2 * (ptrdiff_t)j, sizeof y);
    return x - y;
}

uint64_t motion_sad_u16_scalar(const uint8_t *const *previous, const uint8_t *const *current,
                               int rows, int width, int bit_depth, int32_t *scratch)
{
    const int64_t half = (int64_t)1 << (bit_depth - 1);
    int32_t *y = scratch + PVT_PAD;
    uint64_t sad = 0;
    for (int i = 0; i < rows; i++) {
        const uint8_t *const *p = previous + i, *const *c = current + i;
        for (int j = 0; j < width; j++) {
            int32_t far = difference(p[0], c[0], j) + difference(p[4], c[4], j);
            int32_t near = difference(p[1], c[1], j) + difference(p[3], c[3], j);
            int64_t sum = (int64_t)W0 * far + (int64_t)W1 * near +
                          (int64_t)W2 * difference(p[2], c[2], j); /* 33 bits at 16 bit */
            y[j] = (int32_t)((sum + half) >> bit_depth);
        }
        sad += smoothed_sad(y, width);
    }
    return sad;
}
