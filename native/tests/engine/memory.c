/*
 * Memory: what a context holds, that pushing allocates nothing, and what happens when memory or
 * threads cannot be had. The linker's --wrap lets the engine's calls through these functions.
 */
#include "engine/engine.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *memory);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);

static atomic_long allocations, frees, bytes;
static atomic_long allocations_left = -1, threads_left = -1; /* -1: no limit */

/* True when this call is the one that fails. */
static bool fails(atomic_long *left)
{
    return atomic_load(left) >= 0 && atomic_fetch_sub(left, 1) == 0;
}

static void *counted(void *memory, size_t size)
{
    if (memory) {
        atomic_fetch_add(&allocations, 1);
        atomic_fetch_add(&bytes, (long)size);
    }
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return fails(&allocations_left) ? NULL : counted(__real_malloc(size), size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(&allocations_left) ? NULL : counted(__real_calloc(count, size), count * size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails(&allocations_left) ? NULL : counted(__real_aligned_alloc(alignment, size), size);
}

void __wrap_free(void *memory)
{
    if (memory)
        atomic_fetch_add(&frees, 1);
    __real_free(memory);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument)
{
    return fails(&threads_left) ? EAGAIN : __real_pthread_create(thread, attributes, start, argument);
}

static void start_counting(void)
{
    atomic_store(&allocations, 0);
    atomic_store(&frees, 0);
    atomic_store(&bytes, 0);
}

/* ---- tests ---------------------------------------------------------------------------------- */

void test_memory_held(void)
{
    static const int sizes[][2] = {{33, 33}, {64, 48}, {577, 325}};
    for (int s = 0; s < 3; s++)
        for (int threads = 1; threads <= 4; threads++)
            for (uint32_t features = 0; features <= PVT_FEATURE_ALL; features++) {
                pvt_config config = test_config(sizes[s][0], sizes[s][1], 10, threads);
                config.features = features;
                config.renditions = 1 + threads % 3;
                config.gain_limits = 1 + threads % 2;
                config.gain_limit[1] = 1.0;
                start_counting();
                pvt_context *context = test_create(&config);
                const long held = atomic_load(&bytes);
                const long stated = (long)pvt_context_bytes(context);
                /* the pool's few handles are not counted */
                EXPECT(held >= stated && held - stated <= 512 + 64 * threads,
                       "%dx%d, %d threads, features %u: %ld bytes allocated, %ld stated",
                       config.width, config.height, threads, features, held, stated);
                pvt_destroy(context);
                EXPECT(atomic_load(&allocations) == atomic_load(&frees), "%ld of %ld freed",
                       atomic_load(&frees), atomic_load(&allocations));
            }
}

void test_no_allocation_per_frame(void)
{
    for (int threads = 1; threads <= 3; threads += 2) {
        pvt_config config = test_config(129, 67, 10, threads);
        config.renditions = config.gain_limits = 2;
        config.gain_limit[1] = 1.0;
        pvt_context *context = test_create(&config);
        test_pair pair = test_pair_make(&config, 3, 0, ODD);
        const void *const dis[2] = {pair.dis, pair.ref};
        const ptrdiff_t strides[2] = {pair.dis_stride, pair.ref_stride};
        pvt_features rows[4];
        int ready;
        const size_t before = pvt_context_bytes(context);
        start_counting();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 4; i++)
                pvt_push(context, pair.ref, pair.ref_stride, dis, strides, rows, &ready);
            pvt_skip(context, pair.ref, pair.ref_stride, rows, &ready);
            pvt_flush(context, rows, &ready);
            pvt_reset(context);
        }
        EXPECT(atomic_load(&allocations) == 0 && atomic_load(&frees) == 0,
               "%ld allocations, %ld frees", atomic_load(&allocations), atomic_load(&frees));
        EXPECT(pvt_context_bytes(context) == before, "%zu bytes, then %zu", before,
               pvt_context_bytes(context));
        pvt_destroy(context);
        test_pair_free(&pair);
    }
}

/* Each allocation of pvt_create in turn fails. */
void test_failing_allocations(void)
{
    const pvt_config config = test_config(50, 44, 8, 3);
    int failing = 0;
    for (pvt_status status = PVT_ERROR_MEMORY; status != PVT_OK; failing++) {
        pvt_context *context = NULL;
        start_counting();
        atomic_store(&allocations_left, failing);
        status = pvt_create(&config, &context);
        atomic_store(&allocations_left, -1);
        EXPECT((status == PVT_OK) == (context != NULL), "allocation %d fails", failing);
        EXPECT(status == PVT_OK || status == PVT_ERROR_MEMORY || status == PVT_ERROR_SYSTEM,
               "allocation %d fails: status %d", failing, (int)status);
        pvt_destroy(context);
        EXPECT(atomic_load(&allocations) == atomic_load(&frees), "allocation %d fails: %ld of %ld freed",
               failing, atomic_load(&frees), atomic_load(&allocations));
        if (failing > 100)
            break;
    }
    EXPECT(failing > 2 && failing < 100, "%d allocations", failing - 1);
}

/* Each thread in turn cannot be started. */
void test_failing_threads(void)
{
    const pvt_config config = test_config(50, 44, 8, 4);
    for (int failing = 0; failing < config.threads; failing++) {
        pvt_context *context = NULL;
        start_counting();
        atomic_store(&threads_left, failing);
        EXPECT_STATUS(pvt_create(&config, &context),
                      failing < config.threads - 1 ? PVT_ERROR_SYSTEM : PVT_OK);
        atomic_store(&threads_left, -1);
        EXPECT((failing == config.threads - 1) == (context != NULL), "thread %d fails", failing);
        pvt_destroy(context);
        EXPECT(atomic_load(&allocations) == atomic_load(&frees), "thread %d fails: %ld of %ld freed",
               failing, atomic_load(&frees), atomic_load(&allocations));
    }
}

/* Each allocation and each thread of a stager in turn fails; staging itself allocates nothing. */
void test_failing_stagers(void)
{
    const pvt_config config = test_config(64, 48, 8, 3);
    static uint8_t samples[64 * 48], copy[64 * 48];
    const pvt_staged plane = {samples, 64, copy};
    for (int failing = 0; failing < 6; failing++) {
        const bool of_memory = failing < 3;
        pvt_stager *stager = NULL;
        start_counting();
        atomic_store(of_memory ? &allocations_left : &threads_left, failing % 3);
        /* the stager, then the pool; two threads beside the caller's */
        EXPECT_STATUS(pvt_stager_create(&config, &stager),
                      failing % 3 == 2             ? PVT_OK
                      : of_memory && failing == 0 ? PVT_ERROR_MEMORY
                                                  : PVT_ERROR_SYSTEM);
        atomic_store(&allocations_left, -1);
        atomic_store(&threads_left, -1);
        EXPECT((stager != NULL) == (failing % 3 == 2), "failure %d", failing);
        const long before = atomic_load(&allocations);
        for (int i = 0; stager && i < 3; i++)
            EXPECT_STATUS(pvt_stage(stager, &plane, 1), PVT_OK);
        EXPECT(atomic_load(&allocations) == before, "%ld allocations",
               atomic_load(&allocations) - before);
        pvt_stager_destroy(stager);
        EXPECT(atomic_load(&allocations) == atomic_load(&frees), "failure %d: %ld of %ld freed",
               failing, atomic_load(&frees), atomic_load(&allocations));
    }
}
