/* The functions of a loaded libvmaf, and who may set its CPU mask. See library.h. */
#include "library.h"

#include "threads.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An address becomes a function: the way of dlsym's manual, which ISO C leaves open. */
#define TAKE(field, symbol)                                                                        \
    memcpy(&library->vmaf.field, &symbols->symbol, sizeof library->vmaf.field)

static void take_functions(pvl_library *library, const pvl_symbols *symbols)
{
    TAKE(version, vmaf_version);
    TAKE(init2, vmaf_init);
    TAKE(init3, vmaf_init);
    TAKE(close, vmaf_close);
    TAKE(use_feature, vmaf_use_feature);
    TAKE(use_features_from_model, vmaf_use_features_from_model);
    TAKE(import_feature_score, vmaf_import_feature_score);
    TAKE(read_pictures, vmaf_read_pictures);
    TAKE(feature_score_at_index, vmaf_feature_score_at_index);
    TAKE(score_at_index, vmaf_score_at_index);
    TAKE(feature_dictionary_set, vmaf_feature_dictionary_set);
    TAKE(feature_dictionary_free, vmaf_feature_dictionary_free);
    TAKE(model_load, vmaf_model_load);
    TAKE(model_load_from_path, vmaf_model_load_from_path);
    TAKE(model_destroy, vmaf_model_destroy);
    TAKE(picture_alloc, vmaf_picture_alloc);
    TAKE(picture_unref, vmaf_picture_unref);
    TAKE(preallocate_pictures, vmaf_preallocate_pictures);
    TAKE(fetch_preallocated_picture, vmaf_fetch_preallocated_picture);
    TAKE(cuda_state_init, vmaf_cuda_state_init);
    TAKE(cuda_import_state, vmaf_cuda_import_state);
    TAKE(cuda_preallocate_pictures, vmaf_cuda_preallocate_pictures);
    TAKE(cuda_fetch_preallocated_picture, vmaf_cuda_fetch_preallocated_picture);
    TAKE(cuda_state_free, vmaf_cuda_state_free);
    TAKE(sycl_state_init, vmaf_sycl_state_init);
    TAKE(sycl_import_state, vmaf_sycl_import_state);
    TAKE(sycl_state_free, vmaf_sycl_state_free);
}

static bool complete(const vmaf_functions *vmaf)
{
    return vmaf->version && vmaf->init3 && vmaf->close && vmaf->use_feature &&
           vmaf->use_features_from_model && vmaf->import_feature_score && vmaf->read_pictures &&
           vmaf->feature_score_at_index && vmaf->score_at_index && vmaf->feature_dictionary_set &&
           vmaf->feature_dictionary_free && vmaf->model_load && vmaf->model_load_from_path &&
           vmaf->model_destroy && vmaf->picture_alloc && vmaf->picture_unref;
}

/* The layout that goes with the functions that are there and the version that is reported: builds
 * without tags report anything from nothing to another release's number. */
static bool find_layout(pvl_library *library, const pvl_symbols *symbols)
{
    const char *text = library->vmaf.version();
    while (text && *text && !isdigit((unsigned char)*text))
        text++;
    char *end = NULL;
    const long major = text ? strtol(text, &end, 10) : 0;
    const long minor = end && *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    if (major > 3 || (major > 0 && major < 2) || (major == 2 && minor < 3))
        return false;
    library->abilities.major = symbols->compute_vmaf || major == 2 ? 2 : 3;
    library->abilities.minor = library->abilities.major == 2        ? 3
                               : library->vmaf.preallocate_pictures ? 2
                                                                    : 0;
    return true;
}

pvl_status pvl_library_open(const pvl_symbols *symbols, pvl_library **out)
{
    if (!out)
        return PVL_ERROR_ARGUMENT;
    *out = NULL;
    if (!symbols)
        return PVL_ERROR_ARGUMENT;
    pvl_library *library = calloc(1, sizeof *library);
    if (!library)
        return PVL_ERROR_MEMORY;
    take_functions(library, symbols);
    const vmaf_functions *vmaf = &library->vmaf;
    pvl_status status = complete(vmaf) ? PVL_OK : PVL_ERROR_SYMBOL;
    if (status == PVL_OK && !find_layout(library, symbols))
        status = PVL_ERROR_VERSION;
    if (status == PVL_OK && pthread_mutex_init(&library->mutex, NULL))
        status = PVL_ERROR_MEMORY;
    if (status != PVL_OK) {
        free(library);
        return status;
    }
    library->owner = getpid();
    library->abilities.preallocated =
        vmaf->preallocate_pictures && vmaf->fetch_preallocated_picture;
    library->abilities.cuda = vmaf->cuda_state_init && vmaf->cuda_import_state &&
                              vmaf->cuda_preallocate_pictures &&
                              vmaf->cuda_fetch_preallocated_picture;
    library->abilities.sycl =
        vmaf->sycl_state_init && vmaf->sycl_import_state && vmaf->sycl_state_free;
    *out = library;
    return PVL_OK;
}

