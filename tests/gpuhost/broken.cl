/*
 * Kernels with one fault each, and one without: what the checkers have to notice, and not to
 * notice. All take a group of ITEMS numbers each from `in` and leave as many in `out`.
 */
INLINE int own_place(void) { return group_x() * ITEMS + item_id(); }

KERNEL fine(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    SHARED i32 shared[ITEMS];
    const int item = item_id();
    shared[item] = in[own_place()];
    group_barrier();
    out[own_place()] = shared[ITEMS - 1 - item];
    group_barrier();
    shared[item] = out[own_place()];
}

/* ---- barriers and races ---------------------------------------------------------------------- */

KERNEL no_barrier_before_reading(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    SHARED i32 shared[ITEMS];
    const int item = item_id();
    shared[item] = in[own_place()];
    out[own_place()] = shared[item / 2];
}

KERNEL no_barrier_before_writing(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    SHARED i32 shared[ITEMS];
    const int item = item_id();
    shared[item] = in[own_place()];
    group_barrier();
    out[own_place()] = shared[(item + 1) % ITEMS];
    shared[item] = 0;
}

KERNEL two_items_write(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[group_x() * ITEMS + item_id() / 2 * 2] = in[own_place()];
    out[group_x() * ITEMS + item_id() / 2 * 2 + 1] = in[own_place()];
}

KERNEL two_groups_write(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[item_id()] = in[own_place()];
    out[ITEMS + item_id()] = in[own_place()];
}

KERNEL a_group_reads_what_another_writes(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place()] = in[own_place()] + (group_x() > 0 ? out[own_place() - ITEMS] : 0);
}

KERNEL barrier_for_some(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place()] = in[own_place()];
    if (item_id() < 64)
        group_barrier();
}

KERNEL different_barriers(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place()] = in[own_place()];
    if (item_id() < 64)
        group_barrier();
    else
        group_barrier();
}

/* ---- places ---------------------------------------------------------------------------------- */

KERNEL reads_behind_a_buffer(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place()] = in[own_place() + 1];
}

KERNEL reads_before_a_buffer(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place()] = in[own_place() - 1];
}

KERNEL writes_behind_a_buffer(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place() + 1] = in[own_place()];
}

KERNEL writes_far_behind_a_buffer(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place() + 3 * ITEMS] = in[own_place()];
}


INLINE i32 at_index(LOCAL const i32 *row, int index) { return row[index]; }

KERNEL reads_behind_a_shared_object(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    SHARED i32 shared[ITEMS];
    shared[item_id()] = in[own_place()];
    group_barrier();
    out[own_place()] = at_index(shared, item_id() + 1);
}

KERNEL reads_before_a_shared_object(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    SHARED i32 shared[ITEMS];
    shared[item_id()] = in[own_place()];
    group_barrier();
    out[own_place()] = at_index(shared, item_id() - 1);
}

typedef struct two_rows {
    i32 first[ITEMS], second[ITEMS];
} two_rows;

KERNEL reads_beyond_an_array(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    SHARED two_rows rows;
    rows.first[item_id()] = rows.second[item_id()] = in[own_place()];
    group_barrier();
    out[own_place()] = rows.first[item_id() + 1];
}

KERNEL misaligned(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place()] = *(GLOBAL const i32 *)((GLOBAL const u16 *)in + item_id());
}

/* ---- arithmetic: the numbers are 2^30 and more ------------------------------------------------ */

KERNEL sum_overflows(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place()] = in[own_place()] + in[own_place()];
}

KERNEL product_overflows(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    const i64 square = (i64)in[own_place()] * in[own_place()];
    out[own_place()] = square * square > 0;
}

KERNEL shifts_too_far(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place()] = (i32)(1u << (in[own_place()] >> 25));
}

KERNEL shifts_a_negative_number(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place()] = -(in[own_place()] >> 20) << 4;
}

KERNEL double_beyond_int(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place()] = (i32)(2.0 * in[own_place()]);
}

KERNEL divides_by_zero(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place()] = in[own_place()] / item_id();
}

/* ---- what nobody has written ----------------------------------------------------------------- */

KERNEL reads_an_empty_buffer(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    out[own_place()] += in[own_place()];
}

KERNEL leaves_a_number_out(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    if (own_place() != 77)
        out[own_place()] = in[own_place()];
}

KERNEL reads_an_empty_shared_object(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    SHARED i32 shared[ITEMS + 1];
    shared[item_id()] = in[own_place()];
    group_barrier();
    out[own_place()] = shared[item_id() + 1] > 0 ? 1 : 2;
}

KERNEL reads_what_the_group_before_left(GLOBAL const i32 *in, GLOBAL i32 *out)
{
    SHARED i32 shared[ITEMS];
    if (group_x() == 0)
        shared[item_id()] = in[own_place()];
    group_barrier();
    out[own_place()] = shared[item_id()] > 0 ? 1 : 2;
}
