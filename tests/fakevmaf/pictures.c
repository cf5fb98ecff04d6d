/* Pictures, their references, and pools of them. Chroma and what follows the last row hold a
 * pattern; it is looked for again when a picture is read and when it goes. */
#include "fake.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PICTURE 0x70696374u
#define ALIGNMENT 64
#define GUARD 64
#define PATTERN 0xa5
#define LEAST_SIDE 33
#define REMEMBERED 1024

/* What VmafPicture.ref points to, and everything else there is to know of a picture. */
struct VmafRef {
    unsigned kind;
    int id;
    int holders;
    uint8_t *memory;
    size_t luma, bytes; /* of the luma plane, of everything */
    picture_pool *pool;
    bool device;
};

struct picture_pool {
    picture_parameters parameters;
    unsigned count, out;
    enum preallocation method;
};

/* References that ended lately keep their memory, so that a second end is seen. */
static VmafRef *ended[REMEMBERED];
static size_t endings;

static VmafRef *ref_of(const VmafPicture *picture)
{
    if (picture == NULL || picture->ref == NULL || picture->ref == POISON ||
        picture->ref->kind != PICTURE) {
        return NULL;
    }
    return picture->ref;
}

int picture_id(const VmafPicture *picture)
{
    const VmafRef *ref = ref_of(picture);
    return ref == NULL ? 0 : ref->id;
}

bool picture_alive(const VmafPicture *picture, const char *what)
{
    if (ref_of(picture) != NULL) {
        return true;
    }
    violation("%s: a picture that holds no reference", what);
    return false;
}

bool picture_on_device(const VmafPicture *picture) { return ref_of(picture)->device; }

