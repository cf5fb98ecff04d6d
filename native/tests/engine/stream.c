/* The order of a stream: rows, skipped frames, failures, flush and reset. */
#include "engine/engine.h"

#include "kernels/define.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

enum { WIDTH = 61, HEIGHT = 45, MOST = 9 };

/* Motion between two reference frames by definition. */
static double motion_between(const pvt_config *config, const test_pair *a, const test_pair *b)
{
    const uint8_t *before[HEIGHT + 4], *now[HEIGHT + 4];
    for (int i = 0; i < config->height + 4; i++) {
        int y = i - 2;
        y = y < 0 ? -y : y >= config->height ? 2 * (config->height - 1) - y : y;
        before[i] = a->ref + a->ref_stride * y;
        now[i] = b->ref + b->ref_stride * y;
    }
    pvt_kernels definition;
    define_whole_rows(&definition);
    const uint64_t sad =
        config->bit_depth == 8
            ? definition.motion.sad_u8(before, now, config->height, config->width, NULL)
            : definition.motion.sad_u16(before, now, config->height, config->width,
                                        config->bit_depth, NULL);
    return (double)sad / 256.0 / ((double)config->width * config->height);
}

/* Frames of a stream and what is expected of them. */
typedef struct expectation {
    pvt_config config;
    test_pair pair[MOST];
    double motion[MOST];
    pvt_features alone[MOST]; /* the row of a stream of that frame alone */
} expectation;

static void expectation_make(expectation *e, int bit_depth, int scene)
{
    e->config = test_config(WIDTH, HEIGHT, bit_depth, 1);
    pvt_context *context = test_create(&e->config);
    for (int i = 0; i < MOST; i++) {
        int ready;
        e->pair[i] = test_pair_make(&e->config, scene, i * i, PACKED);
        e->motion[i] = i ? motion_between(&e->config, &e->pair[i - 1], &e->pair[i]) : 0.0;
        test_push(context, e->pair[i].ref, e->pair[i].ref_stride, e->pair[i].dis,
                 e->pair[i].dis_stride, &e->alone[i], &ready);
        EXPECT_STATUS(pvt_flush(context, &e->alone[i], &ready), PVT_OK);
        EXPECT(ready == 1 && e->alone[i].motion2 == 0.0, "ready %d, motion2 of a lone frame %g",
               ready, e->alone[i].motion2);
        EXPECT_STATUS(pvt_reset(context), PVT_OK);
    }
    pvt_destroy(context);
}

static void expectation_free(expectation *e)
{
    for (int i = 0; i < MOST; i++)
        test_pair_free(&e->pair[i]);
}

/* Row `i` of a stream of `n` frames. */
static pvt_features expected_row(const expectation *e, int i, int n)
{
    pvt_features row = e->alone[i];
    row.motion2 = i == 0 ? 0.0 : i == n - 1 ? e->motion[i] : fmin(e->motion[i], e->motion[i + 1]);
    return row;
}

static pvt_status push(pvt_context *context, const test_pair *pair, pvt_features *row, int *ready)
{
    return test_push(context, pair->ref, pair->ref_stride, pair->dis, pair->dis_stride, row, ready);
}

/* Streams frames 0 .. n-1, those in `skipped` (a bit each) unscored, and checks every row. */
static void check_stream(pvt_context *context, const expectation *e, int n, uint32_t skipped)
{
    pvt_features row;
    int ready, held = -1; /* the scored frame whose row has not come yet */
    for (int i = 0; i <= n; i++) {
        if (i == n)
            EXPECT_STATUS(pvt_flush(context, &row, &ready), PVT_OK);
        else if (skipped >> i & 1)
            EXPECT_STATUS(pvt_skip(context, e->pair[i].ref, e->pair[i].ref_stride, &row, &ready),
                          PVT_OK);
        else
            EXPECT_STATUS(push(context, &e->pair[i], &row, &ready), PVT_OK);
        EXPECT(ready == (held >= 0), "call %d of %d, skipped %#x: ready %d", i, n, skipped, ready);
        if (held >= 0) {
            const pvt_features expected = expected_row(e, held, n);
            EXPECT(test_same_rows(&row, &expected, 1),
                   "row %d of %d, skipped %#x: motion2 %.17g, expected %.17g; adm2 %.17g, %.17g",
                   held, n, skipped, row.motion2, expected.motion2, row.adm2, expected.adm2);
        }
        held = i < n && !(skipped >> i & 1) ? i : -1;
    }
}

void test_order_of_rows(void)
{
    static const int depths[] = {8, 10, 12, 16};
    for (int d = 0; d < 4; d++) {
        expectation e;
        expectation_make(&e, depths[d], d);
        for (int n = 1; n <= MOST; n++) {
            pvt_context *context = test_create(&e.config);
            check_stream(context, &e, n, 0);
            pvt_destroy(context);
        }
        expectation_free(&e);
    }
}

void test_skipped_frames(void)
{
    expectation e;
    expectation_make(&e, 10, 20);
    pvt_context *context = test_create(&e.config);
    test_random random = {20};
    for (int run = 0; run < 60; run++) {
        const int n = (int)random_between(&random, 1, MOST);
        check_stream(context, &e, n, (uint32_t)random_between(&random, 0, (1 << MOST) - 1));
        EXPECT_STATUS(pvt_reset(context), PVT_OK);
    }
    pvt_destroy(context);
    expectation_free(&e);
}

