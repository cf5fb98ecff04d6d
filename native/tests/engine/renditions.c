/*
 * Several renditions under several gain limits: each row is that of a context of its own. And a
 * push that fails because of one rendition changes nothing for any.
 */
#include "engine/engine.h"

#include "random.h"
#include "thinning.h"

#include <math.h>
#include <stdlib.h>

enum { FRAMES = 3, MOST = 5, MOST_ROWS = MOST * PVT_MAX_GAIN_LIMITS };

/* Renditions of one reference: each has a scene of its own from which its frames come, except that
 * the first is a worse copy and the last the reference itself. */
typedef struct ladder {
    int renditions;
    test_pair pair[FRAMES][MOST];
    const uint8_t *dis[FRAMES][MOST];
    ptrdiff_t stride[FRAMES][MOST];
} ladder;

static void ladder_make(ladder *l, const pvt_config *config, int scene)
{
    l->renditions = config->renditions;
    for (int i = 0; i < FRAMES; i++)
        for (int r = 0; r < l->renditions; r++) {
            const test_layout layout = (test_layout)((scene + r) % LAYOUTS);
            const bool is_reference = r > 0 && r == l->renditions - 1;
            test_pair *pair = &l->pair[i][r];
            *pair = test_pair_make(config, is_reference ? scene : scene + 100 * r, i, layout);
            l->dis[i][r] = is_reference ? pair->ref : pair->dis;
            l->stride[i][r] = is_reference ? pair->ref_stride : pair->dis_stride;
        }
}

static void ladder_free(ladder *l)
{
    for (int i = 0; i < FRAMES; i++)
        for (int r = 0; r < l->renditions; r++)
            test_pair_free(&l->pair[i][r]);
}

static pvt_status push(pvt_context *context, const ladder *l, int i, pvt_features *rows, int *ready)
{
    const test_pair *first = &l->pair[i][0];
    const void *dis[MOST];
    for (int r = 0; r < l->renditions; r++)
        dis[r] = l->dis[i][r];
    return pvt_push(context, first->ref, first->ref_stride, dis, l->stride[i], rows, ready);
}

/* The rows of one rendition under one gain limit, from a plain context of its own. */
static void rows_alone(pvt_config config, const ladder *l, int rendition, double limit,
                       pvt_features rows[FRAMES])
{
    config.renditions = config.gain_limits = config.threads = 1;
    config.gain_limit[0] = limit;
    config.cpu_mask = ~0u;
    pvt_context *context = test_create(&config);
    int ready;
    for (int i = 0; i < FRAMES; i++) {
        const test_pair *first = &l->pair[i][0];
        EXPECT_STATUS(test_push(context, first->ref, first->ref_stride, l->dis[i][rendition],
                                l->stride[i][rendition], &rows[i ? i - 1 : 0], &ready),
                      PVT_OK);
    }
    EXPECT_STATUS(pvt_flush(context, &rows[FRAMES - 1], &ready), PVT_OK);
    pvt_destroy(context);
}

static void compare(const pvt_config *config, int rendition, int limit, int frame,
                    const pvt_features *got, const pvt_features *expected)
{
    EXPECT(test_same_rows(got, expected, 1),
           "%dx%d, %d bit, %d threads, mask %#x, rendition %d of %d, gain limit %g (%d of %d), "
           "frame %d: adm2 %.17g, %.17g; vif %.9g %.9g %.9g %.9g, %.9g %.9g %.9g %.9g; "
           "motion2 %.17g, %.17g",
           config->width, config->height, config->bit_depth, config->threads, config->cpu_mask,
           rendition, config->renditions, config->gain_limit[limit], limit, config->gain_limits,
           frame, got->adm2, expected->adm2, got->vif_scale[0], got->vif_scale[1],
           got->vif_scale[2], got->vif_scale[3], expected->vif_scale[0], expected->vif_scale[1],
           expected->vif_scale[2], expected->vif_scale[3], got->motion2, expected->motion2);
}

