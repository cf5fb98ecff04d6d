/* VIF: what a level is made for, its vertical pass, and samples of the next level. See vif.cl. */
enum {
    VIF_RADIUS = 8, /* of the largest kernel */
    VIF_ROWS = 8,
    VIF_PITCH = ITEMS + 4,   /* a multiple of four; load4 looks at what lies behind the columns */
    VIF_QUAD = 4,            /* pixels of a row that an item does at a time */
    VIF_NOISE = 2 << 16,     /* power of the visual noise, 2.0 */
    VIF_LOG_ONE = 2048,      /* logarithms are in 1/2048 octave */
    VIF_SUMS = 4,            /* log_num, log_den, flat_power, flat_count */
    VIF_QUADS = VIF_ROWS / 4 /* groups of four that an item does at most */
};

/* 65536 * 1e-10: keeps the gain finite. */
#define VIF_GAIN_EPSILON (65536 * 1.0e-10)

typedef struct vif_params {
    int width, height, pitch, plane; /* of this level; pitch and plane in samples */
    int next_width, next_height, next_pitch, next_plane;
    int mean_shift, power_shift;
    int renditions;
    int partials, pair_partials; /* where this level's begin, and how many a pair has */
} vif_params;

/* Vertical results of one frame; `product` is of both. */
typedef struct vif_moments {
    u32 mean[VIF_ROWS * VIF_PITCH];
    u32 square[VIF_ROWS * VIF_PITCH], product[VIF_ROWS * VIF_PITCH];
    u32 next[VIF_ROWS / 2 * VIF_PITCH];
} vif_moments;

/* What the reference says of the pixels of each group of four. */
typedef struct vif_reference {
    u32 mean[VIF_QUADS * VIF_QUAD * ITEMS];
    u32 variance[VIF_QUADS * VIF_QUAD * ITEMS]; /* as i32 */
} vif_reference;

typedef struct vif_tile {
    union {
        vif_moments moments;
        u64 sums[VIF_SUMS * ITEMS];
    } u;
    vif_reference reference;
    u32 rows[VIF_ROWS + 2 * VIF_RADIUS]; /* where the rows under the tile begin in a plane */
} vif_tile;

typedef struct vif_sums {
    u32 log_den, flat_count; /* of the reference */
    u32 log_num[LIMITS];
    u64 flat_power;
} vif_sums;

/* Weights in 1/65536 of the symmetric kernel of that radius. All is known when compiling. */
INLINE u32 vif_weight(const int radius, const int tap)
{
    const int k = tap <= radius ? tap : 2 * radius - tap;
    if (radius == 8)
        return k == 0   ? 489
               : k == 1 ? 935
               : k == 2 ? 1640
               : k == 3 ? 2640
               : k == 4 ? 3896
               : k == 5 ? 5274
               : k == 6 ? 6547
               : k == 7 ? 7455
                        : 7784;
    if (radius == 4)
        return k == 0 ? 1244 : k == 1 ? 3663 : k == 2 ? 7925 : k == 3 ? 12590 : 14692;
    if (radius == 2)
        return k == 0 ? 3571 : k == 1 ? 16004 : 26386;
    return k == 0 ? 10904 : 43728;
}

/* Columns of a tile whose whole window is in it. */
INLINE int vif_tile_cols(const int radius) { return (ITEMS - 2 * radius) / VIF_QUAD * VIF_QUAD; }

/* Where the rows under the tile begin: one division of labour for all columns and frames. */
INLINE void vif_rows(const int radius, GLOBAL const vif_params *p, int y, int item, LOCAL u32 *rows)
{
    if (item < VIF_ROWS + 2 * radius)
        rows[item] = (u32)(mirrored(y - radius + item, p->height) * p->pitch);
    group_barrier();
}

/* Sum of a window of values under the kernel. Where two values fit 32 bits together (`pairs`, and
 * always here), those of equal weight are added first: GPUs multiply in one pipe, and add beside it
 * in another. */
INLINE u32 vif_window(const int radius, const u32 *values)
{
    u32 sum = vif_weight(radius, radius) * values[radius];
#pragma unroll
    for (int tap = 0; tap < radius; tap++)
        sum += vif_weight(radius, tap) * (values[tap] + values[2 * radius - tap]);
    return sum;
}

INLINE u64 vif_wide_window(const int pairs, const int radius, const u32 *values, u64 start)
{
    u64 sum = start;
#pragma unroll
    for (int tap = 0; tap <= (pairs ? radius : 2 * radius); tap++) {
        const u32 mirror = pairs && tap < radius ? values[2 * radius - tap] : 0;
        sum += (u64)vif_weight(radius, tap) * (values[tap] + mirror);
    }
    return sum;
}

