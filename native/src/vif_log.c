/*
 * The fixed-point logarithm of VIF: T(q) = floor(2048 * log2(q) + 513/1024), q = 32768 .. 65535.
 *
 * 513/1024 and not one half, because the definition rounds log2(q) to single precision first;
 * on this interval that adds exactly 1/1024. No value comes nearer than 1.5e-5 to its decision
 * point (powers of two are exact), so any sane log2 builds the same table.
 *
 * Steps are at least 11 mantissas apart, so a group of 8 holds at most one. An entry packs, for
 * each group, the value at its start, less 30720, and the position 1..8 of the step (8: none).
 */
#include "vif.h"

#include <math.h>

static int mantissa_log2(int q) { return (int)floor(log2((double)q) * 2048.0 + 513.0 / 1024.0); }

void vif_log_table(uint16_t table[VIF_LOG_ENTRIES])
{
    for (int i = 0; i < VIF_LOG_ENTRIES; i++) {
        const int first = 32768 + 8 * i;
        const int base = mantissa_log2(first);
        int step = 1;
        while (step < 8 && mantissa_log2(first + step) == base)
            step++;
        table[i] = (uint16_t)(((base - 30720) << 4) | step);
    }
}
