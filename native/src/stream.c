/*
 * The stream: takes frames in order and holds the rows of each back until the motion of the next
 * one is known.
 */
#include "context.h"

#include <math.h>
#include <string.h>

/* Hands out the held rows, their motion2 now known. */
static void release_rows(pvt_context *context, double motion2, pvt_features *rows, int *ready)
{
    if (!context->has_rows)
        return;
    for (int i = 0; i < pvt_row_count(context); i++) {
        rows[i] = context->rows[i];
        rows[i].motion2 = pvt_wants(context, PVT_FEATURE_MOTION) ? motion2 : NAN;
    }
    *ready = 1;
    context->has_rows = false;
}

/* Keeps a second thread, and a forked child whose workers are gone, out of the context. */
static pvt_status enter(pvt_context *context)
{
    if (pvt_pool_is_orphan(context->pool))
        return PVT_ERROR_FORKED;
    return atomic_flag_test_and_set(&context->entered) ? PVT_ERROR_BUSY : PVT_OK;
}

static void leave(pvt_context *context) { atomic_flag_clear(&context->entered); }

static pvt_status take_frame(pvt_context *context, pvt_features *rows, int *ready)
{
    if (context->flushed)
        return PVT_ERROR_FLUSHED;
    if (!pvt_samples_fit(context))
        return PVT_ERROR_SAMPLE_RANGE;
    const double motion = pvt_analyse_frame(context);
    /* motion2 of the frame before: the smaller of its own motion and this frame's; frame 0 has 0 */
    const double smaller = context->last_motion < motion ? context->last_motion : motion;
    release_rows(context, context->last_is_first ? 0.0 : smaller, rows, ready);
    context->last_is_first = !context->has_last;
    context->has_last = true;
    context->last_motion = motion;
    context->has_rows = context->score_pairs;
    if (context->score_pairs)
        pvt_score_frame(context);
    return PVT_OK;
}

pvt_status pvt_push(pvt_context *context, const void *ref, ptrdiff_t ref_stride,
                    const void *const *dis, const ptrdiff_t *dis_strides, pvt_features *rows,
                    int *ready)
{
    if (!context || !ref || !dis || !dis_strides || !rows || !ready)
        return PVT_ERROR_ARGUMENT;
    const int renditions = context->config.renditions;
    for (int r = 0; r < renditions; r++)
        if (!dis[r])
            return PVT_ERROR_ARGUMENT;
    *ready = 0;
    pvt_status status = enter(context);
    if (status != PVT_OK)
        return status;
    context->ref = (pvt_plane){ref, ref_stride};
    for (int r = 0; r < renditions; r++)
        context->dis[r] = (pvt_plane){dis[r], dis_strides[r]};
    context->score_pairs = true;
    status = take_frame(context, rows, ready);
    leave(context);
    return status;
}

pvt_status pvt_skip(pvt_context *context, const void *ref, ptrdiff_t ref_stride, pvt_features *rows,
                    int *ready)
{
    if (!context || !ref || !rows || !ready)
        return PVT_ERROR_ARGUMENT;
    *ready = 0;
    pvt_status status = enter(context);
    if (status != PVT_OK)
        return status;
    context->ref = (pvt_plane){ref, ref_stride};
    context->score_pairs = false;
    status = take_frame(context, rows, ready);
    leave(context);
    return status;
}

pvt_status pvt_flush(pvt_context *context, pvt_features *rows, int *ready)
{
    if (!context || !rows || !ready)
        return PVT_ERROR_ARGUMENT;
    *ready = 0;
    const pvt_status status = enter(context);
    if (status != PVT_OK)
        return status;
    context->flushed = true;
    release_rows(context, context->last_motion, rows, ready); /* no successor: its own motion */
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
    context->has_last = context->flushed = context->has_rows = context->last_is_first = false;
    context->last_motion = 0.0;
    context->motion.last = -1;
    leave(context);
    return PVT_OK;
}
