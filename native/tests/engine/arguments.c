/* Wrong arguments, and the functions that state facts. */
#include "engine/engine.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A context is refused with that status and the pointer is cleared. */
static void expect_refused(pvt_config config, pvt_status expected)
{
    pvt_context *context = (pvt_context *)&config; /* anything but NULL */
    EXPECT_STATUS(pvt_create(&config, &context), expected);
    EXPECT(context == NULL, "%dx%d, %d bit, %d threads, gain limit %g, features %u", config.width,
           config.height, config.bit_depth, config.threads, config.gain_limit[0], config.features);
}

static void expect_accepted(pvt_config config)
{
    pvt_context *context = NULL;
    EXPECT_STATUS(pvt_create(&config, &context), PVT_OK);
    EXPECT(context != NULL, "%dx%d, %d bit", config.width, config.height, config.bit_depth);
    pvt_destroy(context);
}

static void test_config_values(void)
{
    static const int sizes[] = {INT_MIN, -33, -1, 0, 1, 16, 32, 16385, 65536, INT_MAX};
    static const int depths[] = {INT_MIN, -8, 0, 1, 7, 9, 11, 13, 14, 15, 17, 32, INT_MAX};
    static const int threads[] = {INT_MIN, -1, 0, 257, INT_MAX};
    const double limits[] = {0.0, -0.0, 0.5, 0.9999999, -1.0, -100.0, NAN, INFINITY, -INFINITY};
    static const int counts[] = {INT_MIN, -1, 0, PVT_MAX_GAIN_LIMITS + 1, INT_MAX};
    static const int renditions[] = {INT_MIN, -1, 0, PVT_MAX_RENDITIONS + 1, INT_MAX};
    static const uint32_t features[] = {8, 9, 15, 1u << 31, UINT32_MAX};
    const pvt_config good = test_config(64, 48, 8, 1);
    pvt_config bad;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        bad = good, bad.width = sizes[i];
        expect_refused(bad, PVT_ERROR_SIZE);
        bad = good, bad.height = sizes[i];
        expect_refused(bad, PVT_ERROR_SIZE);
    }
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        bad = good, bad.bit_depth = depths[i];
        expect_refused(bad, PVT_ERROR_BIT_DEPTH);
    }
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        bad = good, bad.threads = threads[i];
        expect_refused(bad, PVT_ERROR_THREADS);
    }
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        bad = good, bad.gain_limit[0] = limits[i];
        expect_refused(bad, PVT_ERROR_GAIN_LIMIT);
        bad = good, bad.gain_limits = 3, bad.gain_limit[1] = 1.0, bad.gain_limit[2] = limits[i];
        expect_refused(bad, PVT_ERROR_GAIN_LIMIT);
    }
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        bad = good, bad.gain_limits = counts[i];
        expect_refused(bad, PVT_ERROR_GAIN_LIMIT);
    }
    for (size_t i = 0; i < sizeof renditions / sizeof renditions[0]; i++) {
        bad = good, bad.renditions = renditions[i];
        expect_refused(bad, PVT_ERROR_RENDITIONS);
    }
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        bad = good, bad.features = features[i];
        expect_refused(bad, PVT_ERROR_FEATURES);
    }
    expect_accepted(test_config(PVT_MIN_SIZE, PVT_MIN_SIZE, 16, 1));
    expect_accepted(test_config(PVT_MAX_SIZE, PVT_MIN_SIZE, 16, 2));
    expect_accepted(test_config(PVT_MIN_SIZE, PVT_MAX_SIZE, 8, 2));
    expect_accepted(test_config(PVT_MIN_SIZE, PVT_MIN_SIZE, 8, PVT_MAX_THREADS));
    bad = good, bad.gain_limit[0] = 1e300;
    expect_accepted(bad);
    bad = good, bad.gain_limit[1] = NAN; /* not one of those that count */
    expect_accepted(bad);
    bad = good, bad.renditions = PVT_MAX_RENDITIONS, bad.gain_limits = PVT_MAX_GAIN_LIMITS;
    for (int l = 0; l < PVT_MAX_GAIN_LIMITS; l++)
        bad.gain_limit[l] = 1.0;
    expect_accepted(bad);
    bad = good, bad.cpu_mask = UINT32_MAX;
    expect_accepted(bad);
}

