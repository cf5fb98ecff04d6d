/* What the CUDA and the SYCL functions have in common. */
#include "fake.h"

#define POOL_PICTURES 4

int gpu_preallocate(const char *function, VmafContext *context,
                    VmafGpuPictureConfiguration configuration, enum gpu gpu)
{
    const picture_parameters *p = &configuration.pic_params;
    const int failure =
        enter(function, "context=%d, w=%u, h=%u, bpc=%u, format=%d, method=%d", context_id(context),
              p->w, p->h, p->bpc, (int)p->pix_fmt, (int)configuration.pic_prealloc_method);
    if (failure || !context_alive(context, function)) {
        return leave(failure ? failure : -EINVAL);
    }
    if (context_gpu(context) != gpu) {
        violation("%s: the state was not imported", function);
        return leave(-EINVAL);
    }
    return leave(
        pool_open(context_pool(context), *p, POOL_PICTURES, configuration.pic_prealloc_method));
}

int gpu_fetch(const char *function, VmafContext *context, VmafPicture *picture)
{
    const int failure = enter(function, "context=%d", context_id(context));
    if (failure || !context_alive(context, function) || *context_pool(context) == NULL) {
        return leave(failure ? failure : -EINVAL);
    }
    return leave(context_fetch(context, picture));
}

void gpu_state_released(enum gpu gpu, void *state)
{
#if FAKE_CUDA
    if (gpu == GPU_CUDA) {
        cuda_state_released(state);
    }
#endif
#if FAKE_SYCL
    if (gpu == GPU_SYCL) {
        sycl_state_released(state);
    }
#endif
    (void)gpu;
    (void)state;
}
