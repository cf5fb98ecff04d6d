/* Pictures: pre-allocated where the library has that, allocated one by one elsewhere. */
#include "pictures.h"

#include <string.h>

static VmafPictureParameters parameters_of(const pvl_config *c)
{
    return (VmafPictureParameters){.w = (unsigned)c->width,
                                   .h = (unsigned)c->height,
                                   .bpc = (unsigned)c->bit_depth,
                                   .pix_fmt = VMAF_PIX_FMT_YUV400P};
}

static pvl_status failed(pvl_shared *shared, const char *function, int code)
{
    shared->failure = (pvl_failure){function, code, NULL};
    return PVL_ERROR_CALL;
}

static bool from_pool(const pvl_shared *shared)
{
    return shared->config.device == PVL_CPU && shared->library->abilities.preallocated;
}

pvl_status pvl_pictures_prepare(pvl_shared *shared, pvl_segment *segment)
{
    const vmaf_functions *vmaf = &shared->library->vmaf;
    const pvl_config *c = &shared->config;
    if (c->device == PVL_CUDA) {
        const VmafCudaPictureConfiguration configuration = {
            .pic_params = parameters_of(c),
            .pic_prealloc_method = VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_HOST_PINNED};
        const int answer = vmaf->cuda_preallocate_pictures(segment->context, configuration);
        return answer ? failed(shared, "vmaf_cuda_preallocate_pictures", answer) : PVL_OK;
    }
    if (!from_pool(shared))
        return PVL_OK;
    /* A pool that is empty makes libvmaf wait: without threads for ever. It keeps the last two
     * references; two more are being filled, and every thread works on a pair, as far as there
     * are pairs: their number is limited where rows are waited for. */
    const bool waits = c->own_motion && !c->late_teacher && c->lag < c->threads;
    const unsigned pairs = (unsigned)(waits ? c->lag + 1 : c->threads);
    const VmafPictureConfiguration configuration = {.pic_params = parameters_of(c),
                                                    .pic_cnt = 4 + 2 * pairs};
    const int answer = vmaf->preallocate_pictures(segment->context, configuration);
    return answer ? failed(shared, "vmaf_preallocate_pictures", answer) : PVL_OK;
}

pvl_status pvl_picture_get(pvl_shared *shared, pvl_segment *segment, VmafPicture *picture)
{
    const vmaf_functions *vmaf = &shared->library->vmaf;
    const VmafPictureParameters p = parameters_of(&shared->config);
    const char *function;
    int answer;
    *picture = (VmafPicture){0};
    if (shared->config.device == PVL_CUDA) {
        function = "vmaf_cuda_fetch_preallocated_picture";
        answer = vmaf->cuda_fetch_preallocated_picture(segment->context, picture);
    } else if (from_pool(shared)) {
        function = "vmaf_fetch_preallocated_picture";
        answer = vmaf->fetch_preallocated_picture(segment->context, picture);
    } else {
        function = "vmaf_picture_alloc";
        answer = vmaf->picture_alloc(picture, p.pix_fmt, p.bpc, p.w, p.h);
    }
    return answer ? failed(shared, function, answer) : PVL_OK;
}

bool pvl_picture_fill(const pvl_config *config, VmafPicture *picture, const void *plane,
                      ptrdiff_t stride)
{
    const size_t width = (size_t)config->width;
    const uint8_t *from = plane;
    uint8_t *to = picture->data[0];
    if (config->bit_depth == 8 || config->bit_depth == 16) {
        const size_t bytes = config->bit_depth == 8 ? width : 2 * width;
        for (int y = 0; y < config->height; y++, from += stride, to += picture->stride[0])
            memcpy(to, from, bytes);
        return true;
    }
    uint16_t bits = 0;
    for (int y = 0; y < config->height; y++, from += stride, to += picture->stride[0]) {
        memcpy(to, from, 2 * width); /* rows of any alignment */
        const uint16_t *row = (const uint16_t *)(void *)to;
        for (size_t x = 0; x < width; x++)
            bits |= row[x];
    }
    return bits >> config->bit_depth == 0;
}

void pvl_picture_release(pvl_shared *shared, VmafPicture *picture)
{
    if (picture->ref)
        shared->library->vmaf.picture_unref(picture);
}
