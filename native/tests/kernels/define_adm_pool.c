/* Masking and pooling of ADM by definition. See define.h; formulas: docs/arithmetic.md. */
#include "kernels/define.h"

/* The eight neighbours, and the position's own centre strength. */
static int64_t threshold(const adm_row *above, const adm_row *row, const adm_row *below, int j)
{
    const adm_row *const rows[3] = {above, row, below};
    int64_t sum = 0;
    for (int i = 0; i < 3; i++)
        for (int k = -1; k <= 1; k++)
            sum += i == 1 && k == 0 ? 0 : rows[i]->masking[j + k];
    return sum + ((int64_t)row->centre[j] + row->masking[j]);
}

/* Adds the rounded cube of the masked signal, modulo 2^64. */
static void add_cube(uint64_t *sum, int128 signal, int128 masked, int square_shift,
                     int cube_shift)
{
    const int128 x = signal > masked ? signal - masked : 0;
    const int128 y = define_round(x * x, square_shift);
    *sum += (uint64_t)define_round(y * x, cube_shift);
}

static void pool_s16(const adm_level *level, const adm_row *above, const adm_row *row,
                     const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS])
{
    for (int j = first; j < first + n; j++)
        for (int b = 0; b < ADM_BANDS; b++) {
            const int64_t r = ((const int16_t *)row->restored[b])[j];
            const int64_t t = threshold(above, row, below, j);
            add_cube(&sums[b], define_absolute(level->weight[b] * r), t * (b == 2 ? 4096 : 1024),
                     b == 2 ? 30 : 29, level->cube_shift[b]);
        }
}

static void pool_s32(const adm_level *level, const adm_row *above, const adm_row *row,
                     const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS])
{
    for (int j = first; j < first + n; j++)
        for (int b = 0; b < ADM_BANDS; b++) {
            const int128 r = ((const int32_t *)row->restored[b])[j];
            add_cube(&sums[b], define_absolute(define_round(level->weight[b] * r, 28)),
                     threshold(above, row, below, j), 30, level->cube_shift[b]);
        }
}

static uint64_t energy_s16(const int16_t *band, int first, int n)
{
    uint64_t sum = 0;
    for (int j = first; j < first + n; j++) {
        const int64_t m = (int64_t)define_absolute(band[j]);
        sum += (uint64_t)(m * m * m);
    }
    return sum;
}

static uint64_t energy_s32(const adm_level *level, const int32_t *band, int first, int n)
{
    const int q = level->den_square_shift;
    uint64_t sum = 0;
    for (int j = first; j < first + n; j++) {
        const int128 m = define_absolute(band[j]);
        const int128 y = (m * m + ((int128)1 << q)) >> q;
        sum += (uint64_t)define_round(y * m, level->den_cube_shift);
    }
    return sum;
}

void define_adm_pool(adm_kernels *kernels)
{
    kernels->pool_s16 = pool_s16;
    kernels->pool_s32 = pool_s32;
    kernels->energy_s16 = energy_s16;
    kernels->energy_s32 = energy_s32;
}
