/* Frames on their way to a device: every sample where it belongs, none beside it, all checked. */
#include "engine/engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MARGIN = 64, GUARD = 0xC3, CALLS = 50 };

/* Memory for a plane, a margin on either side. */
typedef struct target {
    uint8_t *memory;
    size_t bytes;
} target;

static target target_make(const pvt_config *config)
{
    target t;
    t.bytes = (size_t)config->width * (size_t)config->height * (config->bit_depth > 8 ? 2 : 1);
    t.memory = malloc(t.bytes + 2 * MARGIN);
    if (!t.memory)
        abort();
    memset(t.memory, GUARD, t.bytes + 2 * MARGIN);
    return t;
}

static bool holds(const target *t, const pvt_config *config, const uint8_t *plane, ptrdiff_t stride)
{
    const size_t row = t->bytes / (size_t)config->height;
    for (int y = 0; y < config->height; y++)
        if (memcmp(t->memory + MARGIN + (size_t)y * row, plane + y * stride, row) != 0)
            return false;
    for (int i = 0; i < MARGIN; i++)
        if (t->memory[i] != GUARD || t->memory[MARGIN + t->bytes + (size_t)i] != GUARD)
            return false;
    return true;
}

static pvt_stager *stager_make(const pvt_config *config)
{
    pvt_stager *stager = NULL;
    EXPECT_STATUS(pvt_stager_create(config, &stager), PVT_OK);
    if (!stager)
        abort();
    return stager;
}

static void stage_pair(const pvt_config *config, test_layout layout)
{
    test_pair pair = test_pair_make(config, 100, 0, layout);
    target t[2] = {target_make(config), target_make(config)};
    const pvt_staged planes[] = {{pair.ref, pair.ref_stride, t[0].memory + MARGIN},
                                 {pair.dis, pair.dis_stride, t[1].memory + MARGIN}};
    pvt_stager *stager = stager_make(config);
    EXPECT_STATUS(pvt_stage(stager, planes, 2), PVT_OK);
    EXPECT(holds(&t[0], config, pair.ref, pair.ref_stride) &&
               holds(&t[1], config, pair.dis, pair.dis_stride),
           "%dx%d, %d bit, %d threads, layout %d, mask %u", config->width, config->height,
           config->bit_depth, config->threads, (int)layout, config->cpu_mask);
    pvt_stager_destroy(stager);
    free(t[0].memory);
    free(t[1].memory);
    test_pair_free(&pair);
}

void test_staging(void)
{
    static const int sizes[][2] = {{33, 33}, {97, 65}, {640, 480}}, depths[] = {8, 10, 12, 16};
    for (int s = 0; s < 3; s++)
        for (int d = 0; d < 4; d++)
            for (int threads = 1; threads <= 3; threads += 2)
                for (int layout = PACKED; layout < LAYOUTS; layout++)
                    for (int scalar = 0; scalar <= 1; scalar++) {
                        pvt_config config = test_config(sizes[s][0], sizes[s][1], depths[d], threads);
                        config.cpu_mask = scalar ? UINT32_MAX : 0;
                        stage_pair(&config, (test_layout)layout);
                    }
}

/* One sample that is too large, wherever it is. */
void test_staged_samples(void)
{
    static const int depths[] = {8, 10, 12, 16};
    for (int d = 0; d < 4; d++)
        for (int i = 0; i < 40; i++) {
            const pvt_config config = test_config(335, 334, depths[d], 1 + i % 2);
            const int x = i * 53 % config.width, y = i * 97 % config.height;
            test_pair pair = test_pair_make(&config, 101, i, i % 3 ? PACKED : ODD);
            target t = target_make(&config);
            const pvt_staged plane = {pair.ref, pair.ref_stride, t.memory + MARGIN};
            pvt_stager *stager = stager_make(&config);
            EXPECT_STATUS(pvt_stage(stager, &plane, 1), PVT_OK);
            test_set_sample(&config, pair.ref, pair.ref_stride, x, y,
                            config.bit_depth % 8 ? 1u << config.bit_depth : 255);
            EXPECT_STATUS(pvt_stage(stager, &plane, 1),
                          config.bit_depth % 8 ? PVT_ERROR_SAMPLE_RANGE : PVT_OK);
            EXPECT(holds(&t, &config, pair.ref, pair.ref_stride), "%d bit, x=%d, y=%d",
                   config.bit_depth, x, y);
            test_set_sample(&config, pair.ref, pair.ref_stride, x, y, 1);
            EXPECT_STATUS(pvt_stage(stager, &plane, 1), PVT_OK);
            pvt_stager_destroy(stager);
            free(t.memory);
            test_pair_free(&pair);
        }
}

