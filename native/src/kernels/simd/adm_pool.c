/* ADM, masking and pooling, written once for every SIMD tier (kernels.h says what it does). */
#include "tier.h"
#include "vector.h"
#include "adm_wide.h"

#include "kernels/simd/routines.h"

INLINE vint adm_threshold(const adm_row *above, const adm_row *row, const adm_row *below, int j)
{
    const int32_t *rows[3] = {above->masking + j, row->masking + j, below->masking + j};
    vint sum = v_load(row->centre + j);
    for (int i = 0; i < 3; i++)
        sum = v_add(sum, v_add(v_add(v_load(rows[i] - 1), v_load(rows[i])), v_load(rows[i] + 1)));
    return sum;
}

/* Rounds halves up; a shift of 0 leaves the number as it is. */
INLINE wide_rounding half_up(int shift)
{
    return (wide_rounding){.addend = ((int64_t)1 << shift) >> 1, .shift = shift};
}

/* Masked cubes of signals up to 1.4e9. Often those of a whole vector are nothing, but to find out
 * costs more than they do. */
INLINE vint add_cubes(vint sum, vint x, int square_shift, int cube_shift)
{
    return add_rounded_cubes(sum, v_max(x, v_zero()), half_up(square_shift), half_up(cube_shift));
}

INLINE void adm_pool_16(const adm_level *level, const adm_row *above, const adm_row *row,
                        const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS])
{
    static const int square_shift[ADM_BANDS] = {29, 29, 30};
    vint sum[ADM_BANDS] = {v_zero(), v_zero(), v_zero()};
    for (int done = 0; done < n; done += LANES) {
        const int j = first + done;
        const vmask live = v_first(n - done);
        const vint t = adm_threshold(above, row, below, j); /* below 2^19 in magnitude */
        for (int b = 0; b < ADM_BANDS; b++) {
            const vint r = v_load_s16((const int16_t *)row->restored[b] + j);
            const vint signal = v_abs(v_mullo32(r, v_set(level->weight[b])));
            const vint x = v_sub(signal, b == 2 ? v_sll(t, 12) : v_sll(t, 10));
            sum[b] = add_cubes(sum[b], v_keep(live, x), square_shift[b], level->cube_shift[b]);
        }
    }
    for (int b = 0; b < ADM_BANDS; b++)
        sums[b] += (uint64_t)v_total_wide(sum[b]);
}

INLINE void adm_pool_32(const adm_level *level, const adm_row *above, const adm_row *row,
                        const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS])
{
    vint sum[ADM_BANDS] = {v_zero(), v_zero(), v_zero()};
    for (int done = 0; done < n; done += LANES) {
        const int j = first + done;
        const vmask live = v_first(n - done);
        const vint t = adm_threshold(above, row, below, j);
        for (int b = 0; b < ADM_BANDS; b++) {
            const vint r = v_load((const int32_t *)row->restored[b] + j);
            const vint x = v_sub(v_abs(weigh_32(r, level->weight[b])), t);
            sum[b] = add_cubes(sum[b], v_keep(live, x), 30, level->cube_shift[b]);
        }
    }
    for (int b = 0; b < ADM_BANDS; b++)
        sums[b] += (uint64_t)v_total_wide(sum[b]);
}

INLINE uint64_t adm_energy_16(const int16_t *band, int first, int n)
{
    vint sum = v_zero();
    for (int done = 0; done < n; done += LANES) {
        const vint m = v_keep(v_first(n - done), v_abs(v_load_s16(band + first + done)));
        const vint square = v_mullo32(m, m); /* m <= 22841 */
        sum = add_products(sum, square, m);
    }
    return (uint64_t)v_total_wide(sum);
}

INLINE uint64_t adm_energy_32(const adm_level *level, const int32_t *band, int first, int n)
{
    const int shift = level->den_square_shift;
    const wide_rounding square = {(int64_t)1 << shift, shift}; /* a whole unit, by definition */
    const wide_rounding cube = half_up(level->den_cube_shift);
    vint sum = v_zero();
    for (int done = 0; done < n; done += LANES) {
        /* dead lanes are 0 and add 0: (2^q >> q) * 0 */
        const vint m = v_keep(v_first(n - done), v_abs(v_load(band + first + done)));
        sum = add_rounded_cubes(sum, m, square, cube);
    }
    return (uint64_t)v_total_wide(sum);
}

/* ---- the table's routines -------------------------------------------------------------------- */

void TIER(adm_pool_s16)(const adm_level *level, const adm_row *above, const adm_row *row,
                        const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS])
{
    adm_pool_16(level, above, row, below, first, n, sums);
}

void TIER(adm_pool_s32)(const adm_level *level, const adm_row *above, const adm_row *row,
                        const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS])
{
    adm_pool_32(level, above, row, below, first, n, sums);
}

uint64_t TIER(adm_energy_s16)(const int16_t *band, int first, int n)
{
    return adm_energy_16(band, first, n);
}

uint64_t TIER(adm_energy_s32)(const adm_level *level, const int32_t *band, int first, int n)
{
    return adm_energy_32(level, band, first, n);
}
