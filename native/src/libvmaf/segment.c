/* Opening, feeding and closing one libvmaf context. See segment.h. */
#include "segment.h"

#include "pictures.h"

#include <stdio.h>
#include <string.h>

static pvl_status failed(pvl_shared *shared, const char *function, int code, const char *feature)
{
    shared->failure = (pvl_failure){function, code, feature};
    return PVL_ERROR_CALL;
}

/* ---- opening -------------------------------------------------------------------------------- */

static pvl_status import_device(pvl_shared *shared, pvl_segment *segment)
{
    const vmaf_functions *vmaf = &shared->library->vmaf;
    const pvl_config *c = &shared->config;
    int answer;
    if (c->device == PVL_CUDA) {
        const VmafCudaConfiguration configuration = {c->cuda_context};
        VmafCudaState *state = NULL;
        answer = vmaf->cuda_state_init(&state, configuration);
        if (answer) {
            failed(shared, "vmaf_cuda_state_init", answer, NULL);
            return PVL_ERROR_DEVICE;
        }
        segment->cuda = state;
        answer = vmaf->cuda_import_state(segment->context, state);
        if (answer)
            return failed(shared, "vmaf_cuda_import_state", answer, NULL);
    } else if (c->device == PVL_SYCL) {
        const VmafSyclConfiguration configuration = {c->device_index, 0};
        VmafSyclState *state = NULL;
        answer = vmaf->sycl_state_init(&state, configuration);
        if (answer) {
            failed(shared, "vmaf_sycl_state_init", answer, NULL);
            return PVL_ERROR_DEVICE;
        }
        segment->sycl = state;
        answer = vmaf->sycl_import_state(segment->context, state);
        if (answer)
            return failed(shared, "vmaf_sycl_import_state", answer, NULL);
    }
    return PVL_OK;
}

static pvl_status use_feature(pvl_shared *shared, pvl_segment *segment, const char *name,
                              const char *option)
{
    static const char *const suffix[] = {
        [PVL_CPU] = "", [PVL_CUDA] = "_cuda", [PVL_SYCL] = "_sycl"};
    const vmaf_functions *vmaf = &shared->library->vmaf;
    const pvl_config *c = &shared->config;
    VmafFeatureDictionary *options = NULL;
    if (option && c->gain_limit != 100.0) {
        char limit[32];
        snprintf(limit, sizeof limit, "%.17g", c->gain_limit);
        const int answer = vmaf->feature_dictionary_set(&options, option, limit);
        if (answer)
            return failed(shared, "vmaf_feature_dictionary_set", answer, name);
    }
    char extractor[32];
    snprintf(extractor, sizeof extractor, "%s%s", name, suffix[c->device]);
    const int answer = vmaf->use_feature(segment->context, extractor, options);
    if (answer && options) /* taken over on success only */
        vmaf->feature_dictionary_free(&options);
    return answer ? failed(shared, "vmaf_use_feature", answer, name) : PVL_OK;
}

static pvl_status use_teacher(pvl_shared *shared, pvl_segment *segment)
{
    const vmaf_functions *vmaf = &shared->library->vmaf;
    const pvl_config *c = &shared->config;
    if (!c->teacher)
        return PVL_OK;
    if (!shared->teacher) {
        VmafModelConfig configuration = {.name = "vmaf"};
        VmafModel *model = NULL;
        const int answer = c->teacher_is_path
                               ? vmaf->model_load_from_path(&model, &configuration, c->teacher)
                               : vmaf->model_load(&model, &configuration, c->teacher);
        if (answer) {
            failed(shared, c->teacher_is_path ? "vmaf_model_load_from_path" : "vmaf_model_load",
                   answer, NULL);
            return PVL_ERROR_TEACHER;
        }
        shared->teacher = model;
    }
    const int answer = vmaf->use_features_from_model(segment->context, shared->teacher);
    if (answer) {
        failed(shared, "vmaf_use_features_from_model", answer, NULL);
        return PVL_ERROR_TEACHER;
    }
    return PVL_OK;
}

