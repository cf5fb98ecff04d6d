/* ADM: what the SIMD texts ask about enhancement gain limits. */
#ifndef PVT_SIMD_ADM_LIMITS_H
#define PVT_SIMD_ADM_LIMITS_H

#include "kernels/kernels.h"

static inline bool adm_any_boosts(const pvt_limits *limits)
{
    bool any = false;
    for (int l = 0; l < limits->count; l++)
        any = any || limits->value[l] > 1.0;
    return any;
}

/* Whether the vector text can do these gain limits: whole numbers up to `most`. */
static inline bool adm_all_whole(const pvt_limits *limits, int most)
{
    for (int l = 0; l < limits->count; l++) {
        const double limit = limits->value[l];
        if (limit > most || limit != (double)(int)limit)
            return false;
    }
    return true;
}

#endif
