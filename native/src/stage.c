/* Planes into dense memory, by several threads, samples checked on the way. */
#include "kernels/kernels.h"
#include "plane.h"
#include "pool.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Bytes that are worth a task of their own: to hand one out costs about a microsecond. */
enum { TASK_BYTES = 128 << 10 };

struct pvt_stager {
    pvt_config config;
    pvt_kernels kernels;
    pvt_pool *pool;
    atomic_flag entered;
    int sample_bytes, band_rows, bands; /* of a plane */
    /* The call at hand. */
    const pvt_staged *planes;
    atomic_uint bits; /* of all samples */
};

pvt_status pvt_stager_create(const pvt_config *config, pvt_stager **out)
{
    if (!out)
        return PVT_ERROR_ARGUMENT;
    *out = NULL;
    const pvt_status status = pvt_check(config);
    if (status != PVT_OK)
        return status;
    pvt_stager *stager = calloc(1, sizeof *stager);
    if (!stager)
        return PVT_ERROR_MEMORY;
    stager->config = *config;
    stager->sample_bytes = config->bit_depth == 8 ? 1 : 2;
    stager->band_rows = pvt_min(TASK_BYTES / (config->width * stager->sample_bytes) + 1,
                                config->height);
    stager->bands = (config->height + stager->band_rows - 1) / stager->band_rows;
    atomic_flag_clear(&stager->entered);
    pvt_kernels_init(&stager->kernels, config->cpu_mask);
    stager->pool = pvt_pool_create(config->threads);
    if (!stager->pool) {
        free(stager);
        return PVT_ERROR_SYSTEM;
    }
    *out = stager;
    return PVT_OK;
}

void pvt_stager_destroy(pvt_stager *stager)
{
    if (!stager)
        return;
    pvt_pool_destroy(stager->pool);
    free(stager);
}

static unsigned copy_samples(const pvt_stager *stager, const uint8_t *from, uint8_t *to, int n)
{
    if (stager->sample_bytes == 2)
        return stager->kernels.copy_u16(from, to, n);
    stager->kernels.copy_u8(from, to, n);
    return 0;
}

static void stage_band(void *data, int worker, int index)
{
    pvt_stager *stager = data;
    (void)worker;
    const pvt_staged *plane = &stager->planes[index / stager->bands];
    const int width = stager->config.width;
    const int first = index % stager->bands * stager->band_rows;
    const int rows = pvt_min(stager->band_rows, stager->config.height - first);
    const ptrdiff_t row_bytes = (ptrdiff_t)width * stager->sample_bytes;
    const uint8_t *from = (const uint8_t *)plane->source + first * plane->stride;
    uint8_t *to = (uint8_t *)plane->target + first * row_bytes;
    unsigned bits = 0;
    if (plane->stride == row_bytes)
        bits = copy_samples(stager, from, to, rows * width);
    else
        for (int y = 0; y < rows; y++)
            bits |= copy_samples(stager, from + y * plane->stride, to + y * row_bytes, width);
    atomic_fetch_or_explicit(&stager->bits, bits, memory_order_relaxed);
}

pvt_status pvt_stage(pvt_stager *stager, const pvt_staged *planes, int count)
{
    if (!stager || (count > 0 && !planes))
        return PVT_ERROR_ARGUMENT;
    for (int i = 0; i < count; i++)
        if (!planes[i].source || !planes[i].target)
            return PVT_ERROR_ARGUMENT;
    if (pvt_pool_is_orphan(stager->pool))
        return PVT_ERROR_FORKED;
    if (atomic_flag_test_and_set(&stager->entered))
        return PVT_ERROR_BUSY;
    stager->planes = planes;
    atomic_store_explicit(&stager->bits, 0, memory_order_relaxed);
    pvt_pool_run(stager->pool, stage_band, stager, count * stager->bands);
    const unsigned bits = atomic_load_explicit(&stager->bits, memory_order_relaxed);
    atomic_flag_clear(&stager->entered);
    return bits >> stager->config.bit_depth ? PVT_ERROR_SAMPLE_RANGE : PVT_OK;
}
