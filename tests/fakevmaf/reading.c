/* Pictures in, scores out. */
#include "context.h"

/* Threads and GPUs go on in the meantime: whoever asks in vain brings them one pair further. */
static int not_yet(VmafContext *context)
{
    if (context->waiting_count > 0) {
        context_advance(context, context->waiting_count - 1);
    }
    return -EINVAL;
}

int vmaf_read_pictures(VmafContext *context, VmafPicture *ref, VmafPicture *dis, unsigned index)
{
    const int failure = enter("vmaf_read_pictures", "context=%d, ref=%d, dis=%d, index=%u",
                              context_id(context), picture_id(ref), picture_id(dis), index);
    if (!context_alive(context, "vmaf_read_pictures")) {
        return leave(-EINVAL);
    }
    if (context->flushed) {
        violation("vmaf_read_pictures: the context was flushed");
        return leave(-EINVAL);
    }
    if (ref == NULL && dis == NULL) {
        if (!failure) {
            context_flush(context);
        }
        return leave(failure);
    }
    if (!picture_alive(ref, "vmaf_read_pictures") || !picture_alive(dis, "vmaf_read_pictures")) {
        return leave(-EINVAL);
    }
    if (ref->w[0] != dis->w[0] || ref->h[0] != dis->h[0] || ref->bpc != dis->bpc ||
        picture_on_device(ref) != picture_on_device(dis)) {
        violation("vmaf_read_pictures: the pictures differ in size, depth or place");
        return leave(-EINVAL);
    }
    if (failure) {
        if (failure_takes_pictures) {
            picture_release(ref);
            picture_release(dis);
        }
        return leave(failure);
    }
    context_push(context, 0, 0, ref->w[0], ref->h[0], index, ref, dis);
    return leave(0);
}

int vmaf_feature_score_at_index(VmafContext *context, const char *name, double *score,
                                unsigned index)
{
    const int failure = enter("vmaf_feature_score_at_index", "context=%d, name=%s, index=%u",
                              context_id(context), name, index);
    if (failure || !context_alive(context, "vmaf_feature_score_at_index")) {
        return leave(failure ? failure : -EINVAL);
    }
    return leave(score_read(&context->scores, name, score, index) ? 0 : not_yet(context));
}

int vmaf_import_feature_score(VmafContext *context, const char *name, double value, unsigned index)
{
    const int failure = enter("vmaf_import_feature_score", "context=%d, name=%s, index=%u",
                              context_id(context), name, index);
    if (failure || !context_alive(context, "vmaf_import_feature_score")) {
        return leave(failure ? failure : -EINVAL);
    }
    return leave(score_write(&context->scores, name, value, index) ? 0 : -EINVAL);
}

int vmaf_score_at_index(VmafContext *context, VmafModel *model, double *score, unsigned index)
{
    const int failure = enter("vmaf_score_at_index", "context=%d, model=%d, index=%u",
                              context_id(context), model_id(model), index);
    if (failure || !context_alive(context, "vmaf_score_at_index")) {
        return leave(failure ? failure : -EINVAL);
    }
    if (!model_alive(model)) {
        violation("vmaf_score_at_index: a model that is gone");
        return leave(-EINVAL);
    }
    const gain_limits limits = model_limits(model);
    const score_table *scores = &context->scores;
    char adm2_name[SCORE_NAME], vif_name[SCORE_NAME], motion_name[SCORE_NAME];
    score_name(adm2_name, "adm2", limits.adm);
    score_name(vif_name, "vif_scale0", limits.vif);
    score_name(motion_name, "motion2", "");
    double adm2, vif, motion;
    if (!score_read(scores, adm2_name, &adm2, index) ||
        !score_read(scores, vif_name, &vif, index) ||
        !score_read(scores, motion_name, &motion, index)) {
        return leave(not_yet(context));
    }
    *score = adm2 + vif / 2 + motion;
    return leave(0);
}

int context_fetch(VmafContext *context, VmafPicture *picture)
{
    while (pool_is_empty(context->pool) && context->waiting_count > 0) {
        context_advance(context, context->waiting_count - 1);
    }
    return pool_fetch(context->pool, picture);
}

#if AT_LEAST(3, 2)

int vmaf_preallocate_pictures(VmafContext *context, VmafPictureConfiguration configuration)
{
    const picture_parameters *p = &configuration.pic_params;
    const int failure =
        enter("vmaf_preallocate_pictures", "context=%d, w=%u, h=%u, bpc=%u, format=%d, count=%u",
              context_id(context), p->w, p->h, p->bpc, (int)p->pix_fmt, configuration.pic_cnt);
    if (failure || !context_alive(context, "vmaf_preallocate_pictures")) {
        return leave(failure ? failure : -EINVAL);
    }
    return leave(pool_open(&context->pool, *p, configuration.pic_cnt, PREALLOCATE_HOST));
}

int vmaf_fetch_preallocated_picture(VmafContext *context, VmafPicture *picture)
{
    const int failure = enter("vmaf_fetch_preallocated_picture", "context=%d", context_id(context));
    if (failure || !context_alive(context, "vmaf_fetch_preallocated_picture") ||
        context->pool == NULL) {
        return leave(failure ? failure : -EINVAL);
    }
    return leave(context_fetch(context, picture));
}

#endif
