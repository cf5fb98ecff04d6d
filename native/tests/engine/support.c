/* Expectations, frames and streams. See engine.h. */
#include "engine/engine.h"

#include "random.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int failures;

void test_failed(const char *file, int line, const char *condition, const char *format, ...)
{
    failures++;
    printf("FAILED %s:%d: %s: ", file, line, condition);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
}

void test_add_failures(int count)
{
    failures += count;
}

int test_failures(void)
{
    return failures;
}

void test_status(const char *file, int line, const char *call, pvt_status got, pvt_status expected)
{
    if (got != expected)
        test_failed(file, line, call, "status %d (%s), expected %d (%s)", (int)got,
                    pvt_status_text(got), (int)expected, pvt_status_text(expected));
}

/* ---- frames --------------------------------------------------------------------------------- */

/* 0 .. 255 in 8 bits of fraction: blocks that move with the index, on a slope, with grain. */
static uint32_t scene_at(int scene, int index, int x, int y)
{
    test_random block = {(uint64_t)scene * 1000003 + (uint64_t)((x + 3 * index) / 7) * 8191 +
                         (uint64_t)((y + index) / 5)};
    test_random grain = {(uint64_t)scene * 77 + (uint64_t)index * 524287 + (uint64_t)x * 131071 +
                         (uint64_t)y * 31};
    const uint64_t level = random_bits(&block) % 40000 + random_bits(&grain) % 3000;
    return (uint32_t)(level + (uint64_t)(x % 400) * 50 + (uint64_t)(y % 100) * 20);
}

/* The scene less its detail, with an error of its own. */
static uint32_t worse_at(int scene, int index, int x, int y)
{
    const uint32_t here = scene_at(scene, index, x, y);
    const uint32_t beside = scene_at(scene, index, x + 1, y), below = scene_at(scene, index, x, y + 1);
    return (2 * here + beside + below) / 4 / 2048 * 2048;
}

static const uint8_t *plane_make(const pvt_config *config, int scene, int index, bool worse,
                                 test_layout layout, uint8_t **memory, ptrdiff_t *stride)
{
    const size_t sample_bytes = config->bit_depth > 8 ? 2 : 1;
    const size_t row = (size_t)config->width * sample_bytes;
    const size_t step = layout == PACKED ? row : layout == PADDED ? row + 64 : row + 13;
    const size_t lead = layout == ODD ? 3 : 0;
    const size_t last = (size_t)(config->height - 1) * step;
    *memory = malloc(lead + last + row);
    if (!*memory)
        abort();
    uint8_t *top = *memory + lead + (layout == UPSIDE_DOWN ? last : 0);
    *stride = layout == UPSIDE_DOWN ? -(ptrdiff_t)step : (ptrdiff_t)step;
    for (int y = 0; y < config->height; y++)
        for (int x = 0; x < config->width; x++) {
            const uint32_t sample = worse ? worse_at(scene, index, x, y) : scene_at(scene, index, x, y);
            test_set_sample(config, top, *stride, x, y, sample >> (16 - config->bit_depth));
        }
    return top;
}

void test_set_sample(const pvt_config *config, const uint8_t *plane, ptrdiff_t stride, int x,
                     int y, uint32_t value)
{
    uint8_t *row = (uint8_t *)(uintptr_t)plane + stride * y;
    const uint16_t wide = (uint16_t)value;
    if (config->bit_depth == 8)
        row[x] = (uint8_t)value;
    else
        memcpy(row + 2 * x, &wide, sizeof wide);
}

test_pair test_pair_make(const pvt_config *config, int scene, int index, test_layout layout)
{
    test_pair pair;
    pair.ref = plane_make(config, scene, index, false, layout, &pair.memory[0], &pair.ref_stride);
    /* the two planes need not lie alike */
    const test_layout other = layout == ODD ? PADDED : layout == PADDED ? ODD : layout;
    pair.dis = plane_make(config, scene, index, true, other, &pair.memory[1], &pair.dis_stride);
    return pair;
}

void test_pair_free(test_pair *pair)
{
    free(pair->memory[0]);
    free(pair->memory[1]);
}

/* ---- streams -------------------------------------------------------------------------------- */

pvt_config test_config(int width, int height, int bit_depth, int threads)
{
    return (pvt_config){.width = width,
                        .height = height,
                        .bit_depth = bit_depth,
                        .threads = threads,
                        .renditions = 1,
                        .gain_limits = 1,
                        .gain_limit = {100.0}};
}

pvt_context *test_create(const pvt_config *config)
{
    pvt_context *context = NULL;
    const pvt_status status = pvt_create(config, &context);
    if (status != PVT_OK) {
        printf("FAILED pvt_create %dx%d, %d bit, %d threads: %s\n", config->width, config->height,
               config->bit_depth, config->threads, pvt_status_text(status));
        exit(1);
    }
    return context;
}

pvt_status test_push(pvt_context *context, const void *ref, ptrdiff_t ref_stride, const void *dis,
                     ptrdiff_t dis_stride, pvt_features *row, int *ready)
{
    return pvt_push(context, ref, ref_stride, &dis, &dis_stride, row, ready);
}

void test_stream(pvt_context *context, const pvt_config *config, int scene, int frames,
                 test_layout layout, pvt_features *rows)
{
    int ready = -1;
    for (int i = 0; i < frames; i++) {
        test_pair pair = test_pair_make(config, scene, i, layout);
        EXPECT_STATUS(test_push(context, pair.ref, pair.ref_stride, pair.dis, pair.dis_stride,
                               i ? &rows[i - 1] : &rows[0], &ready),
                      PVT_OK);
        EXPECT(ready == (i > 0), "push %d: ready %d", i, ready);
        test_pair_free(&pair);
    }
    EXPECT_STATUS(pvt_flush(context, &rows[frames - 1], &ready), PVT_OK);
    EXPECT(ready == 1, "flush after %d frames: ready %d", frames, ready);
}

bool test_same_rows(const pvt_features *a, const pvt_features *b, int count)
{
    return memcmp(a, b, (size_t)count * sizeof *a) == 0;
}
