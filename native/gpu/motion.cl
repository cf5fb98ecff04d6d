/*
 * Motion: the sum of the smoothed difference to the reference frame before. Reference frames only.
 *
 * Every item filters one column down the tile, then takes groups of four pixels of the tile's rows.
 * The frame before the first one of the batch is in a buffer of its own.
 */
enum { MOTION_RADIUS = 2, MOTION_ROWS = 16, MOTION_QUAD = 4, MOTION_PITCH = ITEMS + 4 };
enum { MOTION_COLS = ITEMS - 2 * MOTION_RADIUS, MOTION_QUADS = MOTION_COLS / MOTION_QUAD };

typedef struct motion_params {
    int width, height, pitch, plane; /* pitch and plane in samples */
    int bit_depth;
    int partials, frame_partials; /* where motion's begin, and how many a frame has */
} motion_params;

typedef struct motion_tile {
    union {
        u32 rows[MOTION_ROWS * MOTION_PITCH]; /* as i32 */
        u64 sums[ITEMS];
    } u;
    u32 rows[MOTION_ROWS + 2 * MOTION_RADIUS]; /* where the rows under the tile begin in a plane */
} motion_tile;

/* The kernel of VIF's level 2, in 33 bits; what has equal weight is added first. */
INLINE i64 motion_window(const i32 *values, i64 start)
{
    return start + (i64)3571 * (values[0] + values[4]) + (i64)16004 * (values[1] + values[3]) +
           (i64)26386 * values[2];
}

INLINE void motion_vertical(const int wide, GLOBAL const motion_params *p,
                            GLOBAL const void *before, GLOBAL const void *now, int x, int item,
                            LOCAL motion_tile *tile)
{
    const int column = mirrored(x - MOTION_RADIUS + item, p->width), shift = p->bit_depth;
    i32 changes[MOTION_ROWS + 2 * MOTION_RADIUS];
    u32 at[4];
    before = plane_at(wide, before, column, 1);
    now = plane_at(wide, now, column, 1);
#pragma unroll
    for (int k = 0; k < MOTION_ROWS + 2 * MOTION_RADIUS; k++) {
        if (k % 4 == 0)
            load4(tile->rows + k, at);
        changes[k] = (i32)sample_at(wide, before, at[k % 4]) - (i32)sample_at(wide, now, at[k % 4]);
    }
#pragma unroll
    for (int i = 0; i < MOTION_ROWS; i++) {
        LOCAL u32 *to = tile->u.rows + i * MOTION_PITCH + item;
        if (wide)
            *to = (u32)(motion_window(changes + i, (i64)1 << (shift - 1)) >> shift);
        else /* 25 bits */
            *to = (u32)((i32)motion_window(changes + i, 1 << 7) >> 8);
    }
}

/* Of four pixels of a row, of which `cols` count. */
INLINE u32 motion_quad(LOCAL const u32 *row, int cols)
{
    u32 words[MOTION_QUAD + 2 * MOTION_RADIUS], sum = 0;
    i32 values[MOTION_QUAD + 2 * MOTION_RADIUS];
    load4(row, words);
    load4(row + 4, words + 4);
#pragma unroll
    for (int k = 0; k < MOTION_QUAD + 2 * MOTION_RADIUS; k++)
        values[k] = (i32)words[k];
#pragma unroll
    for (int j = 0; j < MOTION_QUAD; j++) {
        const i32 z = (i32)(motion_window(values + j, 0x8000) >> 16);
        sum += j < cols ? (u32)(z < 0 ? -z : z) : 0;
    }
    return sum;
}

INLINE void motion_frame(const int wide, GLOBAL const motion_params *p, GLOBAL const void *history,
                         GLOBAL const void *refs, GLOBAL u64 *partials, LOCAL motion_tile *tile)
{
    const int item = item_id(), frame = group_z();
    const int x = group_x() * MOTION_COLS, y = group_y() * MOTION_ROWS;
    GLOBAL const void *before =
        frame == 0 ? history : plane_at(wide, refs, p->plane, frame - 1);
    if (item < MOTION_ROWS + 2 * MOTION_RADIUS)
        tile->rows[item] = (u32)(mirrored(y - MOTION_RADIUS + item, p->height) * p->pitch);
    group_barrier();
    motion_vertical(wide, p, before, plane_at(wide, refs, p->plane, frame), x, item, tile);
    group_barrier();
    u32 sum = 0; /* 16 pixels of 16 bits */
    for (int i = item; i < MOTION_ROWS * MOTION_QUADS; i += ITEMS) {
        const int row = i / MOTION_QUADS, col = i % MOTION_QUADS * MOTION_QUAD;
        if (y + row < p->height)
            sum += motion_quad(tile->u.rows + row * MOTION_PITCH + col, p->width - x - col);
    }
    group_barrier();
    tile->u.sums[item] = sum;
    sum_over_items(tile->u.sums, 1, item);
    if (item == 0)
        partials[p->partials + (i64)p->frame_partials * frame + group_y() * groups_x() +
                 group_x()] = tile->u.sums[0];
}

KERNEL motion(GLOBAL const motion_params *p, GLOBAL const void *history, GLOBAL const void *refs,
              GLOBAL u64 *partials)
{
    SHARED motion_tile tile;
    motion_frame(WIDE, p, history, refs, partials, &tile);
}