static void check_ladder(const pvt_config *config, const ladder *l)
{
    pvt_features rows[FRAMES][MOST_ROWS];
    pvt_context *context = test_create(config);
    int ready;
    for (int i = 0; i < FRAMES; i++) {
        EXPECT_STATUS(push(context, l, i, rows[i ? i - 1 : 0], &ready), PVT_OK);
        EXPECT(ready == (i > 0), "push %d: ready %d", i, ready);
    }
    EXPECT_STATUS(pvt_flush(context, rows[FRAMES - 1], &ready), PVT_OK);
    EXPECT(ready == 1, "flush: ready %d", ready);
    pvt_destroy(context);
    for (int r = 0; r < config->renditions; r++)
        for (int g = 0; g < config->gain_limits; g++) {
            pvt_features alone[FRAMES];
            rows_alone(*config, l, r, config->gain_limit[g], alone);
            for (int i = 0; i < FRAMES; i++)
                compare(config, r, g, i, &rows[i][r * config->gain_limits + g], &alone[i]);
        }
}

void test_renditions(void)
{
    static const uint32_t masks[] = {0, PVT_CPU_AVX512ICL, PVT_CPU_AVX512 | PVT_CPU_AVX512ICL, ~0u};
    static const int sizes[][2] = {{33, 33},  {61, 45},  {97, 131},  {129, 67},
                                   {160, 48}, {257, 65}, {321, 113}, {577, 35}};
    static const int depths[] = {8, 10, 12, 16};
    static const double limits[] = {100.0, 1.0, 1.0, 2.0, 1.5, 1e9};
    test_random random = {70};
    for (int run = 0; run < 96; run++) {
        const int *size = sizes[run % 8];
        pvt_config config = test_config(size[0], size[1], depths[run / 8 % 4], 1 + run % 3);
        config.cpu_mask = masks[(run + run / 8) % 4];
        config.renditions = (int)random_between(&random, 1, MOST);
        config.gain_limits = (int)random_between(&random, 1, PVT_MAX_GAIN_LIMITS);
        for (int g = 0; g < config.gain_limits; g++)
            config.gain_limit[g] = limits[random_between(&random, 0, 5)];
        if (run % 3 == 0) {
            config.gain_limits = 2;
            config.gain_limit[0] = 100.0;
            config.gain_limit[1] = 1.0;
        }
        if (run % test_thinning() != 0)
            continue;
        ladder l;
        ladder_make(&l, &config, run);
        check_ladder(&config, &l);
        ladder_free(&l);
    }
}

/* A sample out of range or no plane at all, in any rendition. */
void test_failed_rendition(void)
{
    pvt_config config = test_config(61, 45, 10, 2);
    config.renditions = 3;
    config.gain_limits = 2;
    config.gain_limit[1] = 1.0;
    ladder l;
    ladder_make(&l, &config, 5);
    for (int bad = 0; bad < config.renditions; bad++) {
        pvt_features rows[6], expected[6];
        int ready;
        pvt_context *context = test_create(&config), *plain = test_create(&config);
        EXPECT_STATUS(push(plain, &l, 0, expected, &ready), PVT_OK);
        EXPECT_STATUS(push(plain, &l, 1, expected, &ready), PVT_OK);
        EXPECT_STATUS(push(context, &l, 0, rows, &ready), PVT_OK);

        ladder broken = l;
        test_pair copy = test_pair_make(&config, 1000, 0, ODD);
        test_set_sample(&config, copy.dis, copy.dis_stride, 60, 44, 1024);
        broken.dis[1][bad] = copy.dis;
        broken.stride[1][bad] = copy.dis_stride;
        EXPECT_STATUS(push(context, &broken, 1, rows, &ready), PVT_ERROR_SAMPLE_RANGE);
        EXPECT(ready == 0, "ready %d", ready);
        broken.dis[1][bad] = NULL;
        EXPECT_STATUS(push(context, &broken, 1, rows, &ready), PVT_ERROR_ARGUMENT);
        test_pair_free(&copy);

        EXPECT_STATUS(push(context, &l, 1, rows, &ready), PVT_OK);
        EXPECT(ready == 1 && test_same_rows(rows, expected, 6), "rows after rendition %d failed",
               bad);
        EXPECT_STATUS(pvt_flush(plain, expected, &ready), PVT_OK);
        EXPECT_STATUS(pvt_flush(context, rows, &ready), PVT_OK);
        EXPECT(ready == 1 && test_same_rows(rows, expected, 6), "last rows, rendition %d", bad);
        pvt_destroy(context);
        pvt_destroy(plain);
    }
    ladder_free(&l);
}
