/*
 * Drives the fuzz target without libFuzzer, the same way every time.
 *
 *   fuzz_engine [ITERATIONS [SEED]]      random inputs, 1000 of them unless told
 *   fuzz_engine --replay FILE...         inputs that libFuzzer has kept
 */
#include "random.h"
#include "thinning.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    static uint8_t data[1 << 16];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 2;
    }
    const size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    return LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--replay") == 0) {
        for (int i = 2; i < argc; i++)
            if (replay(argv[i]) != 0)
                return 2;
        return 0;
    }
    const long iterations = (argc > 1 ? atol(argv[1]) : 1000) / test_thinning();
    test_random random = {argc > 2 ? strtoull(argv[2], NULL, 0) : 1};
    uint8_t data[256];
    for (long i = 0; i < iterations; i++) {
        const size_t size = (size_t)random_between(&random, 0, sizeof data);
        random_fill(&random, data, size);
        if (size > 0 && random_between(&random, 0, 3))
            data[0] = 0; /* mostly a good configuration */
        LLVMFuzzerTestOneInput(data, size);
    }
    printf("%ld inputs: no violation\n", iterations);
    return iterations < 1;
}
