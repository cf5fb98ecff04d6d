/*
 * ADM: from the integer totals to the feature value. The only floating-point part of ADM.
 *
 * Single-precision values are marked by their type; every product and sum is rounded on its own.
 */
#include "adm.h"
#include "cube_root.h"

#include <math.h>

/* Cubes of the contrast sensitivities, by level, for bands h and v, and for d. */
static const double sensitivity3[ADM_LEVELS][2] = {
    {0x1.60682e40ca298p-18, 0x1.b6f67955c18e8p-23},
    {0x1.127cb41f44aabp-15, 0x1.88675620541cbp-19},
    {0x1.5638de3f6e459p-14, 0x1.e740af5557bdcp-17},
    {0x1.8f9f6fa0b6d35p-14, 0x1.018b80fefe987p-15},
};

/* Cube root of a pooled energy, plus that of the noise constant 1/32 per pooled position. */
static float norm(float energy, int64_t positions)
{
    return pvt_cube_root(energy) + pvt_cube_root((float)((double)positions * 0.03125));
}

static float level_numerator(const adm_level *level, const uint64_t sums[ADM_BANDS],
                             int64_t positions)
{
    static const int scale[ADM_LEVELS][2] = {{52, 57}, {45, 45}, {39, 39}, {36, 36}};
    float norms[ADM_BANDS];
    for (int b = 0; b < ADM_BANDS; b++) {
        const int64_t total = (int64_t)sums[b];
        const int exponent =
            scale[level->index][b == 2] - level->cube_shift[b] - adm_ceil_log2(level->height);
        /* level 0 goes through double precision (two roundings), the others do not */
        const float energy = level->index == 0 ? (float)ldexp((double)total, -exponent)
                                               : ldexpf((float)total, -exponent);
        norms[b] = norm(energy, positions);
    }
    return (norms[0] + norms[1]) + norms[2];
}

static float level_denominator(const adm_level *level, const uint64_t sums[ADM_BANDS],
                               int row_shift, int64_t positions)
{
    static const int scale[ADM_LEVELS] = {18, 32, 27, 23};
    const int exponent = scale[level->index] - level->den_cube_shift - row_shift;
    float norms[ADM_BANDS];
    for (int b = 0; b < ADM_BANDS; b++) {
        const double scaled = ldexp((double)(int64_t)sums[b], -exponent);
        norms[b] = norm((float)(scaled * sensitivity3[level->index][b == 2]), positions);
    }
    return (norms[0] + norms[1]) + norms[2];
}

/* Band positions that are pooled. */
static int64_t positions_of(const adm_state *state, int level)
{
    return (int64_t)adm_count(state->rows[level].pooled) * adm_count(state->cols[level].pooled);
}

double adm_denominator(const adm_state *state, const adm_reference_sums sums[ADM_LEVELS])
{
    double total = 0.0;
    for (int l = 0; l < ADM_LEVELS; l++)
        total += (double)level_denominator(&state->level[l], sums[l].den,
                                           adm_energy_row_shift(state, l), positions_of(state, l));
    return total;
}

double adm_score(const adm_state *state, double denominator, const adm_pair_sums sums[ADM_LEVELS],
                 int limit)
{
    double total = 0.0;
    for (int l = 0; l < ADM_LEVELS; l++)
        total +=
            (double)level_numerator(&state->level[l], sums[l].num[limit], positions_of(state, l));
    /* libvmaf replaces sums below 1e-10 of a 1080p frame by zero. The noise constant keeps both
     * far above that for every size, so the quotient is all there is. */
    return total / denominator;
}
