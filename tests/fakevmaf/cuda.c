/* The CUDA functions of Netflix's libvmaf. No GPU is used. */
#include "fake.h"

#if FAKE_CUDA

#include <stdlib.h>

/* The device belongs to the context once it is imported; the handle stays the caller's, and only
 * forks can free it. Netflix's libvmaf cannot free a state that was never imported. */
struct VmafCudaState {
    bool here, imported, handle_alive;
};

static bool cuda_state_alive(const VmafCudaState *state, const char *function)
{
    if (state != NULL && state != POISON && state->here && state->handle_alive) {
        return true;
    }
    violation("%s: a CUDA state that is gone", function);
    return false;
}

int vmaf_cuda_state_init(VmafCudaState **out, VmafCudaConfiguration configuration)
{
    const int failure =
        enter("vmaf_cuda_state_init", "context=%s", configuration.cu_ctx ? "given" : "own");
    *out = POISON;
    if (failure || !gpu_present) {
        return leave(failure ? failure : -EINVAL);
    }
    VmafCudaState *made = calloc(1, sizeof *made);
    *made = (VmafCudaState){.here = true, .handle_alive = true};
    live.cuda_states += FAKE_CUDA_STATE_FREE;
    *out = made;
    return leave(0);
}

int vmaf_cuda_import_state(VmafContext *context, VmafCudaState *state)
{
    const int failure = enter("vmaf_cuda_import_state", "context=%d", context_id(context));
    if (failure || !context_alive(context, "vmaf_cuda_import_state") ||
        !cuda_state_alive(state, "vmaf_cuda_import_state")) {
        return leave(failure ? failure : -EINVAL);
    }
    if (state->imported) {
        violation("vmaf_cuda_import_state: the state is another context's");
    }
    state->imported = true;
    live.cuda_states += !FAKE_CUDA_STATE_FREE;
    context_import(context, GPU_CUDA, state);
    return leave(0);
}

#if FAKE_CUDA_STATE_FREE

int vmaf_cuda_state_free(VmafCudaState *state)
{
    const int failure = enter("vmaf_cuda_state_free", " ");
    if (state == NULL) {
        return leave(0);
    }
    if (state == POISON || !state->handle_alive) {
        violation("vmaf_cuda_state_free: a CUDA state that is gone");
        return leave(-EINVAL);
    }
    if (state->imported && state->here) {
        violation("vmaf_cuda_state_free: before the context was closed");
    }
    state->handle_alive = false;
    bury(state);
    live.cuda_states--;
    return leave(failure);
}

#endif

int vmaf_cuda_preallocate_pictures(VmafContext *context, VmafGpuPictureConfiguration configuration)
{
    return gpu_preallocate("vmaf_cuda_preallocate_pictures", context, configuration, GPU_CUDA);
}

int vmaf_cuda_fetch_preallocated_picture(VmafContext *context, VmafPicture *picture)
{
    return gpu_fetch("vmaf_cuda_fetch_preallocated_picture", context, picture);
}

void cuda_state_released(VmafCudaState *state)
{
    state->here = false;
    live.cuda_states -= !FAKE_CUDA_STATE_FREE;
}

#endif
