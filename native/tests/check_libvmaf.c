/*
 * Tests of the libvmaf binding through its public header, on the test library of tests/fakevmaf.
 *
 *   check_libvmaf LIBRARY...
 *
 * runs all tests on every library. Exit status 1 when one failed. What rows and call sequences
 * have to be is tested from Python; this is for the tools that watch memory.
 */
#include "libvmaf/libvmaf.h"
#include "thinning.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WIDTH = 37, HEIGHT = 35, FRAMES = 7, STRIDE = WIDTH + 6 };

/* Samples end where the memory ends, rows lie apart: a read beyond them shows. */
static uint8_t *plane(int index)
{
    const size_t size = (size_t)STRIDE * (HEIGHT - 1) + WIDTH;
    uint8_t *samples = malloc(size);
    for (size_t i = 0; samples && i < size; i++)
        samples[i] = (uint8_t)(i * 7 + (size_t)index * 31);
    return samples;
}

static pvl_config config_of(const test_fake *fake, int threads, const char *teacher)
{
    return (pvl_config){.width = WIDTH,
                        .height = HEIGHT,
                        .bit_depth = 8,
                        .threads = threads,
                        .subsample = 1,
                        .lag = 1 + threads,
                        .period = 2,
                        .stall_ms = 40,
                        .gain_limit = 1.5,
                        .device = fake->device,
                        .device_index = -1,
                        .teacher = teacher,
                        .own_motion = fake->device == PVL_CPU};
}