static void test_null_pointers(void)
{
    const pvt_config config = test_config(40, 36, 8, 1);
    pvt_context *context = (pvt_context *)(uintptr_t)&config;
    EXPECT_STATUS(pvt_create(NULL, &context), PVT_ERROR_ARGUMENT);
    EXPECT(context == NULL, "pvt_create(NULL, ...)");
    EXPECT_STATUS(pvt_create(&config, NULL), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_create(NULL, NULL), PVT_ERROR_ARGUMENT);

    context = test_create(&config);
    test_pair pair = test_pair_make(&config, 1, 0, PACKED);
    const uint8_t *r = pair.ref, *d = pair.dis;
    pvt_features row;
    int ready;
    EXPECT_STATUS(test_push(NULL, r, 40, d, 40, &row, &ready), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(test_push(context, NULL, 40, d, 40, &row, &ready), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(test_push(context, r, 40, NULL, 40, &row, &ready), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(test_push(context, r, 40, d, 40, NULL, &ready), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(test_push(context, r, 40, d, 40, &row, NULL), PVT_ERROR_ARGUMENT);
    const void *const planes[1] = {d};
    const ptrdiff_t strides[1] = {40};
    EXPECT_STATUS(pvt_push(context, r, 40, NULL, strides, &row, &ready), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_push(context, r, 40, planes, NULL, &row, &ready), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_skip(NULL, r, 40, &row, &ready), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_skip(context, NULL, 40, &row, &ready), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_skip(context, r, 40, NULL, &ready), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_skip(context, r, 40, &row, NULL), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_flush(NULL, &row, &ready), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_flush(context, NULL, &ready), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_flush(context, &row, NULL), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_reset(NULL), PVT_ERROR_ARGUMENT);

    /* none of them was a frame, or the end of the stream */
    EXPECT_STATUS(test_push(context, r, 40, d, 40, &row, &ready), PVT_OK);
    EXPECT(ready == 0, "ready %d", ready);
    pvt_destroy(context);
    pvt_destroy(NULL);
    test_pair_free(&pair);
}

/* What follows from totals that another engine has made. */
static void test_totals(void)
{
    pvt_totals totals = {{{0}}, {{0}}};
    for (int s = 0; s < 4; s++) { /* 6 + 2 of 8 + 2 */
        totals.vif[s][0] = 6 * 2048;
        totals.vif[s][1] = 8 * 2048;
        totals.vif[s][3] = 2;
    }
    pvt_features row;
    double motion;
    EXPECT_STATUS(pvt_score_totals(40, 36, &totals, &row), PVT_OK);
    for (int s = 0; s < 4; s++)
        EXPECT(row.vif_scale[s] == (double)0.8f, "level %d: %a", s, row.vif_scale[s]);
    EXPECT(row.adm2 == 1.0, "ADM of nothing but its noise constants: %a", row.adm2);
    EXPECT(isnan(row.motion2), "motion2 %a", row.motion2);
    EXPECT_STATUS(pvt_score_motion(40, 36, 3 * 128 * 40 * 36, &motion), PVT_OK);
    EXPECT(motion == 1.5, "motion %a", motion);

    EXPECT_STATUS(pvt_score_totals(40, 36, NULL, &row), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_score_totals(40, 36, &totals, NULL), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_score_totals(32, 36, &totals, &row), PVT_ERROR_SIZE);
    EXPECT_STATUS(pvt_score_totals(40, 16385, &totals, &row), PVT_ERROR_SIZE);
    EXPECT_STATUS(pvt_score_motion(40, 36, 0, NULL), PVT_ERROR_ARGUMENT);
    EXPECT_STATUS(pvt_score_motion(40, 0, 0, &motion), PVT_ERROR_SIZE);
    EXPECT_STATUS(pvt_check(NULL), PVT_ERROR_ARGUMENT);

    uint16_t table[PVT_LOG_ENTRIES];
    pvt_log_table(table);
    for (int q = 32768; q < 65536; q++) {
        const int entry = table[(q - 32768) / 8], step = q % 8 >= (entry & 15);
        const double log = log2((double)q) * 2048.0 + 513.0 / 1024.0;
        EXPECT(30720 + (entry >> 4) + step == (int)log, "log2 of %d", q);
    }
}

void test_arguments(void)
{
    test_config_values();
    test_null_pointers();
    test_totals();
}

void test_facts(void)
{
    for (int a = PVT_OK; a <= PVT_ERROR_RENDITIONS + 1; a++) {
        const char *text = pvt_status_text((pvt_status)a);
        EXPECT(text && *text, "status %d", a);
        for (int b = PVT_OK; b < a; b++)
            EXPECT(strcmp(text, pvt_status_text((pvt_status)b)) != 0, "statuses %d, %d", a, b);
    }
    EXPECT(pvt_status_text((pvt_status)-1) != NULL, "status -1");
    EXPECT(strcmp(pvt_version(), PVT_VERSION) == 0, "version %s", pvt_version());
    EXPECT(strcmp(pvt_tier(UINT32_MAX), "scalar") == 0, "tier without CPU features %s",
           pvt_tier(UINT32_MAX));
    EXPECT(pvt_context_bytes(NULL) == 0, "bytes of no context");
    EXPECT(strcmp(pvt_context_tier(NULL), "") == 0, "tier of no context");

    /* a mask takes away exactly what it names, as far as it is there */
    const uint32_t flags = pvt_cpu_flags();
    EXPECT(strcmp(pvt_tier(flags), "scalar") == 0, "tier without %#x is %s", flags, pvt_tier(flags));
    EXPECT(strcmp(pvt_tier(~flags), pvt_tier(0)) == 0, "tier without %#x is %s", ~flags,
           pvt_tier(~flags));
    for (uint32_t mask = 0; mask < 64; mask++) {
        pvt_config config = test_config(40, 36, 8, 1);
        config.cpu_mask = mask;
        pvt_context *context = test_create(&config);
        EXPECT(strcmp(pvt_context_tier(context), pvt_tier(mask)) == 0, "mask %#x: %s, %s", mask,
               pvt_context_tier(context), pvt_tier(mask));
        pvt_destroy(context);
    }
}
