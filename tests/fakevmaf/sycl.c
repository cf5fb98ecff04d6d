/* The SYCL functions of libvmaf's forks. No GPU is used. */
#include "fake.h"

#if FAKE_SYCL

#include <stdlib.h>

struct VmafSyclState {
    bool alive;
    int users; /* contexts that it was imported into */
    unsigned w, h, bpc;
    uint8_t *planes[2]; /* reference, distorted */
    uint64_t sums[2];
};

static bool sycl_state_alive(const VmafSyclState *state, const char *function)
{
    if (state != NULL && state != POISON && state->alive) {
        return true;
    }
    violation("%s: a SYCL state that is gone", function);
    return false;
}

int vmaf_sycl_state_init(VmafSyclState **out, VmafSyclConfiguration configuration)
{
    const int failure = enter("vmaf_sycl_state_init", "device=%d", configuration.device_index);
    *out = POISON;
    if (failure || !gpu_present) {
        return leave(failure ? failure : -ENODEV);
    }
    *out = calloc(1, sizeof **out);
    (*out)->alive = true;
    live.sycl_states++;
    return leave(0);
}

void vmaf_sycl_state_free(VmafSyclState **state)
{
    enter("vmaf_sycl_state_free", " ");
    if (*state != NULL && sycl_state_alive(*state, "vmaf_sycl_state_free")) {
        if ((*state)->users > 0) {
            violation("vmaf_sycl_state_free: before the context was closed");
        }
        (*state)->alive = false;
        free((*state)->planes[0]);
        free((*state)->planes[1]);
        bury(*state);
        live.sycl_states--;
    }
    *state = NULL;
    leave(0);
}

int vmaf_sycl_import_state(VmafContext *context, VmafSyclState *state)
{
    const int failure = enter("vmaf_sycl_import_state", "context=%d", context_id(context));
    if (failure || !context_alive(context, "vmaf_sycl_import_state") ||
        !sycl_state_alive(state, "vmaf_sycl_import_state")) {
        return leave(failure ? failure : -EINVAL);
    }
    state->users++;
    context_import(context, GPU_SYCL, state);
    return leave(0);
}

int vmaf_sycl_preallocate_pictures(VmafContext *context, VmafGpuPictureConfiguration configuration)
{
    return gpu_preallocate("vmaf_sycl_preallocate_pictures", context, configuration, GPU_SYCL);
}

int vmaf_sycl_picture_fetch(VmafContext *context, VmafPicture *picture)
{
    return gpu_fetch("vmaf_sycl_picture_fetch", context, picture);
}

/* The state of a context that has one; NULL and a violation otherwise. */
static VmafSyclState *sycl_state_of(VmafContext *context, const char *function)
{
    if (!context_alive(context, function)) {
        return NULL;
    }
    VmafSyclState *state = context_state(context);
    return sycl_state_alive(state, function) ? state : NULL;
}

int vmaf_sycl_init_frame_buffers(VmafContext *context, unsigned w, unsigned h, unsigned bpc)
{
    const int failure = enter("vmaf_sycl_init_frame_buffers", "context=%d, w=%u, h=%u, bpc=%u",
                              context_id(context), w, h, bpc);
    VmafSyclState *state = sycl_state_of(context, "vmaf_sycl_init_frame_buffers");
    if (failure || state == NULL) {
        return leave(failure ? failure : -EINVAL);
    }
    state->w = w;
    state->h = h;
    state->bpc = bpc;
    for (int side = 0; side < 2; side++) {
        free(state->planes[side]);
        state->planes[side] = calloc((size_t)w * h, bpc > 8 ? 2 : 1);
    }
    return leave(0);
}

int vmaf_sycl_get_frame_buffers(VmafContext *context, void **ref, void **dis)
{
    const int failure = enter("vmaf_sycl_get_frame_buffers", "context=%d", context_id(context));
    VmafSyclState *state = sycl_state_of(context, "vmaf_sycl_get_frame_buffers");
    if (failure || state == NULL || state->planes[0] == NULL) {
        return leave(failure ? failure : -EINVAL);
    }
    *ref = state->planes[0];
    *dis = state->planes[1];
    return leave(0);
}

int vmaf_sycl_upload_plane(VmafSyclState *state, const void *source, unsigned pitch, int is_ref,
                           unsigned w, unsigned h, unsigned bpc)
{
    const int failure =
        enter("vmaf_sycl_upload_plane", "is_ref=%d, w=%u, h=%u, bpc=%u", is_ref, w, h, bpc);
    if (failure || !sycl_state_alive(state, "vmaf_sycl_upload_plane")) {
        return leave(failure ? failure : -EINVAL);
    }
    if (state->planes[0] == NULL || state->w != w || state->h != h || state->bpc != bpc) {
        violation("vmaf_sycl_upload_plane: not the frame buffers' size");
        return leave(-EINVAL);
    }
    state->sums[is_ref ? 0 : 1] = plane_sum(source, (ptrdiff_t)pitch, w, h, bpc);
    return leave(0);
}

int vmaf_sycl_wait_compute(VmafContext *context)
{
    const int failure = enter("vmaf_sycl_wait_compute", "context=%d", context_id(context));
    if (failure || sycl_state_of(context, "vmaf_sycl_wait_compute") == NULL) {
        return leave(failure ? failure : -EINVAL);
    }
    context_advance(context, 0);
    return leave(0);
}

int vmaf_read_pictures_sycl(VmafContext *context, unsigned index)
{
    const int failure =
        enter("vmaf_read_pictures_sycl", "context=%d, index=%u", context_id(context), index);
    VmafSyclState *state = sycl_state_of(context, "vmaf_read_pictures_sycl");
    if (failure || state == NULL || state->planes[0] == NULL || context_flushed(context)) {
        return leave(failure ? failure : -EINVAL);
    }
    context_push(context, state->sums[0], state->sums[1], state->w, state->h, index, NULL, NULL);
    return leave(0);
}

int vmaf_flush_sycl(VmafContext *context)
{
    const int failure = enter("vmaf_flush_sycl", "context=%d", context_id(context));
    if (failure || sycl_state_of(context, "vmaf_flush_sycl") == NULL) {
        return leave(failure ? failure : -EINVAL);
    }
    context_flush(context);
    return leave(0);
}

int vmaf_sycl_list_devices(void)
{
    const int failure = enter("vmaf_sycl_list_devices", " ");
    return leave(failure ? failure : gpu_present);
}

void sycl_state_released(VmafSyclState *state) { state->users--; }

#endif