/* Pushes frames and flushes; the rows that came, -1 - status when the stream could not be made. */
static int run(const test_fake *fake, const pvl_config *config, int frames, pvl_status *first_error)
{
    pvl_stream *stream;
    pvl_failure failure;
    pvl_row rows[3];
    int count, taken = 0;
    *first_error = pvl_create(fake->library, config, &stream, &failure);
    if (*first_error != PVL_OK)
        return 0;
    uint8_t *ref = plane(0), *dis = plane(1);
    for (int i = 0; i <= frames; i++) {
        const pvl_status status =
            i == frames ? pvl_flush(stream) : pvl_push(stream, ref, STRIDE, dis, STRIDE);
        if (status != PVL_OK && *first_error == PVL_OK)
            *first_error = status;
        do {
            pvl_take(stream, rows, 3, &count);
            taken += count;
        } while (count);
    }
    pvl_destroy(stream);
    free(ref);
    free(dis);
    return taken;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void test_streams(const test_fake *fake)
{
    for (int threads = 0; threads <= 3; threads++)
        for (int frames = 0; frames <= FRAMES; frames++)
            for (int taught = 0; taught <= 1; taught++) {
                const pvl_config config =
                    config_of(fake, threads, taught ? "vmaf_v0.6.1" : NULL);
                pvl_status error;
                const int rows = run(fake, &config, frames, &error);
                EXPECT(error == PVL_OK && rows == frames, "%s: %d rows of %d, %s", fake->path, rows,
                       frames, pvl_status_text(error));
                test_expect_clean(fake, "a stream");
            }
}

/* Every call of every function fails once. */
static void test_failing_calls(const test_fake *fake)
{
    int number = 0;
    for (int variant = 0; variant < 2; variant++) {
        const pvl_config config = config_of(fake, 2 * variant, variant ? "vmaf_v0.6.1" : NULL);
        for (const char *const *name = test_functions; *name; name++) {
            pvl_status error;
            fake->reset();
            run(fake, &config, FRAMES, &error);
            const int count = fake->count(*name);
            for (int nth = 1; nth <= count; nth++) {
                if (number++ % test_thinning())
                    continue;
                fake->reset();
                fake->fail(*name, nth, -22);
                const int rows = run(fake, &config, FRAMES, &error);
                EXPECT(error != PVL_OK || rows == FRAMES, "%s: %d rows, no error", *name, rows);
                test_expect_clean(fake, *name);
            }
        }
    }
    fake->reset();
}

static void test_failing_memory(const test_fake *fake)
{
    for (int threads = 0; threads <= 2; threads += 2) {
        const pvl_config config = config_of(fake, threads, "vmaf_v0.6.1");
        pvl_status error = PVL_ERROR_MEMORY;
        for (long nth = 0; error != PVL_OK && nth < 200; nth++) {
            test_fail_allocation(nth);
            run(fake, &config, 0, &error);
            test_expect_clean(fake, "without memory");
        }
        EXPECT(error == PVL_OK, "it goes on failing: %s", pvl_status_text(error));
        test_fail_allocation(-1);
    }
    const pvl_config config = config_of(fake, 3, NULL);
    for (long nth = 0; nth < 3; nth++) {
        pvl_status error;
        test_fail_thread(nth);
        run(fake, &config, 1, &error);
        EXPECT(error == PVL_ERROR_THREADS, "%s", pvl_status_text(error));
        test_expect_clean(fake, "without threads");
    }
    test_fail_thread(-1);
}

static void test_destroy_at_any_time(const test_fake *fake)
{
    uint8_t *ref = plane(0), *dis = plane(1);
    for (int threads = 0; threads <= 2; threads++)
        for (int frames = 0; frames <= FRAMES; frames++) {
            pvl_stream *stream;
            pvl_failure failure;
            const pvl_config config = config_of(fake, threads, NULL);
            EXPECT(pvl_create(fake->library, &config, &stream, &failure) == PVL_OK, "create");
            for (int i = 0; i < frames; i++)
                pvl_push(stream, ref, STRIDE, dis, STRIDE);
            if (frames % 3 == 1)
                pvl_reset(stream);
            pvl_destroy(stream);
            test_expect_clean(fake, "destroyed");
        }
    pvl_destroy(NULL);
    free(ref);
    free(dis);
}

static void test_arguments(const test_fake *fake)
{
    pvl_stream *stream = NULL;
    pvl_failure failure;
    pvl_row row;
    int count;
    const pvl_config good = config_of(fake, 0, NULL);
    pvl_config bad[] = {good, good, good, good, good, good};
    bad[0].width = 32;
    bad[1].height = 0;
    bad[2].bit_depth = 17;
    bad[3].threads = -1;
    bad[4].period = 1;
    bad[5].gain_limit = 0.5;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        EXPECT(pvl_create(fake->library, &bad[i], &stream, &failure) != PVL_OK, "%zu", i);
        EXPECT(!stream, "%zu", i);
    }
    EXPECT(pvl_create(NULL, &good, &stream, &failure) == PVL_ERROR_ARGUMENT, "no library");
    EXPECT(pvl_create(fake->library, NULL, &stream, &failure) == PVL_ERROR_ARGUMENT, "no config");
    EXPECT(pvl_create(fake->library, &good, NULL, &failure) == PVL_ERROR_ARGUMENT, "no stream");
    EXPECT(pvl_create(fake->library, &good, &stream, NULL) == PVL_ERROR_ARGUMENT, "no failure");
    EXPECT(pvl_push(NULL, &row, 1, &row, 1) == PVL_ERROR_ARGUMENT, "push");
    EXPECT(pvl_flush(NULL) == PVL_ERROR_ARGUMENT, "flush");
    EXPECT(pvl_take(NULL, &row, 1, &count) == PVL_ERROR_ARGUMENT, "take");
    EXPECT(pvl_create(fake->library, &good, &stream, &failure) == PVL_OK, "create");
    EXPECT(pvl_push(stream, NULL, 1, &row, 1) == PVL_ERROR_ARGUMENT, "no reference");
    EXPECT(pvl_flush(stream) == PVL_OK, "nothing to flush");
    uint8_t *ref = plane(0);
    EXPECT(pvl_push(stream, ref, STRIDE, ref, STRIDE) == PVL_ERROR_FLUSHED, "flushed");
    free(ref);
    pvl_destroy(stream);
    pvl_symbols incomplete = fake->symbols;
    incomplete.vmaf_read_pictures = NULL;
    pvl_library *library;
    EXPECT(pvl_library_open(&incomplete, &library) == PVL_ERROR_SYMBOL && !library, "a function");
    test_expect_clean(fake, "arguments");
}

