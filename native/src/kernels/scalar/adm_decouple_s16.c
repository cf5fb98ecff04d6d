/*
 * ADM, decoupling at level 0: splits each distorted coefficient t into a restored part r (what the
 * reference coefficient o explains) and an additive part a = t - r, and weighs a for masking.
 *
 * Where |o| stays below 16384, the gain and the roundings of the definition restore exactly r = t,
 * cut off at o and at zero (docs/arithmetic.md); with boost the cut is at `limit` times o. A chunk
 * of columns is done that way, in loops that compilers turn into 16-bit vectors. Chunks with a
 * larger coefficient, and those with a strength that wraps, are done again by the definition.
 */
#include "kernels/scalar/adm_gain.h"
#include "kernels/scalar/scalar.h"

enum {
    CHUNK = 64,
    /* At limits up to this, limit * (32767 / limit) is above every |t|, which is at most 22841. */
    MAX_LIMIT = 10000
};

/* ---- by definition -------------------------------------------------------------------------- */

static inline bool aligned_at(const int16_t *const ref[ADM_BANDS],
                              const int16_t *const dis[ADM_BANDS], int j)
{
    /* |coefficients| <= 22841, the sums of products fit int32 */
    const int32_t oh = ref[0][j], ov = ref[1][j], th = dis[0][j], tv = dis[1][j];
    return adm_same_direction((float)(oh * th + ov * tv), (float)(oh * oh + ov * ov),
                              (float)(th * th + tv * tv));
}

static void decouple_by_definition(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                                   const int16_t *const dis[ADM_BANDS], int first, int n,
                                   double gain_limit, const adm_row *out)
{
    static const int shift[ADM_BANDS] = {15, 15, 17};
    static const int32_t round[ADM_BANDS] = {1 << 14, 1 << 14, (1 << 16) - 1};
    for (int j = first; j < first + n; j++) {
        const bool aligned = aligned_at(ref, dis, j);
        int32_t around = 0, centre = 0;
        for (int b = 0; b < ADM_BANDS; b++) {
            const int32_t t = dis[b][j], r = adm_restore(ref[b][j], t, aligned, gain_limit);
            ((int16_t *)out->restored[b])[j] = (int16_t)r;
            int32_t strength = (level->weight[b] * (t - r) + round[b]) >> shift[b];
            strength = strength < 0 ? -strength : strength;
            around += (4369 * strength + 2048) >> 12;
            centre += (int16_t)((8738 * strength + 2048) >> 12); /* 16 bits by definition */
        }
        out->masking[j] = around;
        out->centre[j] = centre - around;
    }
}

/* ---- without division ----------------------------------------------------------------------- */

/* Sums over the bands, and bits that are negative where the definition is needed. */
typedef struct chunk_sums {
    uint16_t strengths[CHUNK], around[CHUNK], own[CHUNK];
    int16_t rare[CHUNK];
} chunk_sums;

static inline int16_t smaller(int16_t a, int16_t b) { return a < b ? a : b; }
static inline int16_t larger(int16_t a, int16_t b) { return a > b ? a : b; }

/* t, cut off at zero and at o, or at o boosted where `aligned` is -1. */
static void restore_chunk(const int16_t *restrict ref, const int16_t *restrict dis, int n,
                          const int16_t *restrict aligned, int16_t limit,
                          int16_t *restrict restored)
{
    const int16_t cap = (int16_t)(32767 / limit);
    for (int i = 0; i < n; i++) {
        const int16_t o = ref[i];
        const int16_t boosted = (int16_t)(larger(smaller(o, cap), (int16_t)-cap) * limit);
        const int16_t bound = (int16_t)((boosted & aligned[i]) | (o & ~aligned[i]));
        restored[i] = larger(smaller(dis[i], larger(bound, 0)), smaller(bound, 0));
    }
}

/* Strengths of an additive band: (weight * a + 2^14) >> 15, or for d ceil(weight * a / 2^16) >> 1,
 * with the weights 32768 + w and 65536 - w. */
static void measure_chunk(const int16_t *restrict ref, const int16_t *restrict dis,
                          const int16_t *restrict restored, int n, bool is_d, int16_t w,
                          chunk_sums *restrict sums)
{
    for (int i = 0; i < n; i++) {
        const int16_t a = (int16_t)(dis[i] - restored[i]);
        const int16_t signed_c = is_d ? (int16_t)((a - ((a * w) >> 16)) >> 1)
                                      : (int16_t)(a + ((a * w + (1 << 14)) >> 15));
        const int16_t c = larger(signed_c, (int16_t)-signed_c);
        /* the neighbours' share is c + around, its own is 2c + own; sums fit 16 bits */
        sums->strengths[i] = (uint16_t)(sums->strengths[i] + c);
        sums->around[i] = (uint16_t)(sums->around[i] + ((c * 273 + 2048) >> 12));
        sums->own[i] = (uint16_t)(sums->own[i] + ((c * 546 + 2048) >> 12));
        /* |o| >= 16384, or c >= 15360, where the own share passes int16 */
        sums->rare[i] = (int16_t)(sums->rare[i] | (ref[i] ^ (ref[i] * 2)) | (c + 32768 - 15360));
    }
}

/* False when it must be done again by definition. */
static bool decouple_chunk(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                           const int16_t *const dis[ADM_BANDS], int j, int n, int16_t limit,
                           const adm_row *out)
{
    int16_t aligned[CHUNK] = {0};
    chunk_sums sums = {0};
    if (limit > 1)
        for (int i = 0; i < n; i++)
            aligned[i] = (int16_t)-aligned_at(ref, dis, j + i);
    for (int b = 0; b < ADM_BANDS; b++) {
        int16_t *restored = (int16_t *)out->restored[b] + j;
        restore_chunk(ref[b] + j, dis[b] + j, n, aligned, limit, restored);
        if (b == 2)
            measure_chunk(ref[b] + j, dis[b] + j, restored, n, true,
                          (int16_t)(65536 - level->weight[b]), &sums);
        else
            measure_chunk(ref[b] + j, dis[b] + j, restored, n, false,
                          (int16_t)(level->weight[b] - 32768), &sums);
    }
    int16_t rare = 0;
    for (int i = 0; i < n; i++) {
        out->masking[j + i] = sums.strengths[i] + sums.around[i];
        out->centre[j + i] = sums.strengths[i] + sums.own[i] - sums.around[i];
        rare |= sums.rare[i];
    }
    return rare >= 0;
}

static void decouple_limit(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                           const int16_t *const dis[ADM_BANDS], int first, int n, double gain_limit,
                           const adm_row *out)
{
    const bool whole = gain_limit <= MAX_LIMIT && gain_limit == (double)(int)gain_limit;
    for (int done = 0; done < n; done += CHUNK) {
        const int j = first + done, count = n - done < CHUNK ? n - done : CHUNK;
        if (!whole || !decouple_chunk(level, ref, dis, j, count, (int16_t)gain_limit, out))
            decouple_by_definition(level, ref, dis, j, count, gain_limit, out);
    }
}

void adm_decouple_s16_scalar(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                             const int16_t *const dis[ADM_BANDS], int first, int n,
                             const pvt_limits *limits, const adm_row *out)
{
    for (int l = 0; l < limits->count; l++)
        decouple_limit(level, ref, dis, first, n, limits->value[l], &out[l]);
}
