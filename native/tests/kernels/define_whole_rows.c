/* Motion and the sample check by definition. See define.h; formulas: docs/arithmetic.md. */
#include "kernels/define.h"

enum { RADIUS = 2 };

/* Reflection about the edge samples. */
static int mirrored(int x, int width)
{
    return x < 0 ? -x : x >= width ? 2 * (width - 1) - x : x;
}

/* Column x of the difference, smoothed down the rows that start at `row`. */
static int64_t smoothed_column(const uint8_t *const *previous, const uint8_t *const *current,
                               int row, int x, int sample_bytes, int depth)
{
    int64_t sum = 0;
    for (int t = 0; t <= 2 * RADIUS; t++)
        sum += define_weight(RADIUS, t) * (define_sample(previous[row + t], x, sample_bytes) -
                                           define_sample(current[row + t], x, sample_bytes));
    return (int64_t)define_round(sum, depth);
}

static uint64_t sad(const uint8_t *const *previous, const uint8_t *const *current, int rows,
                    int width, int sample_bytes, int depth)
{
    uint64_t total = 0;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < width; j++) {
            int64_t sum = 0;
            for (int t = -RADIUS; t <= RADIUS; t++)
                sum += define_weight(RADIUS, t + RADIUS) *
                       smoothed_column(previous, current, i, mirrored(j + t, width),
                                       sample_bytes, depth);
            total += (uint64_t)define_absolute(define_round(sum, 16));
        }
    return total;
}

static uint64_t sad_u8(const uint8_t *const *previous, const uint8_t *const *current, int rows,
                       int width, int32_t *scratch)
{
    (void)scratch;
    return sad(previous, current, rows, width, 1, 8);
}

static uint64_t sad_u16(const uint8_t *const *previous, const uint8_t *const *current, int rows,
                        int width, int bit_depth, int32_t *scratch)
{
    (void)scratch;
    return sad(previous, current, rows, width, 2, bit_depth);
}

static uint16_t or_u16(const uint8_t *row, int n)
{
    int64_t bits = 0;
    for (int x = 0; x < n; x++)
        bits |= define_sample(row, x, 2);
    return (uint16_t)bits;
}

static void copy_u8(const uint8_t *from, uint8_t *to, int n)
{
    for (int x = 0; x < n; x++)
        to[x] = from[x];
}

static uint16_t copy_u16(const uint8_t *from, uint8_t *to, int n)
{
    copy_u8(from, to, 2 * n);
    return or_u16(from, n);
}

void define_whole_rows(pvt_kernels *kernels)
{
    kernels->copy_u8 = copy_u8;
    kernels->copy_u16 = copy_u16;
    kernels->motion = (motion_kernels){.sad_u8 = sad_u8, .sad_u16 = sad_u16};
    kernels->or_u16 = or_u16;
}
