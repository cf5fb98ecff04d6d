/* Contexts, and the extractors that run in them. */
#include "context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the other parts ask
 * -------------------------------------------------------------------*/

bool context_alive(VmafContext *context, const char *function)
{
    if (context != NULL && context != POISON && context->kind == CONTEXT) {
        return true;
    }
    violation("%s: %s", function, context == NULL ? "no context" : "a context that is gone");
    return false;
}

int context_id(const VmafContext *context)
{
    const bool alive = context != NULL && context != POISON && context->kind == CONTEXT;
    return alive ? context->id : 0;
}

enum gpu context_gpu(const VmafContext *context) { return context->gpu; }

bool context_flushed(const VmafContext *context) { return context->flushed; }

void *context_state(const VmafContext *context) { return context->gpu_state; }

picture_pool **context_pool(VmafContext *context) { return &context->pool; }

void context_import(VmafContext *context, enum gpu gpu, void *state)
{
    context->gpu = gpu;
    context->gpu_state = state;
}

/* ---- what programs call -----------------------------------------------------------------------*/

const char *vmaf_version(void)
{
    const int failure = enter("vmaf_version", " ");
    leave(0);
    return failure ? NULL : FAKE_VERSION;
}

#if !AT_LEAST(3, 0)

int compute_vmaf(void)
{
    violation("compute_vmaf: it reads everything at once");
    return -EINVAL;
}

#endif

int vmaf_init(VmafContext **out, VmafConfiguration configuration)
{
    char gpumask[40] = ""; /* only where there is one */
#if AT_LEAST(3, 0)
    if (configuration.gpumask != 0) {
        snprintf(gpumask, sizeof gpumask, ", gpumask=%llu",
                 (unsigned long long)configuration.gpumask);
    }
#endif
    const int failure =
        enter("vmaf_init", "threads=%u, subsample=%u, cpumask=%llu%s", configuration.n_threads,
              configuration.n_subsample, (unsigned long long)configuration.cpumask, gpumask);
    *out = POISON; /* libvmaf leaves a pointer to freed memory when it fails */
    if (failure) {
        return leave(failure);
    }
    log_level = configuration.log_level;
    VmafContext *made = calloc(1, sizeof *made);
    made->kind = CONTEXT;
    made->id = next_id();
    made->configuration = configuration;
    made->read = made->processed = -1;
    live.contexts++;
    *out = made;
    return leave(0);
}

int vmaf_close(VmafContext *context)
{
    const int failure = enter("vmaf_close", "context=%d", context_id(context));
    if (!context_alive(context, "vmaf_close")) {
        return leave(-EINVAL);
    }
    context_advance(context, 0);
    for (int i = 0; i < 2; i++) {
        if (context->before[i].ref != NULL) {
            picture_release(&context->before[i]);
        }
    }
    if (context->pool != NULL) {
        pool_close(context->pool);
    }
    gpu_state_released(context->gpu, context->gpu_state);
    scores_forget(&context->scores);
    context->kind = 0;
    bury(context);
    live.contexts--;
    return leave(failure);
}

static bool add_extractor(VmafContext *context, enum feature feature, enum gpu gpu,
                          const char *limit)
{
    limit = atof(limit) == 100 ? "" : limit; /* the default is no part of a score's name */
    for (unsigned i = 0; i < context->extractor_count; i++) {
        const extractor *e = &context->extractors[i];
        if (e->feature == feature && e->gpu == gpu && strcmp(e->limit, limit) == 0) {
            return true;
        }
    }
    if (context->extractor_count == MOST_EXTRACTORS) {
        return false;
    }
    extractor *added = &context->extractors[context->extractor_count++];
    *added = (extractor){.feature = feature, .gpu = gpu};
    snprintf(added->limit, sizeof added->limit, "%s", limit);
    return true;
}

int vmaf_use_feature(VmafContext *context, const char *name, VmafFeatureDictionary *options)
{
    const struct {
        const char *name;
        enum feature feature;
        enum gpu gpu;
        bool here;
    } known[] = {
        {"adm", ADM, GPU_NONE, true},
        {"vif", VIF, GPU_NONE, true},
        {"motion", MOTION, GPU_NONE, true},
        {"adm_cuda", ADM, GPU_CUDA, FAKE_CUDA},
        {"vif_cuda", VIF, GPU_CUDA, FAKE_CUDA},
        {"motion_cuda", MOTION, GPU_CUDA, FAKE_CUDA},
        {"adm_sycl", ADM, GPU_SYCL, FAKE_SYCL},
        {"vif_sycl", VIF, GPU_SYCL, FAKE_SYCL},
        {"motion_sycl", MOTION, GPU_SYCL, FAKE_SYCL},
    };
    const int failure = enter("vmaf_use_feature", "context=%d, name=%s, dictionary=%d",
                              context_id(context), name, dictionary_id(options));
    if (failure || !context_alive(context, "vmaf_use_feature")) {
        return leave(failure ? failure : -EINVAL);
    }
    if (options != NULL && !dictionary_alive(options)) {
        violation("vmaf_use_feature: a dictionary that is gone");
        return leave(-EINVAL);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!known[i].here || strcmp(known[i].name, name) != 0) {
            continue;
        }
        if (known[i].gpu != GPU_NONE && known[i].gpu != context->gpu) {
            violation("vmaf_use_feature: %s before its state was imported", name);
            return leave(-EINVAL);
        }
        const gain_limits limits = dictionary_limits(options);
        const char *limit = known[i].feature == ADM   ? limits.adm
                            : known[i].feature == VIF ? limits.vif
                                                      : "";
        if (!add_extractor(context, known[i].feature, known[i].gpu, limit)) {
            return leave(-ENOMEM);
        }
        if (options != NULL) {
            dictionary_end(options); /* the context's own from now on */
        }
        return leave(0);
    }
    return leave(-EINVAL);
}

int vmaf_use_features_from_model(VmafContext *context, VmafModel *model)
{
    const int failure = enter("vmaf_use_features_from_model", "context=%d, model=%d",
                              context_id(context), model_id(model));
    if (failure || !context_alive(context, "vmaf_use_features_from_model")) {
        return leave(failure ? failure : -EINVAL);
    }
    if (!model_alive(model)) {
        violation("vmaf_use_features_from_model: a model that is gone");
        return leave(-EINVAL);
    }
    const gain_limits limits = model_limits(model);
    const bool added = add_extractor(context, ADM, context->gpu, limits.adm) &&
                       add_extractor(context, VIF, context->gpu, limits.vif) &&
                       add_extractor(context, MOTION, context->gpu, "");
    return leave(added ? 0 : -ENOMEM);
}
