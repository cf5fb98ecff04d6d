/*
 * ADM, masking and pooling: the restored signal above the masking threshold, cubed and summed.
 *
 * The threshold of a position is the neighbour strength of the eight positions around it plus
 * the centre strength of its own, each summed over the three bands. `centre` already has the
 * position's own neighbour strength taken off, so a plain 3x3 box sum plus `centre` is it.
 */
#include "kernels/scalar/scalar.h"

static inline int32_t threshold(const adm_row *above, const adm_row *row, const adm_row *below,
                                int j)
{
    const int32_t *a = above->masking + j, *r = row->masking + j, *b = below->masking + j;
    return (a[-1] + a[0] + a[1]) + (r[-1] + r[0] + r[1]) + (b[-1] + b[0] + b[1]) + row->centre[j];
}

static inline int64_t round_shift(int64_t x, int shift)
{
    return (x + (((int64_t)1 << shift) >> 1)) >> shift;
}

/* The cube of a masked signal; x <= 1.4e9, so y * x stays below 2^62. */
static inline uint64_t masked_cube(int64_t x, int square_shift, int cube_shift)
{
    if (x <= 0)
        return 0;
    int64_t y = round_shift(x * x, square_shift);
    return (uint64_t)round_shift(y * x, cube_shift);
}

void adm_pool_s16_scalar(const adm_level *level, const adm_row *above, const adm_row *row,
                         const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS])
{
    static const int align[ADM_BANDS] = {10, 10, 12}; /* threshold -> scale of the signal */
    static const int square_shift[ADM_BANDS] = {29, 29, 30};
    for (int j = first; j < first + n; j++) {
        const int32_t t = threshold(above, row, below, j); /* below 2^19 in magnitude */
        for (int b = 0; b < ADM_BANDS; b++) {
            int32_t signal = level->weight[b] * ((const int16_t *)row->restored[b])[j];
            int64_t x = (int64_t)(signal < 0 ? -signal : signal) - t * (1 << align[b]);
            sums[b] += masked_cube(x, square_shift[b], level->cube_shift[b]);
        }
    }
}

void adm_pool_s32_scalar(const adm_level *level, const adm_row *above, const adm_row *row,
                         const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS])
{
    for (int j = first; j < first + n; j++) {
        const int32_t t = threshold(above, row, below, j);
        for (int b = 0; b < ADM_BANDS; b++) {
            int64_t signal = (int64_t)level->weight[b] * ((const int32_t *)row->restored[b])[j];
            signal = (signal + (1 << 27)) >> 28;
            int64_t x = (signal < 0 ? -signal : signal) - t;
            sums[b] += masked_cube(x, 30, level->cube_shift[b]);
        }
    }
}

uint64_t adm_energy_s16_scalar(const int16_t *band, int first, int n)
{
    uint64_t sum = 0;
    for (int j = first; j < first + n; j++) {
        int64_t m = band[j] < 0 ? -band[j] : band[j];
        sum += (uint64_t)(m * m * m);
    }
    return sum;
}

uint64_t adm_energy_s32_scalar(const adm_level *level, const int32_t *band, int first, int n)
{
    const int shift = level->den_square_shift;
    uint64_t sum = 0;
    for (int j = first; j < first + n; j++) {
        int64_t m = band[j] < 0 ? -(int64_t)band[j] : band[j];
        int64_t y = (m * m + ((int64_t)1 << shift)) >> shift; /* a whole unit, by definition */
        sum += (uint64_t)round_shift(y * m, level->den_cube_shift);
    }
    return sum;
}
