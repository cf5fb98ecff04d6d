/*
 * Prints the features of generated streams, every digit, so that two machines can be compared:
 *
 *   print_features > here.txt
 *
 * The streams are the same everywhere, so the lines have to be, too. Exit status 1 when the best
 * tier of this machine and the scalar one differ.
 */
#include "engine/engine.h"

#include <stdio.h>

enum { FRAMES = 3 };

static void stream_with(pvt_config config, uint32_t mask, int scene, pvt_features rows[FRAMES])
{
    config.cpu_mask = mask;
    pvt_context *context = test_create(&config);
    test_stream(context, &config, scene, FRAMES, PACKED, rows);
    pvt_destroy(context);
}

static void print_stream(const pvt_config *config, int scene)
{
    pvt_features best[FRAMES], scalar[FRAMES];
    stream_with(*config, 0, scene, best);
    stream_with(*config, ~0u, scene, scalar);
    EXPECT(test_same_rows(best, scalar, FRAMES), "%dx%d, %d bit, gain limit %g: tier %s differs",
           config->width, config->height, config->bit_depth, config->gain_limit[0], pvt_tier(0));
    for (int i = 0; i < FRAMES; i++)
        printf("%dx%d, %d bit, gain limit %g, frame %d: adm2 %a vif %a %a %a %a motion2 %a\n",
               config->width, config->height, config->bit_depth, config->gain_limit[0], i,
               best[i].adm2, best[i].vif_scale[0], best[i].vif_scale[1], best[i].vif_scale[2],
               best[i].vif_scale[3], best[i].motion2);
}

int main(void)
{
    static const int sizes[][2] = {{33, 33}, {64, 48}, {97, 131}, {200, 113}, {321, 179}};
    static const int depths[] = {8, 10, 12, 16};
    static const double limits[] = {100.0, 1.0, 1.2}; /* the last one takes the scalar decoupling */
    int scene = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++)
            for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++) {
                pvt_config config = test_config(sizes[s][0], sizes[s][1], depths[d], 2);
                config.gain_limit[0] = limits[l];
                print_stream(&config, scene++);
            }
    return test_failures() > 0;
}
