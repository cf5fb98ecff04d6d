/* Samples checked and copied, written once for every SIMD tier. */
#include "tier.h"
#include "vector.h"

#include "kernels/simd/routines.h"

#include <string.h>

static uint16_t or_of_lanes(vint bits)
{
    uint16_t lane[BLOCK], all = 0;
    v_store(lane, bits);
    for (int i = 0; i < BLOCK; i++)
        all |= lane[i];
    return all;
}

uint16_t TIER(or_u16)(const uint8_t *row, int n)
{
    vint bits = v_zero();
    for (int x = 0; x < n; x += BLOCK)
        bits = v_or(bits, v_load_u16(row + 2 * (ptrdiff_t)x, n - x));
    return or_of_lanes(bits);
}

enum { VECTOR = sizeof(vint), LINE = 64 /* bytes that go to memory in one piece */ };

/* Copies whole lines, to an address at which a line begins; the or of their lanes. */
INLINE vint copy_lines(const uint8_t *from, uint8_t *to, ptrdiff_t bytes)
{
    vint bits = v_zero();
    for (ptrdiff_t x = 0; x < bytes; x += LINE)
        for (int i = 0; i < LINE; i += VECTOR) {
            const vint samples = v_load(from + x + i);
            v_stream(to + x + i, samples);
            bits = v_or(bits, samples);
        }
    v_fence();
    return bits;
}

/* Bytes in front of the first whole line, and of all whole lines after them. */
INLINE void find_lines(const uint8_t *to, ptrdiff_t bytes, ptrdiff_t *before, ptrdiff_t *whole)
{
    *before = (ptrdiff_t)(-(uintptr_t)to % LINE);
    if (*before > bytes)
        *before = bytes;
    *whole = (bytes - *before) / LINE * LINE;
}

void TIER(copy_u8)(const uint8_t *from, uint8_t *to, int n)
{
    ptrdiff_t before, whole;
    find_lines(to, n, &before, &whole);
    memcpy(to, from, (size_t)before);
    copy_lines(from + before, to + before, whole);
    const ptrdiff_t done = before + whole;
    memcpy(to + done, from + done, (size_t)(n - done));
}

uint16_t TIER(copy_u16)(const uint8_t *from, uint8_t *to, int n)
{
    const ptrdiff_t bytes = 2 * (ptrdiff_t)n;
    ptrdiff_t before, whole;
    find_lines(to, bytes, &before, &whole);
    memcpy(to, from, (size_t)before);
    const vint bits = copy_lines(from + before, to + before, whole);
    const ptrdiff_t done = before + whole;
    memcpy(to + done, from + done, (size_t)(bytes - done));
    const int ends = TIER(or_u16)(from, (int)(before / 2)) |
                     TIER(or_u16)(from + done, (int)((bytes - done) / 2));
    return (uint16_t)(ends | or_of_lanes(bits));
}
