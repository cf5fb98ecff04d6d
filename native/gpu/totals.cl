/*
 * Totals: what the work groups left in `partials`, added up. No atomics, so there is nothing to set
 * to zero before, and the order is always the same (not that it mattered: all are integers).
 *
 * A total is a sum over rows of rounded sums over columns; only ADM has columns. One work group
 * makes one total of one pair (or frame).
 */
typedef struct total_params {
    int partials, pair_partials; /* where the first pair's begin; from one pair to the next */
    int rows, row_step;
    int columns, column_step;
    int shift; /* bits that each row's sum is rounded by */
} total_params;

KERNEL totals(GLOBAL const total_params *table, GLOBAL const u64 *partials, GLOBAL u64 *out)
{
    SHARED u64 sums[ITEMS];
    const int item = item_id(), pair = group_y();
    GLOBAL const total_params *p = table + group_x();
    GLOBAL const u64 *first = partials + p->partials + (i64)p->pair_partials * pair;
    u64 sum = 0;
    for (int row = item; row < p->rows; row += ITEMS) {
        GLOBAL const u64 *at = first + (i64)p->row_step * row;
        u64 row_sum = 0; /* wraps, as libvmaf's does */
        for (int column = 0; column < p->columns; column++)
            row_sum += at[column * p->column_step];
        sum += (u64)round_shift((i64)row_sum, p->shift);
    }
    sums[item] = sum;
    sum_over_items(sums, 1, item);
    if (item == 0)
        out[groups_x() * pair + group_x()] = sums[0];
}
