/* Fewer cases for slow tools (valgrind): PVT_TEST_THIN=20 in the environment asks for one in 20. */
#ifndef PVT_TEST_THINNING_H
#define PVT_TEST_THINNING_H

#include <stdlib.h>

static inline int test_thinning(void)
{
    const char *text = getenv("PVT_TEST_THIN");
    const int thinning = text ? atoi(text) : 1;
    return thinning > 1 ? thinning : 1;
}

#endif