pvl_status pvl_segment_open(pvl_shared *shared, pvl_segment *segment, uint64_t first)
{
    *segment = (pvl_segment){.first = first};
    pvl_status status = pvl_library_new_context(shared->library, &shared->config, &segment->context,
                                                &shared->failure);
    if (status != PVL_OK)
        return status;
    status = import_device(shared, segment);
    /* motion first: libvmaf's threads work in this order, and a row waits for the next motion. */
    if (status == PVL_OK)
        status = use_feature(shared, segment, "motion", NULL);
    if (status == PVL_OK)
        status = use_feature(shared, segment, "vif", "vif_enhn_gain_limit");
    if (status == PVL_OK)
        status = use_feature(shared, segment, "adm", "adm_enhn_gain_limit");
    if (status == PVL_OK)
        status = use_teacher(shared, segment);
    if (status == PVL_OK)
        status = pvl_pictures_prepare(shared, segment);
    if (status != PVL_OK)
        pvl_segment_close(shared, segment);
    return status;
}

void pvl_segment_close(pvl_shared *shared, pvl_segment *segment)
{
    const vmaf_functions *vmaf = &shared->library->vmaf;
    if (segment->context)
        pvl_library_end_context(shared->library, &shared->config, segment->context);
    /* The device's states are used until the context is closed. Netflix's libvmaf frees what a CUDA
     * state stands for with the context, and has nothing to free the handle itself. */
    if (segment->cuda && vmaf->cuda_state_free)
        vmaf->cuda_state_free(segment->cuda);
    if (segment->sycl)
        vmaf->sycl_state_free(&segment->sycl);
    *segment = (pvl_segment){0};
}

/* ---- a frame -------------------------------------------------------------------------------- */

/* Hands both pictures over, whatever becomes of them. */
static pvl_status read_pictures(pvl_shared *shared, pvl_segment *segment, VmafPicture *ref,
                                VmafPicture *dis)
{
    const vmaf_functions *vmaf = &shared->library->vmaf;
    const int answer = vmaf->read_pictures(segment->context, ref, dis, segment->taken);
    if (answer == 0) {
        segment->taken++;
        return PVL_OK;
    }
    /* On failure libvmaf leaves the pictures with the caller, or has cleared them. */
    pvl_picture_release(shared, ref);
    pvl_picture_release(shared, dis);
    return failed(shared, "vmaf_read_pictures", answer, NULL);
}

pvl_status pvl_segment_read(pvl_shared *shared, pvl_segment *segment, const pvl_pair *pair)
{
    VmafPicture ref, dis;
    pvl_status status = pvl_picture_get(shared, segment, &ref);
    if (status != PVL_OK)
        return status;
    status = pvl_picture_get(shared, segment, &dis);
    if (status != PVL_OK) {
        pvl_picture_release(shared, &ref);
        return status;
    }
    const pvl_config *c = &shared->config;
    if (!pvl_picture_fill(c, &ref, pair->ref, pair->ref_stride) ||
        (pair->dis && !pvl_picture_fill(c, &dis, pair->dis, pair->dis_stride)))
        status = PVL_ERROR_SAMPLE_RANGE;
    const bool claim = status == PVL_OK && segment->taken == 0;
    if (claim)
        status = pvl_library_claim_mask(shared->library, c, &shared->failure);
    if (status != PVL_OK) {
        pvl_picture_release(shared, &ref);
        pvl_picture_release(shared, &dis);
        return status;
    }
    status = read_pictures(shared, segment, &ref, &dis);
    if (claim)
        pvl_library_release_mask(shared->library);
    return status;
}

pvl_status pvl_segment_flush(pvl_shared *shared, pvl_segment *segment)
{
    if (segment->flushed || segment->taken == 0)
        return PVL_OK; /* extractors that have seen nothing cannot be flushed */
    segment->flushed = true;
    const int answer = shared->library->vmaf.read_pictures(segment->context, NULL, NULL, 0);
    return answer ? failed(shared, "vmaf_read_pictures", answer, NULL) : PVL_OK;
}
