/*
 * The cube root against its definition: what powf of glibc 2.28 and later returns.
 *
 *   check_cube_root [--all]
 *
 * Everywhere: stored results. Where glibc is the C library, also a comparison with its powf over
 * a sample of the single-precision numbers from 2^-60 to 2^60, or over all of them. Exit status 1
 * when a result differs.
 */
#include "cube_root.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct checkpoint {
    float x, root;
} checkpoint;

static const checkpoint stored[] = {
    {0x1p-50f, 0x1.428a28p-17f}, {0x1p-24f, 0x1.fffffap-9f}, {0x1p-6f, 0x1.fffffep-3f},
    {0x1p-5f, 0x1.428a2ep-2f}, {0x1p-1f, 0x1.965feap-1f}, {0x1p+0f, 0x1p+0f},
    {0x1p+1f, 0x1.428a3p+0f}, {0x1.8p+1f, 0x1.713744p+0f}, {0x1p+3f, 0x1p+1f},
    {0x1.bp+4f, 0x1.8p+1f}, {0x1.9p+6f, 0x1.290fccp+2f}, {0x1.fa4p+15f, 0x1.4153eep+5f},
    {0x1.e848p+19f, 0x1.900004p+6f}, {0x1p+30f, 0x1.000004p+10f}, {0x1p+40f, 0x1.428a36p+13f},
    {0x1.fffffep+39f, 0x1.428a36p+13f}, {0x1.fffffep-1f, 0x1p+0f}, {0x1.000002p+0f, 0x1p+0f},
    /* one unit away from the correctly rounded power, so no other routine will do */
    {0x1.52be3ap+32f, 0x1.be2398p+10f}, {0x1.24d418p-35f, 0x1.5151b4p-12f},
    {0x1.d4b08cp+5f, 0x1.f122cap+1f}, {0x1.90358ep+29f, 0x1.d7a36ap+9f},
    {0x1.fa92ap-34f, 0x1.fe2f34p-12f}, {0x1.30b73ep+19f, 0x1.55d2c6p+6f},
    {0x1.fe0b94p-50f, 0x1.95db52p-17f}, {0x1.04456cp-36f, 0x1.016a74p-12f},
    {0x1.e4ce42p-3f, 0x1.3cb9a4p-1f}, {0x1.72abfp+37f, 0x1.6ce4d4p+12f},
    {0x1.d4f60cp-28f, 0x1.f13b54p-10f}, {0x1.e20528p-44f, 0x1.8e4868p-15f},
    {0x1.dabd54p-3f, 0x1.3a8488p-1f}, {0x1.5eb88p-45f, 0x1.1c52f8p-15f},
    {0x1.f9136ap+19f, 0x1.9488d6p+6f}, {0x1.d1156ap-14f, 0x1.898ffcp-5f},
    {0x1.456816p+4f, 0x1.5d642ep+1f}, {0x1.3d4b94p+3f, 0x1.12fd0ep+1f},
    {0x1.cc7b68p-32f, 0x1.884296p-11f}, {0x1.97f69ap+1f, 0x1.78bdep+0f},
    {0x1.b812b6p+14f, 0x1.e6ce1p+4f}, {0x1.26f6b2p-28f, 0x1.aa06a4p-10f},
};

static int failures;

static void expect(float x, float expected, const char *source)
{
    const float root = pvt_cube_root(x);
    if (memcmp(&root, &expected, sizeof root) == 0 || (isnan(root) && isnan(expected)))
        return;
    if (++failures <= 10)
        printf("FAILED cube root of %a: %a, expected %a (%s)\n", (double)x, (double)root,
               (double)expected, source);
}

static float from_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 28)
enum { HAVE_DEFINITION = 1 };
#else
enum { HAVE_DEFINITION = 0 };
#endif

/* Every `step`th number from 2^-60 up to 2^60; how many there were. */
static long compare_with_powf(uint32_t step)
{
    static volatile float third = 0x1.555556p-2f; /* volatile: no compile-time powf */
    const uint32_t first = (127 - 60) << 23, end = (127 + 60) << 23;
    long count = 0;
    for (uint32_t bits = first; bits < end; bits += step, count++)
        expect(from_bits(bits), powf(from_bits(bits), third), "powf");
    return count;
}

int main(int argc, char **argv)
{
    const bool all = argc == 2 && strcmp(argv[1], "--all") == 0;
    if (argc > 1 && !all) {
        fprintf(stderr, "usage: %s [--all]\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < sizeof stored / sizeof stored[0]; i++)
        expect(stored[i].x, stored[i].root, "stored");
    expect(0.0f, 0.0f, "stored");
    expect(-1.0f, NAN, "stored");
    expect(-0x1p40f, NAN, "stored");
    const long compared = HAVE_DEFINITION ? compare_with_powf(all ? 1 : 127) : 0;
    printf("cube root: %d stored results, %ld of glibc's powf: %d failures\n",
           (int)(sizeof stored / sizeof stored[0]) + 3, compared, failures);
    return failures > 0;
}