void test_stager_arguments(void)
{
    pvt_config config = test_config(64, 48, 8, 1);
    uint8_t samples[64 * 48] = {0}, copy[64 * 48];
    const pvt_staged good = {samples, 64, copy}, nowhere = {NULL, 64, copy}, to_nowhere = {samples, 64, NULL};
    pvt_stager *stager = stager_make(&config);
    EXPECT_STATUS(pvt_stager_create(&config, NULL), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_stage(NULL, &good, 1), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_stage(stager, NULL, 1), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_stage(stager, &nowhere, 1), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_stage(stager, &to_nowhere, 1), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_stage(stager, NULL, 0), PVT_OK);
    EXPECT_STATUS(pvt_stage(stager, &good, 1), PVT_OK);
    pvt_stager_destroy(stager);
    pvt_stager_destroy(NULL);
    config.bit_depth = 9;
    EXPECT_STATUS(pvt_stager_create(&config, &stager), PVT_ERROR_BIT_DEPTH);
    EXPECT(stager == NULL, "%p", (void *)stager);
}

/* ---- several threads, several processes ----------------------------------------------------- */

typedef struct sharer {
    pvt_stager *stager;
    const pvt_staged *plane;
    atomic_int *staged, *odd;
} sharer;

static void *share_main(void *argument)
{
    const sharer *s = argument;
    for (int i = 0; i < CALLS; i++) {
        const pvt_status status = pvt_stage(s->stager, s->plane, 1);
        atomic_fetch_add(s->staged, status == PVT_OK);
        atomic_fetch_add(s->odd, status != PVT_OK && status != PVT_ERROR_BUSY);
    }
    return NULL;
}

/* Threads that do not know of each other: each call is either done or PVT_ERROR_BUSY. */
void test_shared_stager(void)
{
    const pvt_config config = test_config(500, 400, 10, 2);
    test_pair pair = test_pair_make(&config, 102, 0, PADDED);
    target t = target_make(&config);
    const pvt_staged plane = {pair.ref, pair.ref_stride, t.memory + MARGIN};
    pvt_stager *stager = stager_make(&config);
    atomic_int staged = 0, odd = 0;
    sharer shared = {stager, &plane, &staged, &odd};
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        if (pthread_create(&thread[i], NULL, share_main, &shared) != 0)
            abort();
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    EXPECT(atomic_load(&odd) == 0 && atomic_load(&staged) > 0, "%d staged, %d other statuses",
           atomic_load(&staged), atomic_load(&odd));
    EXPECT(holds(&t, &config, pair.ref, pair.ref_stride), "%d staged", atomic_load(&staged));
    pvt_stager_destroy(stager);
    free(t.memory);
    test_pair_free(&pair);
}

void test_forked_stager(void)
{
    for (int threads = 1; threads <= 2; threads++) {
        const pvt_config config = test_config(500, 400, 8, threads);
        test_pair pair = test_pair_make(&config, 103, 0, PACKED);
        target t = target_make(&config);
        const pvt_staged plane = {pair.ref, pair.ref_stride, t.memory + MARGIN};
        pvt_stager *stager = stager_make(&config);
        const pid_t child = fork();
        if (child == 0) {
            alarm(60); /* a lost worker would mean waiting forever */
            const pvt_status status = pvt_stage(stager, &plane, 1);
            pvt_stager_destroy(stager);
            free(t.memory);
            test_pair_free(&pair);
            _exit((int)status);
        }
        int status = 0;
        EXPECT(child > 0 && waitpid(child, &status, 0) == child, "child %d", (int)child);
        EXPECT(WIFEXITED(status), "child ended by signal %d", WTERMSIG(status));
        EXPECT_STATUS((pvt_status)WEXITSTATUS(status), threads == 1 ? PVT_OK : PVT_ERROR_FORKED);
        EXPECT_STATUS(pvt_stage(stager, &plane, 1), PVT_OK);
        pvt_stager_destroy(stager);
        free(t.memory);
        test_pair_free(&pair);
    }
}
