/* Features from totals that another engine has made: the end of what frame.c does. */
#include "adm.h"
#include "motion.h"
#include "pyvmaf_tiny.h"
#include "vif.h"

#include <math.h>

static bool is_size(int width, int height)
{
    return width >= PVT_MIN_SIZE && width <= PVT_MAX_SIZE && height >= PVT_MIN_SIZE &&
           height <= PVT_MAX_SIZE;
}

static double adm2_of(int width, int height, const pvt_totals *totals)
{
    /* Only sizes and roundings are wanted: nothing is taken from this arena. */
    static const pvt_limits limits = {.count = 1};
    pvt_arena arena = {NULL, 0};
    adm_state state;
    adm_init(&state, &arena, width, height, 8, 1, &limits, 1);
    adm_reference_sums ref[ADM_LEVELS];
    adm_pair_sums pair[ADM_LEVELS];
    for (int l = 0; l < ADM_LEVELS; l++)
        for (int b = 0; b < ADM_BANDS; b++) {
            pair[l].num[0][b] = totals->adm[l][b];
            ref[l].den[b] = totals->adm[l][ADM_BANDS + b];
        }
    return adm_score(&state, adm_denominator(&state, ref), pair, 0);
}

pvt_status pvt_score_totals(int width, int height, const pvt_totals *totals, pvt_features *row)
{
    if (!totals || !row)
        return PVT_ERROR_ARGUMENT;
    if (!is_size(width, height))
        return PVT_ERROR_SIZE;
    row->adm2 = adm2_of(width, height, totals);
    for (int s = 0; s < VIF_LEVELS; s++) {
        const vif_reference_sums ref = {.log_den = totals->vif[s][1],
                                        .flat_count = totals->vif[s][3]};
        const vif_pair_sums pair = {.log_num = {totals->vif[s][0]},
                                    .flat_power = totals->vif[s][2]};
        row->vif_scale[s] = vif_score(&ref, &pair, 0);
    }
    row->motion2 = NAN;
    return PVT_OK;
}

pvt_status pvt_score_motion(int width, int height, uint64_t difference, double *motion)
{
    if (!motion)
        return PVT_ERROR_ARGUMENT;
    if (!is_size(width, height))
        return PVT_ERROR_SIZE;
    const motion_state state = {.width = width, .height = height};
    *motion = motion_score(&state, difference);
    return PVT_OK;
}

/* Public, so that whoever makes totals takes logarithms from the very same table. */
void pvt_log_table(uint16_t table[PVT_LOG_ENTRIES]) { vif_log_table(table); }
