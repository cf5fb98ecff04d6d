/*
 * Motion: the sum of the smoothed difference to the reference frame before. Reference frames only.
 *
 * Every item filters one column down the tile, then takes pixels of the tile's rows. The frame
 * before the first one of the batch is in a buffer of its own.
 */
enum { MOTION_RADIUS = 2, MOTION_ROWS = 16, MOTION_PITCH = ITEMS + 1 };
enum { MOTION_COLS = ITEMS - 2 * MOTION_RADIUS };

typedef struct motion_params {
    int width, height, pitch, plane; /* pitch and plane in samples */
    int bit_depth;
    int partials, frame_partials; /* where motion's begin, and how many a frame has */
} motion_params;

typedef union motion_tile {
    i32 rows[MOTION_ROWS * MOTION_PITCH];
    u64 sums[ITEMS];
} motion_tile;

/* The kernel of VIF's level 2. */
INLINE i32 motion_weight(const int tap)
{
    return tap == 2 ? 26386 : tap == 1 || tap == 3 ? 16004 : 3571;
}

INLINE void motion_vertical(const int wide, GLOBAL const motion_params *p,
                            GLOBAL const void *before, GLOBAL const void *now, int x, int y,
                            int item, LOCAL i32 *rows)
{
    i64 sum[MOTION_ROWS]; /* 33 bits for 16-bit samples */
    i32 sum8[MOTION_ROWS];
#pragma unroll
    for (int i = 0; i < MOTION_ROWS; i++) {
        sum[i] = (i64)1 << (p->bit_depth - 1);
        sum8[i] = 1 << 7;
    }
    const int column = mirrored(x - MOTION_RADIUS + item, p->width);
    const int height = p->height, pitch = p->pitch;
#pragma unroll
    for (int k = 0; k < MOTION_ROWS + 2 * MOTION_RADIUS; k++) {
        const int at = mirrored(y - MOTION_RADIUS + k, height) * pitch + column;
        const i32 change = (i32)sample_at(wide, before, at) - (i32)sample_at(wide, now, at);
#pragma unroll
        for (int i = 0; i < MOTION_ROWS; i++)
            if (k - i < 0 || k - i > 2 * MOTION_RADIUS)
                continue;
            else if (wide)
                sum[i] += (i64)motion_weight(k - i) * change;
            else
                sum8[i] += motion_weight(k - i) * change;
    }
    const int shift = p->bit_depth;
#pragma unroll
    for (int i = 0; i < MOTION_ROWS; i++)
        rows[i * MOTION_PITCH + item] = wide ? (i32)(sum[i] >> shift) : sum8[i] >> 8;
}

INLINE void motion_frame(const int wide, GLOBAL const motion_params *p, GLOBAL const void *history,
                         GLOBAL const void *refs, GLOBAL u64 *partials, LOCAL motion_tile *tile)
{
    const int item = item_id(), frame = group_z();
    const int x = group_x() * MOTION_COLS, y = group_y() * MOTION_ROWS;
    GLOBAL const void *before =
        frame == 0 ? history : plane_at(wide, refs, p->plane, frame - 1);
    motion_vertical(wide, p, before, plane_at(wide, refs, p->plane, frame), x, y, item, tile->rows);
    group_barrier();
    u64 sum = 0;
    if (item < MOTION_COLS && x + item < p->width)
        for (int i = 0; i < MOTION_ROWS && y + i < p->height; i++) {
            LOCAL const i32 *row = tile->rows + i * MOTION_PITCH + item;
            i64 z = 0x8000;
#pragma unroll
            for (int tap = 0; tap <= 2 * MOTION_RADIUS; tap++)
                z += (i64)motion_weight(tap) * row[tap];
            z >>= 16;
            sum += (u64)(z < 0 ? -z : z);
        }
    group_barrier();
    tile->sums[item] = sum;
    sum_over_items(tile->sums, 1, item);
    if (item == 0)
        partials[p->partials + (i64)p->frame_partials * frame + group_y() * groups_x() +
                 group_x()] = tile->sums[0];
}

KERNEL motion(GLOBAL const motion_params *p, GLOBAL const void *history, GLOBAL const void *refs,
              GLOBAL u64 *partials)
{
    SHARED motion_tile tile;
    motion_frame(WIDE, p, history, refs, partials, &tile);
}