static uint8_t *new_memory(size_t bytes, bool device)
{
    if (device) { /* as far away as a GPU's: whoever touches it crashes */
        return mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    uint8_t *memory = NULL;
    if (posix_memalign((void **)&memory, ALIGNMENT, bytes) != 0) {
        abort();
    }
    return memory;
}

int picture_make(VmafPicture *picture, picture_parameters parameters, bool device)
{
    const unsigned w = parameters.w, h = parameters.h;
    const unsigned sample = parameters.bpc > 8 ? 2 : 1;
    const bool chroma = parameters.pix_fmt != VMAF_PIX_FMT_YUV400P;
    const unsigned half_w = parameters.pix_fmt == VMAF_PIX_FMT_YUV444P ? w : w / 2;
    const unsigned half_h = parameters.pix_fmt == VMAF_PIX_FMT_YUV420P ? h / 2 : h;

    if (w < LEAST_SIDE || h < LEAST_SIDE) {
        violation("a picture of %ux%u: libvmaf crashes below 33x33", w, h);
    }
    memset(picture, 0, sizeof *picture);
    picture->pix_fmt = parameters.pix_fmt;
    picture->bpc = parameters.bpc;
    picture->w[0] = w;
    picture->h[0] = h;
    picture->stride[0] = (ptrdiff_t)((w + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT * sample);
    if (chroma) {
        picture->w[1] = picture->w[2] = half_w;
        picture->h[1] = picture->h[2] = half_h;
        picture->stride[1] = picture->stride[2] =
            (ptrdiff_t)((half_w + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT * sample);
    }
    VmafRef *ref = calloc(1, sizeof *ref);
    const size_t luma = (size_t)picture->stride[0] * h;
    const size_t one_chroma = (size_t)picture->stride[1] * picture->h[1];
    *ref = (VmafRef){.kind = PICTURE,
                     .id = next_id(),
                     .holders = 1,
                     .luma = luma,
                     .bytes = luma + 2 * one_chroma + GUARD,
                     .device = device};
    ref->memory = new_memory(ref->bytes, device);
    if (!device) {
        memset(ref->memory, 0, luma);
        memset(ref->memory + luma, PATTERN, ref->bytes - luma);
    }
    picture->data[0] = ref->memory;
    if (chroma) {
        picture->data[1] = ref->memory + luma;
        picture->data[2] = ref->memory + luma + one_chroma;
    }
    picture->ref = ref;
#if AT_LEAST(3, 0)
    picture->priv = ref;
#endif
    live.pictures++;
    live.references++;
    return 0;
}

static void check_pattern(const VmafRef *ref)
{
    for (size_t i = ref->luma; !ref->device && i < ref->bytes; i++) {
        if (ref->memory[i] != PATTERN) {
            violation("picture %d: chroma, or memory behind the last row, was written", ref->id);
            return;
        }
    }
}

void picture_share(VmafPicture *to, const VmafPicture *from)
{
    *to = *from;
    from->ref->holders++;
    live.references++;
}

void picture_release(VmafPicture *picture)
{
    VmafRef *ref = picture->ref;
    live.references--;
    if (--ref->holders == 0) {
        check_pattern(ref);
        if (ref->pool != NULL) {
            ref->pool->out--;
        } else {
            live.pictures--;
        }
        if (ref->device) {
            munmap(ref->memory, ref->bytes);
        } else {
            free(ref->memory);
        }
        ref->kind = 0;
        free(ended[endings % REMEMBERED]);
        ended[endings++ % REMEMBERED] = ref;
    }
    memset(picture, 0, sizeof *picture);
}

uint64_t plane_sum(const void *data, ptrdiff_t stride, unsigned w, unsigned h, unsigned bpc)
{
    uint64_t sum = 0;
    for (unsigned y = 0; y < h; y++) {
        const uint8_t *row = (const uint8_t *)data + (ptrdiff_t)y * stride;
        for (unsigned x = 0; x < w; x++) {
            const unsigned sample = bpc > 8 ? ((const uint16_t *)row)[x] : row[x];
            sum += (uint64_t)sample * (1 + (31 * y + x) % 7);
        }
    }
    return sum;
}

uint64_t picture_sum(const VmafPicture *picture)
{
    check_pattern(picture->ref);
    return picture->ref->device ? 0
                                : plane_sum(picture->data[0], picture->stride[0], picture->w[0],
                                            picture->h[0], picture->bpc);
}

/* ---- pools: their pictures count as pictures as long as the pool is open
 * ------------------------*/

int pool_open(picture_pool **pool, picture_parameters parameters, unsigned count,
              enum preallocation method)
{
    if (count == 0 || parameters.w == 0 || parameters.h == 0) {
        return -EINVAL;
    }
    picture_pool *made = calloc(1, sizeof *made);
    *made = (picture_pool){.parameters = parameters, .count = count, .method = method};
    live.pictures += (int)count;
    *pool = made;
    return 0;
}

bool pool_is_empty(const picture_pool *pool) { return pool->out == pool->count; }

int pool_fetch(picture_pool *pool, VmafPicture *picture)
{
    if (pool_is_empty(pool)) {
        violation("a picture from a pool of %u that is empty: libvmaf waits for ever", pool->count);
        return -EAGAIN;
    }
    picture_make(picture, pool->parameters, pool->method == PREALLOCATE_DEVICE);
    live.pictures--; /* it was there already */
    picture->ref->pool = pool;
    pool->out++;
    return 0;
}

void pool_close(picture_pool *pool)
{
    if (pool->out != 0) {
        violation("vmaf_close: %u pictures of the pool are still out: libvmaf waits for ever",
                  pool->out);
    } else {
        bury(pool);
    }
    live.pictures -= (int)pool->count;
}

/* ---- what programs call -----------------------------------------------------------------------*/

int vmaf_picture_alloc(VmafPicture *picture, enum VmafPixelFormat format, unsigned bpc, unsigned w,
                       unsigned h)
{
    const int failure =
        enter("vmaf_picture_alloc", "format=%d, bpc=%u, w=%u, h=%u", (int)format, bpc, w, h);
    memset(picture, 0, sizeof *picture);
    picture->data[0] = POISON;
    if (failure || format == VMAF_PIX_FMT_UNKNOWN || bpc < 8 || bpc > 16) {
        return leave(failure ? failure : -EINVAL);
    }
    return leave(picture_make(picture, (picture_parameters){w, h, bpc, format}, false));
}

int vmaf_picture_unref(VmafPicture *picture)
{
    const int failure = enter("vmaf_picture_unref", "picture=%d", picture_id(picture));
    if (!picture_alive(picture, "vmaf_picture_unref")) {
        return leave(-EINVAL);
    }
    picture_release(picture);
    return leave(failure);
}
