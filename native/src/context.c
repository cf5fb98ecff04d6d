/* Makes and frees contexts: checks the configuration, lays out the memory. */
#include "context.h"

#include "arena.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

pvt_status pvt_check(const pvt_config *c)
{
    if (!c)
        return PVT_ERROR_ARGUMENT;
    if (c->width < PVT_MIN_SIZE || c->width > PVT_MAX_SIZE || c->height < PVT_MIN_SIZE ||
        c->height > PVT_MAX_SIZE)
        return PVT_ERROR_SIZE;
    if (c->bit_depth != 8 && c->bit_depth != 10 && c->bit_depth != 12 && c->bit_depth != 16)
        return PVT_ERROR_BIT_DEPTH;
    if (c->gain_limits < 1 || c->gain_limits > PVT_MAX_GAIN_LIMITS)
        return PVT_ERROR_GAIN_LIMIT;
    for (int l = 0; l < c->gain_limits; l++)
        if (!isfinite(c->gain_limit[l]) || c->gain_limit[l] < 1.0)
            return PVT_ERROR_GAIN_LIMIT;
    if (c->renditions < 1 || c->renditions > PVT_MAX_RENDITIONS)
        return PVT_ERROR_RENDITIONS;
    if (c->threads < 1 || c->threads > PVT_MAX_THREADS)
        return PVT_ERROR_THREADS;
    if (c->features & ~(uint32_t)PVT_FEATURE_ALL)
        return PVT_ERROR_FEATURES;
    return PVT_OK;
}

/* Takes the scratch memory and the totals of one worker from the arena. */
static void lay_out_worker(const pvt_context *context, worker_state *worker, pvt_arena *arena)
{
    const pvt_config *c = &context->config;
    const size_t renditions = (size_t)c->renditions;
    if (pvt_wants(context, PVT_FEATURE_VIF)) {
        vif_init_scratch(&worker->vif, arena, c->renditions);
        for (int s = 0; s < VIF_LEVELS; s++)
            worker->vif_pair_sums[s] = pvt_arena_take(arena, renditions * sizeof(vif_pair_sums));
    }
    if (pvt_wants(context, PVT_FEATURE_ADM)) {
        adm_init_scratch(&worker->adm, arena, &context->adm);
        for (int l = 0; l < ADM_LEVELS; l++)
            worker->adm_pair_sums[l] = pvt_arena_take(arena, renditions * sizeof(adm_pair_sums));
    }
    if (pvt_wants(context, PVT_FEATURE_MOTION))
        worker->motion = motion_init_scratch(arena, c->width);
}

/* Takes every piece of working memory from the arena. */
static void lay_out(pvt_context *context, pvt_arena *arena)
{
    const pvt_config *c = &context->config;
    pvt_limits limits = {.count = c->gain_limits};
    memcpy(limits.value, c->gain_limit, sizeof limits.value);
    context->dis = pvt_arena_take(arena, (size_t)c->renditions * sizeof *context->dis);
    context->rows = pvt_arena_take(arena, (size_t)pvt_row_count(context) * sizeof *context->rows);
    if (pvt_wants(context, PVT_FEATURE_VIF))
        vif_init(&context->vif, arena, c->width, c->height, c->bit_depth, c->renditions, &limits);
    if (pvt_wants(context, PVT_FEATURE_ADM))
        adm_init(&context->adm, arena, c->width, c->height, c->bit_depth, c->renditions, &limits,
                 c->threads);
    if (pvt_wants(context, PVT_FEATURE_MOTION))
        motion_init(&context->motion, arena, c->width, c->height, c->bit_depth);
    for (int i = 0; i < c->threads; i++)
        lay_out_worker(context, &context->worker[i], arena);
}

pvt_status pvt_create(const pvt_config *config, pvt_context **out)
{
    if (!out)
        return PVT_ERROR_ARGUMENT;
    *out = NULL;
    const pvt_status status = pvt_check(config);
    if (status != PVT_OK)
        return status;

    pvt_context *context = calloc(1, sizeof *context);
    worker_state *worker = calloc((size_t)config->threads, sizeof *worker);
    if (!context || !worker) {
        free(worker);
        free(context);
        return PVT_ERROR_MEMORY;
    }
    context->config = *config;
    context->worker = worker;
    if (config->features == 0)
        context->config.features = PVT_FEATURE_ALL;
    atomic_flag_clear(&context->entered);
    pvt_kernels_init(&context->kernels, config->cpu_mask);

    pvt_arena arena = {NULL, 0};
    lay_out(context, &arena);
    context->bytes = arena.used + sizeof *context + (size_t)config->threads * sizeof *worker;
    context->block = aligned_alloc(PVT_ALIGNMENT, arena.used);
    if (!context->block) {
        pvt_destroy(context);
        return PVT_ERROR_MEMORY;
    }
    /* Kernels may read (and ignore) margins that nothing ever writes. */
    memset(context->block, 0, arena.used);
    arena = (pvt_arena){context->block, 0};
    lay_out(context, &arena);
    vif_log_table(context->vif.log_table);

    context->pool = pvt_pool_create(config->threads);
    if (!context->pool) {
        pvt_destroy(context);
        return PVT_ERROR_SYSTEM;
    }
    *out = context;
    return PVT_OK;
}

void pvt_destroy(pvt_context *context)
{
    if (!context)
        return;
    pvt_pool_destroy(context->pool);
    free(context->block);
    free(context->worker);
    free(context);
}

size_t pvt_context_bytes(const pvt_context *context) { return context ? context->bytes : 0; }

const char *pvt_context_tier(const pvt_context *context)
{
    return context ? context->kernels.tier : "";
}
