/* The decoupling of ADM by definition. See define.h; formulas: docs/arithmetic.md. */
#include "kernels/define.h"

#include <math.h>

typedef struct triple {
    int64_t band[ADM_BANDS];
} triple;

/* Gain of t against o in Q15. */
static int64_t gain(int64_t o, int64_t t)
{
    const int64_t magnitude = (int64_t)define_absolute(o);
    int bits = 0;
    while (magnitude >> bits)
        bits++;
    const int q = magnitude < 32768 ? 0 : bits - 15;
    const int64_t divisor = (int64_t)define_round(magnitude, q);
    const int64_t reciprocal = (1LL << 30) / divisor;
    const int128 product = (int128)reciprocal * t * (o < 0 ? -1 : 1);
    const int128 k = (product + ((int128)1 << (14 + q))) >> (15 + q);
    return k < 0 ? 0 : k > 32768 ? 32768 : (int64_t)k;
}

/* Whether the vectors (h, v) of both frames are within one degree. */
static bool within_a_degree(triple o, triple t)
{
    const int64_t dot = o.band[0] * t.band[0] + o.band[1] * t.band[1];
    const int64_t o2 = o.band[0] * o.band[0] + o.band[1] * o.band[1];
    const int64_t t2 = t.band[0] * t.band[0] + t.band[1] * t.band[1];
    const float p = (float)dot, u = (float)o2, w = (float)t2;
    const double left = (double)p * (double)p;
    const double inner = (double)0x1.ffd814p-1f * (double)u;
    const double right = inner * (double)w;
    return p >= 0.0f && left >= right;
}

/* Restored parts of t. */
static triple restored(triple o, triple t, double gain_limit)
{
    const bool aligned = within_a_degree(o, t);
    triple r;
    for (int b = 0; b < ADM_BANDS; b++) {
        const int64_t k = o.band[b] == 0 ? 32768 : gain(o.band[b], t.band[b]);
        r.band[b] = (int64_t)define_round((int128)k * o.band[b], 15);
        if (!aligned || k == 0 || o.band[b] == 0)
            continue;
        const double boosted = (double)r.band[b] * gain_limit, most = (double)t.band[b];
        r.band[b] = (int64_t)trunc(o.band[b] > 0 ? fmin(boosted, most) : fmax(boosted, most));
    }
    return r;
}

static void decouple_s16_under(double gain_limit, const adm_level *level,
                               const int16_t *const ref[ADM_BANDS],
                               const int16_t *const dis[ADM_BANDS], int first, int n,
                               const adm_row *out)
{
    for (int j = first; j < first + n; j++) {
        const triple o = {{ref[0][j], ref[1][j], ref[2][j]}};
        const triple t = {{dis[0][j], dis[1][j], dis[2][j]}};
        const triple r = restored(o, t, gain_limit);
        int64_t around = 0, centre = 0;
        for (int b = 0; b < ADM_BANDS; b++) {
            ((int16_t *)out->restored[b])[j] = (int16_t)r.band[b];
            const int64_t weighted = level->weight[b] * (t.band[b] - r.band[b]);
            const int64_t strength = (int64_t)define_absolute(b == 2 ? (weighted + 65535) >> 17
                                                              : (weighted + 16384) >> 15);
            around += (4369 * strength + 2048) >> 12;
            int64_t own = (8738 * strength + 2048) >> 12;
            own = (own + 32768) % 65536 - 32768; /* the low 16 bits, signed */
            centre += own;
        }
        out->masking[j] = (int32_t)around;
        out->centre[j] = (int32_t)(centre - around);
    }
}

static void decouple_s32_under(double gain_limit, const adm_level *level,
                               const int32_t *const ref[ADM_BANDS],
                               const int32_t *const dis[ADM_BANDS], int first, int n,
                               const adm_row *out)
{
    for (int j = first; j < first + n; j++) {
        const triple o = {{ref[0][j], ref[1][j], ref[2][j]}};
        const triple t = {{dis[0][j], dis[1][j], dis[2][j]}};
        const triple r = restored(o, t, gain_limit);
        int128 around = 0, centre = 0;
        for (int b = 0; b < ADM_BANDS; b++) {
            ((int32_t *)out->restored[b])[j] = (int32_t)r.band[b];
            const int128 weighted = (int128)level->weight[b] * (t.band[b] - r.band[b]);
            const int128 strength = define_absolute(define_round(weighted, 28));
            around += (143165577 * strength - (1LL << 31)) >> 32;
            centre += (286331153 * strength - (1LL << 31)) >> 32;
        }
        out->masking[j] = (int32_t)around;
        out->centre[j] = (int32_t)(centre - around);
    }
}

static void decouple_s16(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                         const int16_t *const dis[ADM_BANDS], int first, int n,
                         const pvt_limits *limits, const adm_row *out)
{
    for (int l = 0; l < limits->count; l++)
        decouple_s16_under(limits->value[l], level, ref, dis, first, n, &out[l]);
}

static void decouple_s32(const adm_level *level, const int32_t *const ref[ADM_BANDS],
                         const int32_t *const dis[ADM_BANDS], int first, int n,
                         const pvt_limits *limits, const adm_row *out)
{
    for (int l = 0; l < limits->count; l++)
        decouple_s32_under(limits->value[l], level, ref, dis, first, n, &out[l]);
}

void define_adm_decouple(adm_kernels *kernels)
{
    kernels->decouple_s16 = decouple_s16;
    kernels->decouple_s32 = decouple_s32;
}