void pvl_library_close(pvl_library *library)
{
    if (!library)
        return;
    pthread_mutex_destroy(&library->mutex);
    free(library);
}

const char *pvl_library_version(const pvl_library *library) { return library->vmaf.version(); }

void pvl_library_abilities(const pvl_library *library, pvl_abilities *abilities)
{
    *abilities = library->abilities;
}

/* ---- the CPU mask --------------------------------------------------------------------------- */

static void lock(pvl_library *library)
{
    if (library->owner != getpid()) {
        /* fork() copied the mutex in whatever state it was, and none of the parent's threads. */
        library->owner = getpid();
        library->holders = 0;
        pthread_mutex_init(&library->mutex, NULL);
    }
    pthread_mutex_lock(&library->mutex);
}

static void unlock(pvl_library *library) { pthread_mutex_unlock(&library->mutex); }

/* Under the mutex. libvmaf takes the mask, and its log level, from whoever called it last. */
static pvl_status init(pvl_library *library, const pvl_config *c, VmafContext **out,
                       pvl_failure *failure)
{
    if (library->holders && library->mask != c->cpu_mask)
        return PVL_ERROR_CPU_MASK;
    VmafContext *context = NULL;
    int answer;
    if (library->abilities.major == 2) {
        const VmafConfiguration2 configuration = {.log_level = c->log_level,
                                                  .n_threads = (unsigned)c->threads,
                                                  .n_subsample = (unsigned)c->subsample,
                                                  .cpumask = c->cpu_mask};
        answer = library->vmaf.init2(&context, configuration);
    } else {
        const VmafConfiguration3 configuration = {.log_level = c->log_level,
                                                  .n_threads = (unsigned)c->threads,
                                                  .n_subsample = (unsigned)c->subsample,
                                                  .cpumask = c->cpu_mask,
                                                  .gpumask = c->gpu_mask};
        answer = library->vmaf.init3(&context, configuration);
    }
    library->mask = c->cpu_mask;
    library->mask_known = true;
    if (answer) { /* the pointer is not NULL then, and not usable */
        *failure = (pvl_failure){"vmaf_init", answer, NULL};
        return PVL_ERROR_CALL;
    }
    *out = context;
    return PVL_OK;
}

pvl_status pvl_library_new_context(pvl_library *library, const pvl_config *config,
                                   VmafContext **context, pvl_failure *failure)
{
    sigset_t all, before;
    sigfillset(&all); /* signals are the caller's business, not that of libvmaf's threads */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    lock(library);
    pvl_status status = PVL_OK;
    if (config->threads > 0 && !pvl_threads_can_start(config->threads))
        status = PVL_ERROR_THREADS; /* libvmaf would wait for them for ever */
    if (status == PVL_OK)
        status = init(library, config, context, failure);
    if (status == PVL_OK && config->threads > 0)
        library->holders++;
    unlock(library);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

void pvl_library_end_context(pvl_library *library, const pvl_config *config, VmafContext *context)
{
    library->vmaf.close(context);
    if (config->threads == 0)
        return;
    lock(library);
    library->holders--;
    unlock(library);
}

pvl_status pvl_library_claim_mask(pvl_library *library, const pvl_config *config,
                                  pvl_failure *failure)
{
    lock(library);
    if (library->mask_known && library->mask == config->cpu_mask)
        return PVL_OK;
    /* A context that is never used is the public way to set the mask. */
    pvl_config bare = *config;
    bare.threads = 0;
    VmafContext *context;
    const pvl_status status = init(library, &bare, &context, failure);
    if (status == PVL_OK)
        library->vmaf.close(context);
    else
        unlock(library);
    return status;
}

void pvl_library_release_mask(pvl_library *library) { unlock(library); }

void pvl_library_silence(pvl_library *library)
{
    lock(library);
    const pvl_config bare = {.subsample = 1, .cpu_mask = library->mask};
    VmafContext *context;
    pvl_failure failure;
    if (init(library, &bare, &context, &failure) == PVL_OK)
        library->vmaf.close(context);
    unlock(library);
}
