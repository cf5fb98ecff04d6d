/* Samples checked and copied. */
#include "kernels/scalar/scalar.h"

#include <string.h>

uint16_t or_u16_scalar(const uint8_t *row, int n)
{
    uint16_t bits = 0;
    for (int j = 0; j < n; j++) {
        uint16_t sample;
        memcpy(&sample, row + 2 * (ptrdiff_t)j, sizeof sample);
        bits |= sample;
    }
    return bits;
}

void copy_u8_scalar(const uint8_t *from, uint8_t *to, int n)
{
    memcpy(to, from, (size_t)n);
}

uint16_t copy_u16_scalar(const uint8_t *from, uint8_t *to, int n)
{
    uint16_t bits = 0;
    for (int j = 0; j < n; j++) {
        uint16_t sample;
        memcpy(&sample, from + 2 * (ptrdiff_t)j, sizeof sample);
        bits |= sample;
        memcpy(to + 2 * (ptrdiff_t)j, &sample, sizeof sample);
    }
    return bits;
}
