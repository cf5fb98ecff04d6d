/*
 * A library in the place of libcuda.so.1 for the real cuda.bindings to call: it shows that what the
 * bindings make of our arguments is what the driver's ABI wants. Memory is the host's, copies are
 * made at once, and a launch prints the kernel, its grid, and the first field of its parameters.
 *
 * Compiled with -DIDLE it neither copies nor prints, so that what is left is the time of the caller
 * (benchmarks/gpu_push.py).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef IDLE
#define memcpy(to, from, n) ((void)(to), (void)(from), (void)(n))
#define printf(...) ((void)0)
#define puts(text) ((void)(text))
#endif

typedef unsigned long long address;

enum { OK = 0, INVALID_VALUE = 1, INVALID_IMAGE = 200, INVALID_CONTEXT = 201, NOT_FOUND = 500 };
enum { KERNELS = 32, CONTEXT = 1, MEMORY_TYPE = 2, DEVICE_ORDINAL = 9, MAJOR = 75 };
enum { HOST = 1, DEVICE = 2 }; /* types of memory */

static char context, module;
static char names[KERNELS][32];
static int kernels;
static char *last_pinned, *last_pinned_end;

int cuInit(unsigned flags)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    return flags == 0 ? OK : INVALID_VALUE;
}
int cuDriverGetVersion(int *version)
{
    const char *given = getenv("STAND_IN_CUDA_VERSION");
    *version = given ? atoi(given) : 13000;
    return OK;
}
int cuDeviceGetCount(int *count) { return *count = 1, OK; }
int cuDeviceGet(int *device, int index) { return *device = index, OK; }
int cuDeviceGetName(char *name, int length, int device)
{
    snprintf(name, (size_t)length, "Device %d", device);
    return OK;
}
int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    *value = attribute == MAJOR ? 9 : 0; /* compute capability 9.0 */
    return device == 0 ? OK : INVALID_VALUE;
}
int cuDevicePrimaryCtxRetain(void **held, int device) { return *held = &context, device; }
int cuDevicePrimaryCtxRelease_v2(int device) { return puts("released"), device; }
int cuCtxPushCurrent_v2(void *pushed) { return pushed == &context ? OK : INVALID_CONTEXT; }
int cuCtxPopCurrent_v2(void **popped) { return *popped = &context, OK; }

int cuMemGetInfo_v2(size_t *left, size_t *all) { return *left = *all = (size_t)1 << 30, OK; }
int cuMemAlloc_v2(address *memory, size_t n) { return *memory = (address)calloc(1, n), OK; }
int cuMemFree_v2(address memory) { return free((void *)memory), OK; }
int cuMemHostAlloc(void **memory, size_t n, unsigned flags)
{
    *memory = last_pinned = calloc(1, n);
    last_pinned_end = last_pinned + n;
    return flags == 0 ? OK : INVALID_VALUE;
}
int cuMemFreeHost(void *memory) { return free(memory), OK; }
int cuPointerGetAttribute(void *data, int attribute, address memory)
{
    const char *at = (const char *)memory;
    int *value = data;
    if (attribute == CONTEXT)
        return *(void **)data = &context, memory ? OK : INVALID_VALUE;
    *value = attribute == MEMORY_TYPE ? HOST : 0;
    if (attribute == MEMORY_TYPE)
        return at >= last_pinned && at < last_pinned_end ? OK : INVALID_VALUE;
    return attribute == DEVICE_ORDINAL && memory ? OK : INVALID_VALUE;
}
int cuMemcpyHtoD_v2(address to, const void *from, size_t n)
{
    return memcpy((void *)to, from, n), OK;
}
int cuMemcpyHtoDAsync_v2(address to, const void *from, size_t n, void *stream)
{
    return memcpy((void *)to, from, n), stream ? OK : INVALID_VALUE;
}
int cuMemcpyDtoH_v2(void *to, address from, size_t n) { return memcpy(to, (void *)from, n), OK; }
int cuMemcpyDtoHAsync_v2(void *to, address from, size_t n, void *stream)
{
    return memcpy(to, (void *)from, n), stream ? OK : INVALID_VALUE;
}
int cuMemcpyDtoDAsync_v2(address to, address from, size_t n, void *stream)
{
    return memcpy((void *)to, (void *)from, n), stream ? OK : INVALID_VALUE;
}

