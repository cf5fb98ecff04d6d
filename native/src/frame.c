/* One frame: its samples checked, its features computed level by level on all threads. */
#include "context.h"

#include <math.h>
#include <string.h>

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
        for (int r = 0; context->score_pairs && r < context->config.renditions; r++)
            own->sample_bits |=
                context->kernels.or_u16(pvt_row(context->dis[r], y), context->config.width);
    }
}

bool pvt_samples_fit(pvt_context *context)
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
    if (context->score_pairs && pvt_wants(context, PVT_FEATURE_VIF))
        n.vif = vif_bands(&context->vif, context->level);
    if (context->score_pairs && pvt_wants(context, PVT_FEATURE_ADM))
        n.adm = adm_strips(&context->adm, context->level);
    if (context->level == 0 && pvt_wants(context, PVT_FEATURE_MOTION))
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
        vif_band(&context->vif, &context->kernels.vif, &own->vif, level, index, context->ref,
                 context->dis, &own->vif_ref_sums[level], own->vif_pair_sums[level]);
    else if (index < n.vif + n.adm)
        adm_strip(&context->adm, &context->kernels.adm, &own->adm, level, index - n.vif,
                  context->ref, context->dis, &own->adm_ref_sums[level], own->adm_pair_sums[level]);
    else
        own->motion_sad += motion_band(&context->motion, &context->kernels.motion, own->motion,
                                       index - n.vif - n.adm, context->ref);
}

static void clear_totals(pvt_context *context)
{
    const size_t renditions = (size_t)context->config.renditions;
    for (int i = 0; i < context->config.threads; i++) {
        worker_state *worker = &context->worker[i];
        memset(worker->vif_ref_sums, 0, sizeof worker->vif_ref_sums);
        memset(worker->adm_ref_sums, 0, sizeof worker->adm_ref_sums);
        for (int s = 0; s < VIF_LEVELS && pvt_wants(context, PVT_FEATURE_VIF); s++)
            memset(worker->vif_pair_sums[s], 0, renditions * sizeof(vif_pair_sums));
        for (int l = 0; l < ADM_LEVELS && pvt_wants(context, PVT_FEATURE_ADM); l++)
            memset(worker->adm_pair_sums[l], 0, renditions * sizeof(adm_pair_sums));
        worker->motion_sad = 0;
    }
}

static void run_levels(pvt_context *context)
{
    clear_totals(context);
    /* A level reads what the one below wrote, so levels follow each other. */
    for (context->level = 0; context->level < VIF_LEVELS; context->level++) {
        const level_tasks n = tasks_of(context);
        pvt_pool_run(context->pool, level_task, context, n.vif + n.adm + n.motion);
    }
}

/* ---- totals of all threads ------------------------------------------------------------------ */

static vif_reference_sums total_vif_reference(const pvt_context *context, int level)
{
    vif_reference_sums sums = {0, 0};
    for (int i = 0; i < context->config.threads; i++) {
        const vif_reference_sums *part = &context->worker[i].vif_ref_sums[level];
        sums.log_den += part->log_den;
        sums.flat_count += part->flat_count;
    }
    return sums;
}

static vif_pair_sums total_vif_pair(const pvt_context *context, int level, int rendition)
{
    vif_pair_sums sums = {{0}, 0};
    for (int i = 0; i < context->config.threads; i++) {
        const vif_pair_sums *part = &context->worker[i].vif_pair_sums[level][rendition];
        for (int g = 0; g < context->config.gain_limits; g++)
            sums.log_num[g] += part->log_num[g];
        sums.flat_power += part->flat_power;
    }
    return sums;
}

static adm_reference_sums total_adm_reference(const pvt_context *context, int level)
{
    adm_reference_sums sums = {{0}};
    for (int i = 0; i < context->config.threads; i++)
        for (int b = 0; b < ADM_BANDS; b++)
            sums.den[b] += context->worker[i].adm_ref_sums[level].den[b];
    return sums;
}

static adm_pair_sums total_adm_pair(const pvt_context *context, int level, int rendition)
{
    adm_pair_sums sums = {{{0}}};
    for (int i = 0; i < context->config.threads; i++)
        for (int g = 0; g < context->config.gain_limits; g++)
            for (int b = 0; b < ADM_BANDS; b++)
                sums.num[g][b] += context->worker[i].adm_pair_sums[level][rendition].num[g][b];
    return sums;
}

static double total_motion(const pvt_context *context)
{
    uint64_t sad = 0;
    for (int i = 0; i < context->config.threads; i++)
        sad += context->worker[i].motion_sad;
    return motion_score(&context->motion, sad);
}

double pvt_analyse_frame(pvt_context *context)
{
    run_levels(context);
    if (!pvt_wants(context, PVT_FEATURE_MOTION))
        return NAN;
    const double motion = context->has_last ? total_motion(context) : 0.0;
    motion_advance(&context->motion);
    return motion;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void score_vif(pvt_context *context)
{
    const pvt_config *c = &context->config;
    for (int s = 0; s < VIF_LEVELS; s++) {
        const vif_reference_sums ref = total_vif_reference(context, s);
        for (int r = 0; r < c->renditions; r++) {
            const vif_pair_sums pair = total_vif_pair(context, s, r);
            for (int g = 0; g < c->gain_limits; g++)
                context->rows[r * c->gain_limits + g].vif_scale[s] = vif_score(&ref, &pair, g);
        }
    }
}

static void score_adm(pvt_context *context)
{
    const pvt_config *c = &context->config;
    adm_reference_sums ref[ADM_LEVELS];
    for (int l = 0; l < ADM_LEVELS; l++)
        ref[l] = total_adm_reference(context, l);
    const double denominator = adm_denominator(&context->adm, ref);
    for (int r = 0; r < c->renditions; r++) {
        adm_pair_sums pair[ADM_LEVELS];
        for (int l = 0; l < ADM_LEVELS; l++)
            pair[l] = total_adm_pair(context, l, r);
        for (int g = 0; g < c->gain_limits; g++)
            context->rows[r * c->gain_limits + g].adm2 =
                adm_score(&context->adm, denominator, pair, g);
    }
}

void pvt_score_frame(pvt_context *context)
{
    static const pvt_features absent = {NAN, {NAN, NAN, NAN, NAN}, NAN};
    for (int i = 0; i < pvt_row_count(context); i++)
        context->rows[i] = absent;
    if (pvt_wants(context, PVT_FEATURE_VIF))
        score_vif(context);
    if (pvt_wants(context, PVT_FEATURE_ADM))
        score_adm(context);
}
