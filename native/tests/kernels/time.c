/* Timing. See check.h. */
#include "kernels/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    ROUNDS = 31,
    BATCH_NS = 1000000, /* of the first table */
    MOST_TABLES = 8
};

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* Nanoseconds per sample over so many calls. */
static double time_batch(const check_routine *routine, const pvt_kernels *kernels, int calls)
{
    double samples = 0;
    const double start = now_ns();
    for (int i = 0; i < calls; i++)
        samples += routine->run(kernels, GOT);
    return (now_ns() - start) / samples;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void check_time(const check_routine *routine, const pvt_kernels *tables, int count)
{
    static double times[MOST_TABLES][ROUNDS];
    routine->prepare();
    int calls = 1;
    for (double start = now_ns(); now_ns() - start < BATCH_NS; calls++)
        routine->run(&tables[0], GOT);
    for (int round = 0; round < ROUNDS; round++)
        for (int t = 0; t < count; t++)
            times[t][round] = time_batch(routine, &tables[t], calls);
    for (int t = 0; t < count; t++)
        qsort(times[t], ROUNDS, sizeof times[t][0], compare_doubles);
    for (int t = 0; t < count; t++)
        printf("%-27s %-10s %8.3f ns/sample  x%.2f\n", t ? "" : routine->name, tables[t].tier,
               times[t][ROUNDS / 2], times[0][ROUNDS / 2] / times[t][ROUNDS / 2]);
}
