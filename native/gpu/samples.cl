/*
 * Samples that exceed the bit depth, counted in one plane of 16-bit samples: frames that come from
 * the device's own memory are not looked at by the host.
 */
typedef struct sample_params {
    int samples, largest;
} sample_params;

KERNEL samples(GLOBAL const sample_params *p, GLOBAL const u16 *plane, GLOBAL u64 *partials)
{
    SHARED u64 sums[ITEMS];
    const int item = item_id();
    u64 beyond = 0;
    for (int i = group_x() * ITEMS + item; i < p->samples; i += groups_x() * ITEMS)
        beyond += plane[i] > p->largest ? 1 : 0;
    sums[item] = beyond;
    sum_over_items(sums, 1, item);
    if (item == 0)
        partials[group_x()] = sums[0];
}