struct side { /* of CUDA_MEMCPY2D */
    size_t x, y;
    unsigned type;
    void *host;
    address device;
    void *array;
    size_t pitch;
};

struct plane_copy {
    struct side from, to;
    size_t width, height;
};

int cuMemcpy2DAsync_v2(const struct plane_copy *copy, void *stream)
{
    printf("copy %zux%zu, %zu to %zu apart, from %u\n", copy->width, copy->height,
           copy->from.pitch, copy->to.pitch, copy->from.type);
    const int from_host = copy->from.type == HOST;
    const char *from = from_host ? copy->from.host : (void *)copy->from.device;
    for (size_t y = 0; y < copy->height; y++)
        memcpy((char *)copy->to.device + y * copy->to.pitch, from + y * copy->from.pitch,
               copy->width);
    const int types = (from_host || copy->from.type == DEVICE) && copy->to.type == DEVICE;
    const int pitches = copy->from.pitch >= copy->width && copy->to.pitch >= copy->width;
    return types && pitches && stream ? OK : INVALID_VALUE;
}

int cuCtxGetStreamPriorityRange(int *least, int *greatest)
{
    return *least = 0, *greatest = -5, OK;
}
int cuStreamCreateWithPriority(void **stream, unsigned flags, int priority)
{
    *stream = malloc(1);
    return flags == 1 && (priority == 0 || priority == -5) ? OK : INVALID_VALUE;
}
int cuStreamDestroy_v2(void *stream) { return free(stream), OK; }
int cuStreamSynchronize(void *stream) { return stream ? OK : INVALID_VALUE; }
int cuStreamWaitEvent(void *stream, void *event, unsigned flags)
{
    return stream && event && flags == 0 ? OK : INVALID_VALUE;
}
int cuStreamIsCapturing(void *stream, int *status)
{
    return *status = 0, stream ? OK : INVALID_VALUE;
}
int cuEventCreate(void **event, unsigned flags)
{
    return *event = malloc(1), flags == 2 || flags == 3 ? OK : INVALID_VALUE;
}
int cuEventDestroy_v2(void *event) { return free(event), OK; }
int cuEventRecord(void *event, void *stream) { return event && stream ? OK : INVALID_VALUE; }
int cuEventQuery(void *event) { return event ? OK : INVALID_VALUE; }
int cuEventSynchronize(void *event) { return event ? OK : INVALID_VALUE; }

int cuModuleLoadData(void **loaded, const void *image)
{
    *loaded = &module;
    return memcmp(image, "\177ELF", 4) == 0 ? OK : INVALID_IMAGE;
}
int cuModuleUnload(void *loaded) { return loaded == &module ? OK : INVALID_VALUE; }
int cuModuleGetFunction(void **function, void *loaded, const char *name)
{
    int k = 0;
    while (k < kernels && strcmp(names[k], name) != 0)
        k++;
    if (k == KERNELS)
        return NOT_FOUND;
    if (k == kernels)
        snprintf(names[kernels++], sizeof names[0], "%s", name);
    *function = names[k];
    return loaded == &module ? OK : INVALID_VALUE;
}
int cuLaunchKernel(void *function, unsigned x, unsigned y, unsigned z, unsigned items, unsigned one,
                   unsigned another, unsigned shared, void *stream, void **parameters, void **extra)
{
    const int *first = *(int **)parameters[0];
    printf("%s %ux%ux%u: %d\n", (char *)function, x, y, z, *first);
    const int plain = items == 256 && one == 1 && another == 1 && shared == 0 && !extra;
    return plain && stream ? OK : INVALID_VALUE;
}

int cuGetProcAddress_v2(const char *name, void **function, int version, address flags, int *status)
{
    Dl_info own;
    char newer[64];
    (void)version, (void)flags;
    dladdr((void *)cuInit, &own);
    void *library = dlopen(own.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    snprintf(newer, sizeof newer, "%s_v2", name);
    *function = dlsym(library, newer);
    if (!*function)
        *function = dlsym(library, name);
    if (status)
        *status = *function ? 0 : 1;
    return *function ? OK : NOT_FOUND;
}
