/* Extraction: the pairs that wait, and the scores that come of them.
 *
 * Scores are simple functions of the pictures. With S the mean of sample * weight over a luma
 * plane, where weight is 1 + (31 * y + x) % 7, and L the gain limit (0 where none is set):
 *
 *     adm2 = S(distorted) + L / 1000          vif_scale<k> = S(reference) + 1000 * k + L / 1000
 *     motion_sad[0] = 0                       motion_sad[i] = |S(reference i) - S(reference i-1)|
 *     motion2[i] = min(sad[i], sad[i + 1])    motion2[last] = sad[last]
 *     VMAF = adm2 + vif_scale0 / 2 + motion2
 */
#include "context.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void write_score(VmafContext *context, const char *feature, const char *limit, double value,
                        unsigned index)
{
    char name[SCORE_NAME];
    score_name(name, feature, limit);
    score_write(&context->scores, name, value, index);
}

static void extract_motion(VmafContext *context, bool publishes_sad, double sad, unsigned index)
{
    if (publishes_sad) {
        write_score(context, "motion_sad", "", sad, index);
    } else if (index == 0) {
        write_score(context, "motion2", "", 0, 0);
    } else if (index > 1) {
        write_score(context, "motion2", "", fmin(context->last_sad, sad), index - 1);
    }
}

static void extract(VmafContext *context, pair *next)
{
    if (next->ref.ref != NULL) {
        next->ref_sum = picture_sum(&next->ref);
        next->dis_sum = picture_sum(&next->dis);
        picture_release(&next->ref);
        picture_release(&next->dis);
    }
    const double samples = (double)next->w * next->h;
    const double ref_mean = (double)next->ref_sum / samples;
    const double dis_mean = (double)next->dis_sum / samples;
    const double sad = next->index == 0 ? 0 : fabs(ref_mean - context->last_mean);
    const unsigned every = context->configuration.n_subsample;
    const bool scored = every < 2 || next->index % every == 0;

    for (unsigned i = 0; i < context->extractor_count; i++) {
        const extractor *e = &context->extractors[i];
        if (e->feature == MOTION) {
            extract_motion(context, AT_LEAST(3, 2) && e->gpu == GPU_NONE, sad, next->index);
        } else if (scored && e->feature == ADM) {
            write_score(context, "adm2", e->limit, dis_mean + atof(e->limit) / 1000, next->index);
        } else if (scored) {
            for (int scale = 0; scale < 4; scale++) {
                char name[] = "vif_scale0";
                name[sizeof name - 2] = (char)('0' + scale);
                write_score(context, name, e->limit,
                            ref_mean + 1000 * scale + atof(e->limit) / 1000, next->index);
            }
        }
    }
    context->last_mean = ref_mean;
    context->last_sad = sad;
    context->processed = (int)next->index;
}

void context_advance(VmafContext *context, unsigned left)
{
    while (context->waiting_count > left) {
        extract(context, &context->waiting[0]);
        context->waiting_count--;
        memmove(context->waiting, context->waiting + 1,
                context->waiting_count * sizeof *context->waiting);
    }
}

void context_push(VmafContext *context, uint64_t ref_sum, uint64_t dis_sum, unsigned w, unsigned h,
                  unsigned index, VmafPicture *ref, VmafPicture *dis)
{
    if ((int)index <= context->read) {
        violation("frame %u after frame %d", index, context->read);
    }
    context->read = (int)index;
    pair next = {.ref_sum = ref_sum, .dis_sum = dis_sum, .w = w, .h = h, .index = index};
    if (ref != NULL) {
        next.ref = *ref;
        next.dis = *dis;
#if AT_LEAST(3, 2)
        if (context->before[1].ref != NULL) {
            picture_release(&context->before[1]);
        }
        context->before[1] = context->before[0];
        picture_share(&context->before[0], ref);
#endif
        if (!FAKE_CUDA) { /* a CUDA build works on copies: the caller's still look whole */
            memset(ref, 0, sizeof *ref);
            memset(dis, 0, sizeof *dis);
        }
    }
    unsigned lag = (unsigned)score_lag;
    lag = context->configuration.n_threads > lag ? context->configuration.n_threads : lag;
    lag = lag == 0 && context->gpu != GPU_NONE ? 1 : lag; /* a GPU works on while we go on */
    lag = lag < MOST_WAITING ? lag : MOST_WAITING - 1;
    context->waiting[context->waiting_count++] = next;
    context_advance(context, lag);
}

/* motion2 as far as it is not there yet. */
static void flush_motion(VmafContext *context, bool publishes_sad)
{
    if (!publishes_sad) {
        if (context->processed > 0) {
            write_score(context, "motion2", "", context->last_sad, (unsigned)context->processed);
        }
        return;
    }
    double now, next;
    for (unsigned i = 0; score_read(&context->scores, SAD_NAME, &now, i); i++) {
        const bool more = score_read(&context->scores, SAD_NAME, &next, i + 1);
        write_score(context, "motion2", "", i == 0 ? 0 : more ? fmin(now, next) : now, i);
    }
}

void context_flush(VmafContext *context)
{
    context_advance(context, 0);
    for (unsigned i = 0; i < context->extractor_count; i++) {
        const extractor *e = &context->extractors[i];
        if (e->feature == MOTION) {
            flush_motion(context, AT_LEAST(3, 2) && e->gpu == GPU_NONE);
        }
    }
    context->flushed = true;
}
