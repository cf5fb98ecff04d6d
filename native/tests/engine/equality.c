/* The same doubles with every number of threads, every layout in memory and every tier. */
#include "engine/engine.h"

#include "thinning.h"

#include <math.h>
#include <stdlib.h>

enum { FRAMES = 2 };

static const uint32_t masks[] = {
    0,
    PVT_CPU_AVX512ICL,
    PVT_CPU_AVX512 | PVT_CPU_AVX512ICL,
    ~0u,
};
enum { MASKS = sizeof masks / sizeof masks[0] };

static void run(pvt_config config, test_layout layout, int scene, pvt_features rows[FRAMES])
{
    pvt_context *context = test_create(&config);
    test_stream(context, &config, scene, FRAMES, layout, rows);
    pvt_destroy(context);
}

static void expect_same(pvt_config config, test_layout layout, int scene,
                        const pvt_features expected[FRAMES])
{
    pvt_features rows[FRAMES];
    run(config, layout, scene, rows);
    EXPECT(test_same_rows(rows, expected, FRAMES),
           "%dx%d, %d bit, %d threads, layout %d, mask %#x, gain limit %g: adm2 %.17g, %.17g; "
           "vif %.9g %.9g %.9g %.9g, %.9g %.9g %.9g %.9g; motion2 %.17g, %.17g",
           config.width, config.height, config.bit_depth, config.threads, (int)layout,
           config.cpu_mask, config.gain_limit[0], rows[1].adm2, expected[1].adm2,
           rows[1].vif_scale[0], rows[1].vif_scale[1], rows[1].vif_scale[2], rows[1].vif_scale[3],
           expected[1].vif_scale[0], expected[1].vif_scale[1], expected[1].vif_scale[2],
           expected[1].vif_scale[3], rows[1].motion2, expected[1].motion2);
}

/* One size: the plainest run against variations of everything else. */
static void check_size(int width, int height, int bit_depth, double gain_limit, int variation)
{
    pvt_config config = test_config(width, height, bit_depth, 1);
    config.gain_limit[0] = gain_limit;
    config.cpu_mask = ~0u;
    pvt_features expected[FRAMES];
    run(config, PACKED, variation, expected);
    EXPECT(expected[1].adm2 > 0.3 && expected[1].adm2 < 1.1 && expected[1].vif_scale[0] > 0.01 &&
               expected[1].vif_scale[3] < 1.1 && expected[1].motion2 > 0.1,
           "%dx%d, %d bit: adm2 %g, vif %g .. %g, motion2 %g", width, height, bit_depth,
           expected[1].adm2, expected[1].vif_scale[0], expected[1].vif_scale[3],
           expected[1].motion2);
    for (int m = 0; m < MASKS; m++) {
        config.cpu_mask = masks[m];
        config.threads = 1 + (variation + m) % 5;
        expect_same(config, (test_layout)((variation + m) % LAYOUTS), variation, expected);
    }
}

void test_threads_layouts_tiers(void)
{
    static const int widths[] = {33,  34,  35,  36,  37,  39,  40,  47,  63,  64,  65,  80,
                                 95,  97,  113, 127, 128, 129, 130, 136, 137, 160, 255, 257};
    static const int heights[] = {33, 34, 35, 47, 48, 49, 64, 65, 97};
    static const int depths[] = {8, 10, 12, 16};
    int variation = 0;
    for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++)
        for (size_t h = 0; h < sizeof heights / sizeof heights[0]; h++, variation++)
            if (variation % test_thinning() == 0)
                check_size(widths[w], heights[h], depths[(w + h) % 4],
                           variation % 3 ? 100.0 : 1.0, variation);
    /* every number of threads with every layout */
    pvt_features expected[FRAMES];
    pvt_config config = test_config(131, 77, 10, 1);
    run(config, PACKED, 7, expected);
    for (config.threads = 1; config.threads <= 5; config.threads++)
        for (int layout = 0; layout < LAYOUTS; layout++)
            expect_same(config, (test_layout)layout, 7, expected);
    config.threads = 64; /* more than there is work for */
    expect_same(config, PACKED, 7, expected);
}

/* Long rows, long columns, and a picture. */
void test_large_frames(void)
{
    check_size(PVT_MAX_SIZE, 33, 8, 100.0, 1);
    if (test_thinning() > 1)
        return;
    check_size(33, PVT_MAX_SIZE, 16, 100.0, 2);
    check_size(1923, 1081, 8, 100.0, 3);
    check_size(1281, 719, 10, 1.0, 4);
}