/* Samples out of range never reach libvmaf, and the stream goes on. */
static void test_sample_range(const test_fake *fake)
{
    pvl_config config = config_of(fake, 0, NULL);
    config.bit_depth = 10;
    pvl_stream *stream;
    pvl_failure failure;
    uint16_t *samples = calloc((size_t)WIDTH * HEIGHT, sizeof *samples);
    EXPECT(pvl_create(fake->library, &config, &stream, &failure) == PVL_OK, "create");
    const ptrdiff_t stride = WIDTH * (ptrdiff_t)sizeof *samples;
    for (int i = 0; i < 5; i++) {
        samples[WIDTH * HEIGHT - 1] = 1024;
        EXPECT(pvl_push(stream, samples, stride, samples, stride) == PVL_ERROR_SAMPLE_RANGE, "%d",
               i);
        samples[WIDTH * HEIGHT - 1] = 1023;
        EXPECT(pvl_push(stream, samples, stride, samples, stride) == PVL_OK, "%d", i);
    }
    pvl_destroy(stream);
    free(samples);
    test_expect_clean(fake, "samples");
}

static void *run_in_thread(void *fake)
{
    for (int i = 0; i < 6; i++) {
        const pvl_config config = config_of(fake, i % 3, NULL);
        pvl_status error;
        const int rows = run(fake, &config, FRAMES, &error);
        if (error != PVL_OK || rows != FRAMES)
            return fake;
    }
    return NULL;
}

static void test_parallel_streams(test_fake *fake)
{
    pthread_t thread[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, run_in_thread, fake);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        pthread_join(thread[i], &wrong);
        EXPECT(!wrong, "thread %d", i);
    }
    test_expect_clean(fake, "threads");
}

/* The child has no business with the parent's stream; its own one works. */
static void test_fork(const test_fake *fake)
{
    pvl_stream *stream;
    pvl_failure failure;
    const pvl_config config = config_of(fake, 2, NULL);
    uint8_t *ref = plane(0);
    EXPECT(pvl_create(fake->library, &config, &stream, &failure) == PVL_OK, "create");
    EXPECT(pvl_push(stream, ref, STRIDE, ref, STRIDE) == PVL_OK, "push");
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        pvl_status error;
        const bool refused = pvl_push(stream, ref, STRIDE, ref, STRIDE) == PVL_ERROR_FORKED;
        pvl_destroy(stream);
        const int rows = run(fake, &config, FRAMES, &error);
        const bool good = refused && error == PVL_OK && rows == FRAMES;
        /* Ends without a search for leaks: the parent's memory is to be left as it is. */
        execlp(good ? "true" : "false", good ? "true" : "false", (char *)NULL);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child: %x", (unsigned)status);
    EXPECT(pvl_push(stream, ref, STRIDE, ref, STRIDE) == PVL_OK, "push");
    pvl_destroy(stream);
    free(ref);
    test_expect_clean(fake, "fork");
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        test_fake fake = test_fake_open(argv[i]);
        test_streams(&fake);
        test_failing_calls(&fake);
        test_failing_memory(&fake);
        test_destroy_at_any_time(&fake);
        test_arguments(&fake);
        test_sample_range(&fake);
        test_parallel_streams(&fake);
        test_fork(&fake);
        test_fake_close(&fake);
        const char *name = strrchr(argv[i], '/');
        printf("%-26s%s\n", name ? name + 1 : argv[i], test_failures() ? "FAILED" : "ok");
    }
    return argc < 2 || test_failures() ? 1 : 0;
}