/* A vertical moment, as it is kept. Sums of 8-bit products fit 32 bits and are not rounded. */
INLINE u32 vif_moment(const int wide, const int pairs, const int radius, const u32 *values,
                      int shift)
{
    if (!wide)
        return vif_window(radius, values);
    return (u32)(vif_wide_window(pairs, radius, values, ((u64)1 << shift) >> 1) >> shift);
}

/* The vertical pass of one column, at the item's place in the tile: of the reference alone, or
 * (`paired`) of a distorted frame and what it has in common with the reference. */
INLINE void vif_column(const int paired, const int pairs, const int radius, const int next_radius,
                       const int wide, GLOBAL const vif_params *p, GLOBAL const void *plane,
                       GLOBAL const void *ref, int item, LOCAL const u32 *rows,
                       LOCAL vif_moments *tile)
{
    const int mean_shift = p->mean_shift, power_shift = p->power_shift;
    const u32 mean_half = 1u << (mean_shift - 1);
    u32 mean[VIF_ROWS], next[VIF_ROWS / 2], at[4];
    u32 squares[VIF_ROWS + 2 * VIF_RADIUS], products[VIF_ROWS + 2 * VIF_RADIUS];
#pragma unroll
    for (int i = 0; i < VIF_ROWS; i++)
        mean[i] = next[i / 2] = mean_half;
#pragma unroll
    for (int k = 0; k < VIF_ROWS + 2 * radius; k++) {
        if (k % 4 == 0)
            load4(rows + k, at);
        const u32 value = sample_at(wide, plane, at[k % 4]);
        squares[k] = opaque(value * value);
        if (paired)
            products[k] = opaque(value * sample_at(wide, ref, at[k % 4]));
#pragma unroll
        for (int i = 0; i < VIF_ROWS; i++)
            if (k - i >= 0 && k - i <= 2 * radius)
                mean[i] += vif_weight(radius, k - i) * value;
#pragma unroll
        for (int i = 0; i < VIF_ROWS / 2; i++) {
            const int tap = k - 2 * i - (radius - next_radius);
            if (next_radius != 0 && tap >= 0 && tap <= 2 * next_radius)
                next[i] += vif_weight(next_radius, tap) * value;
        }
    }
#pragma unroll
    for (int i = 0; i < VIF_ROWS; i++) {
        const int to = i * VIF_PITCH + item;
        tile->mean[to] = mean[i] >> mean_shift;
        tile->square[to] = vif_moment(wide, pairs, radius, squares + i, power_shift);
        if (paired)
            tile->product[to] = vif_moment(wide, pairs, radius, products + i, power_shift);
        if (next_radius && i % 2 == 0)
            tile->next[i / 2 * VIF_PITCH + item] = next[i / 2] >> mean_shift;
    }
}

INLINE void vif_vertical(const int paired, const int radius, const int next_radius, const int wide,
                         GLOBAL const vif_params *p, GLOBAL const void *plane,
                         GLOBAL const void *ref, int x, int item, LOCAL const u32 *rows,
                         LOCAL vif_moments *tile)
{
    const int column = mirrored(x - radius + item, p->width);
    plane = plane_at(wide, plane, column, 1);
    ref = plane_at(wide, ref, column, 1);
    if (!wide || (radius == VIF_RADIUS && p->power_shift < 16)) /* samples of at most 12 bits */
        vif_column(paired, 1, radius, next_radius, wide, p, plane, ref, item, rows, tile);
    else
        vif_column(paired, 0, radius, next_radius, wide, p, plane, ref, item, rows, tile);
}

/* Horizontal pass and decimation: every second column of every second row. An item makes the two
 * samples under a group of four pixels. */
INLINE void vif_next_level(const int radius, const int next_radius, GLOBAL const vif_params *p,
                           LOCAL const vif_moments *tile, int x, int y, int item, GLOBAL u16 *out)
{
    const int quads = vif_tile_cols(radius) / VIF_QUAD, first = radius - next_radius;
#pragma unroll
    for (int k = 0; k < VIF_QUADS / 2; k++) {
        const int row = (k * ITEMS + item) / quads, quad = (k * ITEMS + item) % quads;
        if (row >= VIF_ROWS / 2)
            break;
        u32 sum[2] = {0x8000, 0x8000}, means[4];
#pragma unroll
        for (int i = 0; i < first + 2 * next_radius + 3; i++) {
            if (i % 4 == 0)
                load4(tile->next + row * VIF_PITCH + quad * VIF_QUAD + i, means);
#pragma unroll
            for (int j = 0; j < 2; j++)
                if (i >= first + 2 * j && i <= first + 2 * j + 2 * next_radius)
                    sum[j] += vif_weight(next_radius, i - first - 2 * j) * means[i % 4];
        }
        const int out_x = x / 2 + 2 * quad, out_y = y / 2 + row;
#pragma unroll
        for (int j = 0; j < 2; j++)
            if (out_x + j < p->next_width && out_y < p->next_height)
                out[out_y * p->next_pitch + out_x + j] = (u16)(sum[j] >> 16);
    }
}
