/* What all kernels share: samples, borders, roundings, sums over a work group. */


/* Coordinate i of a side of n samples, mirrored about the edge sample. What lies so far outside
 * that no result depends on it is brought inside. */
INLINE int mirrored(int i, int n)
{
    i = i < 0 ? -i : i;
    i = i >= n ? 2 * (n - 1) - i : i;
    return i < 0 ? 0 : i;
}

INLINE u32 sample_at(const int wide, GLOBAL const void *plane, u32 at)
{
    return wide ? (u32)((GLOBAL const u16 *)plane)[at] : (u32)((GLOBAL const u8 *)plane)[at];
}

/* The plane of that number in a buffer of planes of so many samples. */
INLINE GLOBAL const void *plane_at(const int wide, GLOBAL const void *planes, int samples,
                                   int index)
{
    const i64 offset = (i64)samples * index;
    return wide ? (GLOBAL const void *)((GLOBAL const u16 *)planes + offset)
                : (GLOBAL const void *)((GLOBAL const u8 *)planes + offset);
}

/* Divides by 2^shift, halves up. */
INLINE i64 round_shift(i64 x, int shift) { return (x + (((i64)1 << shift) >> 1)) >> shift; }

INLINE int within(int x, int first, int last) { return x >= first && x <= last; }

/* Adds up `count` rows of ITEMS values each; item k then has the sum of row k in sums[k * ITEMS],
 * for itself alone. In two steps, with one item for each PARTS-th of a row first: cheaper than
 * halving seven times. No other item reads what such an item replaces. */
enum { PARTS = 16 };

INLINE void sum_over_items(LOCAL u64 *sums, const int count, int item)
{
    LOCAL u64 *row = sums + item / PARTS * ITEMS;
    u64 sum = 0;
    group_barrier();
    if (item < count * PARTS)
#pragma unroll
        for (int i = 0; i < ITEMS; i += PARTS)
            sum += row[i + item % PARTS];
    if (item < count * PARTS)
        row[item % PARTS] = sum;
    group_barrier();
    if (item < count) {
        row = sums + item * ITEMS;
        sum = 0;
#pragma unroll
        for (int i = 0; i < PARTS; i++)
            sum += row[i];
        row[0] = sum;
    }
}
