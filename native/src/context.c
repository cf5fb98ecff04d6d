/*
 * The stream: makes a context, checks a pair of frames, runs the features over it, and holds each
 * row back until the motion of the next frame is known.
 */
#include "adm.h"
#include "arena.h"
#include "kernels/kernels.h"
#include "motion.h"
#include "pool.h"
#include "vif.h"

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What one thread needs: scratch memory, and the integers it has found in the present frame. */
typedef struct worker_state {
    vif_scratch *vif;
    adm_scratch adm;
    int32_t *motion;
    vif_reference_sums vif_ref_sums[VIF_LEVELS];
    vif_pair_sums vif_sums[VIF_LEVELS];
    adm_sums adm_sums[ADM_LEVELS];
    uint64_t motion_sad;
    uint16_t sample_bits;
} worker_state;

struct pvt_context {
    pvt_config config;
    pvt_kernels kernels;
    pvt_pool *pool;
    vif_state vif;
    adm_state adm;
    motion_state motion;
    worker_state *worker; /* one per thread */
    void *block;
    size_t bytes;
    atomic_flag entered;

    /* The stream. */
    bool has_last, flushed;
    double last_motion; /* of the last frame, scored or skipped */
    bool last_is_first; /* the last frame is frame 0, whose motion2 is 0 by definition */
    bool has_row;
    pvt_features row; /* of the last frame, motion2 still open */

    /* The frame at hand. */
    pvt_plane ref, dis;
    bool score_pair;
    int level;
};

/* ---- making and freeing --------------------------------------------------------------------- */

static pvt_status check_config(const pvt_config *c)
{
    if (c->width < PVT_MIN_SIZE || c->width > PVT_MAX_SIZE || c->height < PVT_MIN_SIZE ||
        c->height > PVT_MAX_SIZE)
        return PVT_ERROR_SIZE;
    if (c->bit_depth != 8 && c->bit_depth != 10 && c->bit_depth != 12 && c->bit_depth != 16)
        return PVT_ERROR_BIT_DEPTH;
    if (!isfinite(c->gain_limit) || c->gain_limit < 1.0)
        return PVT_ERROR_GAIN_LIMIT;
    if (c->threads < 1 || c->threads > PVT_MAX_THREADS)
        return PVT_ERROR_THREADS;
    if (c->features & ~(uint32_t)PVT_FEATURE_ALL)
        return PVT_ERROR_FEATURES;
    return PVT_OK;
}

static bool wants(const pvt_context *context, pvt_feature_set feature)
{
    return (context->config.features & (uint32_t)feature) != 0;
}

/* Takes every piece of working memory from the arena. */
static void lay_out(pvt_context *context, worker_state *worker, pvt_arena *arena)
{
    const pvt_config *c = &context->config;
    const pvt_limits limits = {1, {c->gain_limit}};
    if (wants(context, PVT_FEATURE_VIF))
        vif_init(&context->vif, arena, c->width, c->height, c->bit_depth, &limits);
    if (wants(context, PVT_FEATURE_ADM))
        adm_init(&context->adm, arena, c->width, c->height, c->bit_depth, &limits, c->threads);
    if (wants(context, PVT_FEATURE_MOTION))
        motion_init(&context->motion, arena, c->width, c->height, c->bit_depth);
    for (int i = 0; i < c->threads; i++) {
        if (wants(context, PVT_FEATURE_VIF))
            worker[i].vif = pvt_arena_take(arena, sizeof(vif_scratch));
        if (wants(context, PVT_FEATURE_ADM))
            adm_init_scratch(&worker[i].adm, arena, c->width);
        if (wants(context, PVT_FEATURE_MOTION))
            worker[i].motion = motion_init_scratch(arena, c->width);
    }
}