/* One sample too large, anywhere in either plane, is refused; the stream goes on as if the call
 * had not been made. */
void test_failed_push(void)
{
    static const int places[][2] = {{0, 0}, {WIDTH - 1, 0}, {0, HEIGHT - 1}, {WIDTH - 1, HEIGHT - 1},
                                    {30, 22}};
    for (int depth = 10; depth <= 12; depth += 2)
        for (int plane = 0; plane < 2; plane++) {
            expectation e;
            expectation_make(&e, depth, 30);
            pvt_context *context = test_create(&e.config);
            pvt_features row;
            int ready;
            EXPECT_STATUS(push(context, &e.pair[0], &row, &ready), PVT_OK);
            for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
                test_pair bad = test_pair_make(&e.config, 30, 1, PACKED);
                test_set_sample(&e.config, plane ? bad.dis : bad.ref, bad.ref_stride, places[p][0],
                                places[p][1], 1u << (depth + (int)p % (16 - depth)));
                EXPECT_STATUS(push(context, &bad, &row, &ready), PVT_ERROR_SAMPLE_RANGE);
                EXPECT(ready == 0, "ready %d", ready);
                if (plane == 0)
                    EXPECT_STATUS(pvt_skip(context, bad.ref, bad.ref_stride, &row, &ready),
                                  PVT_ERROR_SAMPLE_RANGE);
                test_pair_free(&bad);
            }
            for (int i = 1; i <= 2; i++) {
                EXPECT_STATUS(push(context, &e.pair[i], &row, &ready), PVT_OK);
                const pvt_features expected = expected_row(&e, i - 1, 3);
                EXPECT(ready == 1 && test_same_rows(&row, &expected, 1), "row %d after failures", i);
            }
            pvt_destroy(context);
            expectation_free(&e);
        }
}

void test_reset(void)
{
    expectation e;
    expectation_make(&e, 8, 40);
    pvt_context *context = test_create(&e.config);
    pvt_features row;
    int ready;
    EXPECT_STATUS(pvt_flush(context, &row, &ready), PVT_OK);
    EXPECT(ready == 0, "flush of an empty stream: ready %d", ready);
    for (int run = 0; run < 3; run++) {
        EXPECT_STATUS(push(context, &e.pair[0], &row, &ready), PVT_ERROR_FLUSHED);
        EXPECT(ready == 0, "ready %d", ready);
        EXPECT_STATUS(pvt_skip(context, e.pair[0].ref, e.pair[0].ref_stride, &row, &ready),
                      PVT_ERROR_FLUSHED);
        EXPECT_STATUS(pvt_reset(context), PVT_OK);
        check_stream(context, &e, 3 + run, 0);
        EXPECT_STATUS(pvt_flush(context, &row, &ready), PVT_OK);
        EXPECT(ready == 0, "second flush: ready %d", ready);
    }
    /* in the middle of a stream: the held row is forgotten */
    EXPECT_STATUS(pvt_reset(context), PVT_OK);
    EXPECT_STATUS(push(context, &e.pair[5], &row, &ready), PVT_OK);
    EXPECT_STATUS(push(context, &e.pair[6], &row, &ready), PVT_OK);
    EXPECT_STATUS(pvt_reset(context), PVT_OK);
    check_stream(context, &e, 4, 0);
    pvt_destroy(context);
    expectation_free(&e);
}

/* Each group alone gives what it gives in company; what was not asked for is NaN. */
void test_feature_sets(void)
{
    pvt_config config = test_config(WIDTH, HEIGHT, 8, 2);
    pvt_features all[3], some[3];
    for (uint32_t features = 0; features <= PVT_FEATURE_ALL; features++) {
        config.features = features;
        pvt_context *context = test_create(&config);
        test_stream(context, &config, 50, 3, PACKED, features ? some : all);
        pvt_destroy(context);
        for (int i = 0; i < 3 && features; i++) {
            pvt_features expected = all[i];
            if (!(features & PVT_FEATURE_ADM))
                EXPECT(isnan(some[i].adm2), "features %u: adm2 %g", features, some[i].adm2);
            for (int s = 0; s < 4 && !(features & PVT_FEATURE_VIF); s++)
                EXPECT(isnan(some[i].vif_scale[s]), "features %u: vif %g", features,
                       some[i].vif_scale[s]);
            if (!(features & PVT_FEATURE_MOTION))
                EXPECT(isnan(some[i].motion2), "features %u: motion2 %g", features,
                       some[i].motion2);
            expected.adm2 = features & PVT_FEATURE_ADM ? all[i].adm2 : some[i].adm2;
            for (int s = 0; s < 4 && !(features & PVT_FEATURE_VIF); s++)
                expected.vif_scale[s] = some[i].vif_scale[s];
            expected.motion2 = features & PVT_FEATURE_MOTION ? all[i].motion2 : some[i].motion2;
            EXPECT(test_same_rows(&some[i], &expected, 1), "features %u, row %d", features, i);
        }
    }
}
