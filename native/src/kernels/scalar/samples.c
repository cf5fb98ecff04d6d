/* Checks on samples. */
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