pvt_status pvt_create(const pvt_config *config, pvt_context **out)
{
    if (!out)
        return PVT_ERROR_ARGUMENT;
    *out = NULL;
    if (!config)
        return PVT_ERROR_ARGUMENT;
    const pvt_status status = check_config(config);
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
    lay_out(context, worker, &arena);
    context->bytes = arena.used + sizeof *context + (size_t)config->threads * sizeof *worker;
    context->block = aligned_alloc(PVT_ALIGNMENT, arena.used);
    if (!context->block) {
        pvt_destroy(context);
        return PVT_ERROR_MEMORY;
    }
    /* Kernels may read (and ignore) margins that nothing ever writes. */
    memset(context->block, 0, arena.used);
    arena = (pvt_arena){context->block, 0};
    lay_out(context, worker, &arena);
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

/* ---- one frame ------------------------------------------------------------------------------ */

enum { CHECK_ROWS = 64 };

static void check_task(void *data, int worker, int index)
{
    pvt_context *context = data;
    worker_state *own = &context->worker[worker];
    const int first = index * CHECK_ROWS;
    const int last = pvt_min(first + CHECK_ROWS, context->config.height);
    for (int y = first; y < last; y++) {
        own->sample_bits |=
            context->kernels.or_u16(pvt_row(context->ref, y), context->config.width);
        if (context->score_pair)
            own->sample_bits |=
                context->kernels.or_u16(pvt_row(context->dis, y), context->config.width);
    }
}

/* True when every sample fits the bit depth. */
static bool samples_fit(pvt_context *context)
{
    const int depth = context->config.bit_depth;
    if (depth == 8 || depth == 16)
        return true;
    for (int i = 0; i < context->config.threads; i++)
        context->worker[i].sample_bits = 0;
    pvt_pool_run(context->pool, check_task, context,
                 (context->config.height + CHECK_ROWS - 1) / CHECK_ROWS);
    uint32_t bits = 0;
    for (int i = 0; i < context->config.threads; i++)
        bits |= context->worker[i].sample_bits;
    return bits >> depth == 0;
}

/* Tasks of a pyramid level: VIF bands, then ADM strips, at level 0 motion bands. */
typedef struct level_tasks {
    int vif, adm, motion;
} level_tasks;

static level_tasks tasks_of(const pvt_context *context)
{
    level_tasks n = {0, 0, 0};
    if (context->score_pair && wants(context, PVT_FEATURE_VIF))
        n.vif = vif_bands(&context->vif, context->level);
    if (context->score_pair && wants(context, PVT_FEATURE_ADM))
        n.adm = adm_strips(&context->adm, context->level);
    if (context->level == 0 && wants(context, PVT_FEATURE_MOTION))
        n.motion = motion_bands(&context->motion);
    return n;
}

static void level_task(void *data, int worker, int index)
{
    pvt_context *context = data;
    worker_state *own = &context->worker[worker];
    const level_tasks n = tasks_of(context);
    const int level = context->level;
    if (index < n.vif)
        vif_band(&context->vif, &context->kernels.vif, own->vif, level, index, context->ref,
                 context->dis, &own->vif_ref_sums[level], &own->vif_sums[level]);
    else if (index < n.vif + n.adm)
        adm_strip(&context->adm, &context->kernels.adm, &own->adm, level, index - n.vif,
                  context->ref, context->dis, &own->adm_sums[level]);
    else
        own->motion_sad += motion_band(&context->motion, &context->kernels.motion, own->motion,
                                       index - n.vif - n.adm, context->ref);
}

static void run_levels(pvt_context *context)
{
    for (int i = 0; i < context->config.threads; i++) {
        worker_state *worker = &context->worker[i];
        memset(worker->vif_ref_sums, 0, sizeof worker->vif_ref_sums);
        memset(worker->vif_sums, 0, sizeof worker->vif_sums);
        memset(worker->adm_sums, 0, sizeof worker->adm_sums);
        worker->motion_sad = 0;
    }
    /* A level reads what the one below wrote, so levels follow each other. */
    for (context->level = 0; context->level < VIF_LEVELS; context->level++) {
        const level_tasks n = tasks_of(context);
        pvt_pool_run(context->pool, level_task, context, n.vif + n.adm + n.motion);
    }
}

static double total_vif(const pvt_context *context, int level)
{
    vif_reference_sums ref = {0, 0};
    vif_pair_sums pair = {{0}, 0};
    for (int i = 0; i < context->config.threads; i++) {
        const worker_state *worker = &context->worker[i];
        ref.log_den += worker->vif_ref_sums[level].log_den;
        ref.flat_count += worker->vif_ref_sums[level].flat_count;
        pair.log_num[0] += worker->vif_sums[level].log_num[0];
        pair.flat_power += worker->vif_sums[level].flat_power;
    }
    return vif_score(&ref, &pair, 0);
}

static double total_adm(const pvt_context *context)
{
    adm_sums sums[ADM_LEVELS];
    memset(sums, 0, sizeof sums);
    for (int i = 0; i < context->config.threads; i++)
        for (int l = 0; l < ADM_LEVELS; l++)
            for (int b = 0; b < ADM_BANDS; b++) {
                sums[l].num[b] += context->worker[i].adm_sums[l].num[b];
                sums[l].den[b] += context->worker[i].adm_sums[l].den[b];
            }
    return adm_score(&context->adm, sums);
}

static double total_motion(const pvt_context *context)
{
    uint64_t sad = 0;
    for (int i = 0; i < context->config.threads; i++)
        sad += context->worker[i].motion_sad;
    return motion_score(&context->motion, sad);
}

/* ---- the stream ----------------------------------------------------------------------------- */

/* Hands out the held row, its motion2 now known. */
static void release_row(pvt_context *context, double motion2, pvt_features *row, int *ready)
{
    if (!context->has_row)
        return;
    *row = context->row;
    row->motion2 = !wants(context, PVT_FEATURE_MOTION) ? NAN : motion2;
    *ready = 1;
    context->has_row = false;
}

static pvt_status take_frame(pvt_context *context, pvt_features *row, int *ready)
{
    if (context->flushed)
        return PVT_ERROR_FLUSHED;
    if (!samples_fit(context))
        return PVT_ERROR_SAMPLE_RANGE;
    run_levels(context);

    double motion = NAN;
    if (wants(context, PVT_FEATURE_MOTION)) {
        motion = context->has_last ? total_motion(context) : 0.0;
        motion_advance(&context->motion);
    }
    /* motion2 of the frame before: the smaller of its own motion and this frame's; frame 0 has 0 */
    const double smaller = context->last_motion < motion ? context->last_motion : motion;
    release_row(context, context->last_is_first ? 0.0 : smaller, row, ready);

    context->last_is_first = !context->has_last;
    context->has_last = true;
    context->last_motion = motion;
    if (context->score_pair) {
        context->has_row = true;
        context->row.adm2 = wants(context, PVT_FEATURE_ADM) ? total_adm(context) : NAN;
        for (int s = 0; s < VIF_LEVELS; s++)
            context->row.vif_scale[s] =
                wants(context, PVT_FEATURE_VIF) ? total_vif(context, s) : NAN;
    }
    return PVT_OK;
}

/* Keeps a second thread, and a forked child whose workers are gone, out of the context. */
static pvt_status enter(pvt_context *context)
{
    if (pvt_pool_is_orphan(context->pool))
        return PVT_ERROR_FORKED;
    return atomic_flag_test_and_set(&context->entered) ? PVT_ERROR_BUSY : PVT_OK;
}

static void leave(pvt_context *context) { atomic_flag_clear(&context->entered); }

pvt_status pvt_push(pvt_context *context, const void *ref, ptrdiff_t ref_stride, const void *dis,
                    ptrdiff_t dis_stride, pvt_features *row, int *ready)
{
    if (!context || !ref || !dis || !row || !ready)
        return PVT_ERROR_ARGUMENT;
    *ready = 0;
    pvt_status status = enter(context);
    if (status != PVT_OK)
        return status;
    context->ref = (pvt_plane){ref, ref_stride};
    context->dis = (pvt_plane){dis, dis_stride};
    context->score_pair = true;
    status = take_frame(context, row, ready);
    leave(context);
    return status;
}

pvt_status pvt_skip(pvt_context *context, const void *ref, ptrdiff_t ref_stride, pvt_features *row,
                    int *ready)
{
    if (!context || !ref || !row || !ready)
        return PVT_ERROR_ARGUMENT;
    *ready = 0;
    pvt_status status = enter(context);
    if (status != PVT_OK)
        return status;
    context->ref = (pvt_plane){ref, ref_stride};
    context->score_pair = false;
    status = take_frame(context, row, ready);
    leave(context);
    return status;
}

pvt_status pvt_flush(pvt_context *context, pvt_features *row, int *ready)
{
    if (!context || !row || !ready)
        return PVT_ERROR_ARGUMENT;
    *ready = 0;
    const pvt_status status = enter(context);
    if (status != PVT_OK)
        return status;
    context->flushed = true;
    release_row(context, context->last_motion, row, ready); /* no successor: its own motion */
    leave(context);
    return PVT_OK;
}

pvt_status pvt_reset(pvt_context *context)
{
    if (!context)
        return PVT_ERROR_ARGUMENT;
    const pvt_status status = enter(context);
    if (status != PVT_OK)
        return status;
    context->has_last = context->flushed = context->has_row = context->last_is_first = false;
    context->last_motion = 0.0;
    context->motion.last = -1;
    leave(context);
    return PVT_OK;
}

/* ---- facts ---------------------------------------------------------------------------------- */

size_t pvt_context_bytes(const pvt_context *context) { return context ? context->bytes : 0; }

const char *pvt_context_tier(const pvt_context *context)
{
    return context ? context->kernels.tier : "";
}
