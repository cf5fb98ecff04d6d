/*
 * Tests of whole contexts through the public header.
 *
 *   check_engine [NAME...]
 *
 * runs all tests, or those whose names contain one of the NAMEs. Exit status 1 when one failed.
 */
#include "engine/engine.h"

#include <stdio.h>
#include <string.h>

static const struct engine_test {
    const char *name;
    void (*run)(void);
} tests[] = {
    {"arguments", test_arguments},
    {"facts", test_facts},
    {"order of rows", test_order_of_rows},
    {"skipped frames", test_skipped_frames},
    {"failed push", test_failed_push},
    {"reset", test_reset},
    {"feature sets", test_feature_sets},
    {"renditions", test_renditions},
    {"failed rendition", test_failed_rendition},
    {"threads, layouts, tiers", test_threads_layouts_tiers},
    {"large frames", test_large_frames},
    {"busy", test_busy},
    {"fork", test_fork},
    {"parallel contexts", test_parallel_contexts},
    {"shared context", test_shared_context},
    {"destroy at any time", test_destroy_at_any_time},
    {"staging", test_staging},
    {"staged samples", test_staged_samples},
    {"stager arguments", test_stager_arguments},
    {"shared stager", test_shared_stager},
    {"forked stager", test_forked_stager},
#ifdef TEST_WRAPPED_ALLOCATION
    {"memory held", test_memory_held},
    {"no allocation per frame", test_no_allocation_per_frame},
    {"failing allocations", test_failing_allocations},
    {"failing threads", test_failing_threads},
    {"failing stagers", test_failing_stagers},
#endif
};

static bool wanted(const char *name, int count, char **parts)
{
    for (int i = 0; i < count; i++)
        if (strstr(name, parts[i]))
            return true;
    return count == 0;
}

int main(int argc, char **argv)
{
    int run = 0;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        if (!wanted(tests[i].name, argc - 1, argv + 1))
            continue;
        const int before = test_failures();
        tests[i].run();
        printf("%-26s%s\n", tests[i].name, test_failures() > before ? "FAILED" : "ok");
        fflush(stdout);
        run++;
    }
    printf("%d tests, tier %s: %d failures\n", run, pvt_tier(0), test_failures());
    return test_failures() > 0 || run == 0;
}
