/* The tests' random numbers: the same on every machine for the same seed. */
#ifndef PVT_TEST_RANDOM_H
#define PVT_TEST_RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct test_random {
    uint64_t state;
} test_random;

/* SplitMix64. */
static inline uint64_t random_bits(test_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* low .. high, both included. */
static inline int64_t random_between(test_random *random, int64_t low, int64_t high)
{
    const uint64_t span = (uint64_t)(high - low) + 1;
    return low + (int64_t)(random_bits(random) % span);
}

static inline void random_fill(test_random *random, void *memory, size_t bytes)
{
    uint8_t *out = memory;
    for (; bytes >= sizeof(uint64_t); bytes -= sizeof(uint64_t), out += sizeof(uint64_t)) {
        const uint64_t bits = random_bits(random);
        memcpy(out, &bits, sizeof bits);
    }
    const uint64_t bits = random_bits(random);
    memcpy(out, &bits, bytes);
}

#endif
