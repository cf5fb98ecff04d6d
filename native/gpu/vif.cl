/*
 * VIF: one pyramid level of a batch of pairs. Arithmetic: docs/arithmetic.md.
 *
 * A work group does a tile of VIF_ROWS rows. Every item filters one column down the tile, from
 * samples that it loads once; the moments go to local memory, and every item then takes groups of
 * four pixels of a row: horizontal filter, statistics, sums. Samples of the next level are made on
 * the way. The totals of the group go to its own place in `partials`.
 */
enum {
    VIF_ROWS = 8,
    VIF_PITCH = ITEMS + 1, /* odd: the four rows that a warp reads lie in different banks */
    VIF_QUAD = 4,          /* pixels of a row that an item does at a time */
    VIF_NOISE = 2 << 16,   /* power of the visual noise, 2.0 */
    VIF_LOG_ONE = 2048,    /* logarithms are in 1/2048 octave */
    VIF_SUMS = 4           /* log_num, log_den, flat_power, flat_count */
};

/* 65536 * 1e-10: keeps the gain finite. */
#define VIF_GAIN_EPSILON (65536 * 1.0e-10)

typedef struct vif_params {
    int width, height, pitch, plane; /* of this level; pitch and plane in samples */
    int next_width, next_height, next_pitch, next_plane;
    int mean_shift, power_shift;
    int renditions, limits;
    int partials, pair_partials; /* where this level's begin, and how many a pair has */
} vif_params;

/* Vertical results. Reference and distorted means share a word: they have 16 bits. */
typedef struct vif_moments {
    u32 means[VIF_ROWS * VIF_PITCH];
    u32 rr[VIF_ROWS * VIF_PITCH], dd[VIF_ROWS * VIF_PITCH], rd[VIF_ROWS * VIF_PITCH];
    u32 next[VIF_ROWS / 2 * VIF_PITCH];
} vif_moments;

typedef union vif_tile {
    vif_moments moments;
    u64 sums[VIF_SUMS * ITEMS];
} vif_tile;

typedef struct vif_sums {
    u32 log_num, log_den, flat_count;
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

/* The vertical pass of one column, at the item's place in the tile. Sums of 8-bit products fit 32
 * bits and are not rounded. */
INLINE void vif_vertical(const int radius, const int next_radius, const int wide,
                         GLOBAL const vif_params *p, GLOBAL const void *ref, GLOBAL const void *dis,
                         int x, int y, int item, LOCAL vif_moments *tile)
{
    u32 mean_r[VIF_ROWS], mean_d[VIF_ROWS], next_r[VIF_ROWS / 2], next_d[VIF_ROWS / 2];
    u64 rr[VIF_ROWS], dd[VIF_ROWS], rd[VIF_ROWS];
    u32 rr8[VIF_ROWS], dd8[VIF_ROWS], rd8[VIF_ROWS];
#pragma unroll
    for (int i = 0; i < VIF_ROWS; i++) {
        mean_r[i] = mean_d[i] = 0;
        rr[i] = dd[i] = rd[i] = 0;
        rr8[i] = dd8[i] = rd8[i] = 0;
        next_r[i / 2] = next_d[i / 2] = 0;
    }
    const int column = mirrored(x - radius + item, p->width), height = p->height, pitch = p->pitch;
#pragma unroll
    for (int k = 0; k < VIF_ROWS + 2 * radius; k++) {
        const int at = mirrored(y - radius + k, height) * pitch + column;
        const u32 r = sample_at(wide, ref, at), d = sample_at(wide, dis, at);
        const u32 square_r = r * r, square_d = d * d, product = r * d;
#pragma unroll
        for (int i = 0; i < VIF_ROWS; i++) {
            const int tap = k - i;
            if (tap < 0 || tap > 2 * radius)
                continue;
            const u32 weight = vif_weight(radius, tap);
            mean_r[i] += weight * r;
            mean_d[i] += weight * d;
            if (wide) {
                rr[i] += (u64)weight * square_r;
                dd[i] += (u64)weight * square_d;
                rd[i] += (u64)weight * product;
            } else {
                rr8[i] += weight * square_r;
                dd8[i] += weight * square_d;
                rd8[i] += weight * product;
            }
        }
#pragma unroll
        for (int i = 0; i < VIF_ROWS / 2; i++) {
            const int tap = k - 2 * i - (radius - next_radius);
            if (next_radius == 0 || tap < 0 || tap > 2 * next_radius)
                continue;
            next_r[i] += vif_weight(next_radius, tap) * r;
            next_d[i] += vif_weight(next_radius, tap) * d;
        }
    }
    const int mean_shift = p->mean_shift, power_shift = p->power_shift;
    const u32 mean_half = 1u << (mean_shift - 1);
    const u64 power_half = ((u64)1 << power_shift) >> 1;
#pragma unroll
    for (int i = 0; i < VIF_ROWS; i++) {
        const int at = i * VIF_PITCH + item;
        tile->means[at] = ((mean_r[i] + mean_half) >> mean_shift) |
                          ((mean_d[i] + mean_half) >> mean_shift) << 16;
        tile->rr[at] = wide ? (u32)((rr[i] + power_half) >> power_shift) : rr8[i];
        tile->dd[at] = wide ? (u32)((dd[i] + power_half) >> power_shift) : dd8[i];
        tile->rd[at] = wide ? (u32)((rd[i] + power_half) >> power_shift) : rd8[i];
    }
    if (next_radius)
#pragma unroll
        for (int i = 0; i < VIF_ROWS / 2; i++)
            tile->next[i * VIF_PITCH + item] = ((next_r[i] + mean_half) >> mean_shift) |
                                               ((next_d[i] + mean_half) >> mean_shift) << 16;
}

/* Horizontal pass and decimation: every second column of every second row. */
INLINE void vif_next_level(const int radius, const int next_radius, GLOBAL const vif_params *p,
                           LOCAL const vif_moments *tile, int x, int y, int item, int writes_ref,
                           int writes_dis, GLOBAL u16 *next_ref, GLOBAL u16 *next_dis)
{
    const int cols = vif_tile_cols(radius) / 2;
    for (int i = item; i < cols * (VIF_ROWS / 2); i += ITEMS) {
        const int row = i / cols, col = i % cols;
        LOCAL const u32 *means = tile->next + row * VIF_PITCH + 2 * col + radius - next_radius;
        u32 r = 0x8000, d = 0x8000;
#pragma unroll
        for (int tap = 0; tap <= 2 * next_radius; tap++) {
            r += vif_weight(next_radius, tap) * (means[tap] & 0xffff);
            d += vif_weight(next_radius, tap) * (means[tap] >> 16);
        }
        const int out_x = x / 2 + col, out_y = y / 2 + row;
        if (out_x >= p->next_width || out_y >= p->next_height)
            continue;
        const int at = out_y * p->next_pitch + out_x;
        if (writes_ref)
            next_ref[at] = (u16)(r >> 16);
        if (writes_dis)
            next_dis[at] = (u16)(d >> 16);
    }
}

/* Fixed-point log2 of x >= 2^17 from its top 16 bits. An entry of the table packs the value at the
 * start of eight mantissas, less 30720, and the position of the one step among them. */
INLINE u32 vif_log2(u32 x, GLOBAL const u16 *table)
{
    const int dropped = 16 - leading_zeros(x);
    const u32 mantissa = x >> dropped; /* 32768 .. 65535 */
    const u32 entry = table[(mantissa - 32768) >> 3];
    const u32 step = (mantissa & 7) >= (entry & 15) ? 1 : 0;
    return 15 * VIF_LOG_ONE + (entry >> 4) + step + VIF_LOG_ONE * (u32)dropped;
}

/* Four windowed second moments of a row. */
INLINE void vif_second_moments(const int radius, LOCAL const u32 *row, u32 out[VIF_QUAD])
{
    u64 sum[VIF_QUAD];
#pragma unroll
    for (int j = 0; j < VIF_QUAD; j++)
        sum[j] = 0x8000;
#pragma unroll
    for (int k = 0; k < VIF_QUAD + 2 * radius; k++) {
        const u32 value = row[k];
#pragma unroll
        for (int j = 0; j < VIF_QUAD; j++)
            if (k - j >= 0 && k - j <= 2 * radius)
                sum[j] += (u64)vif_weight(radius, k - j) * value;
    }
#pragma unroll
    for (int j = 0; j < VIF_QUAD; j++)
        out[j] = (u32)(sum[j] >> 16);
}

/* A second moment less the product of the means. The result fits int32, so differences may wrap. */
INLINE i32 vif_central(u32 second, u32 mean_a, u32 mean_b)
{
    return (i32)(second - (u32)(((u64)mean_a * mean_b + 0x80000000u) >> 32));
}

/* One pixel. Every operation on doubles is rounded once; all truncations fit int32. */
INLINE void vif_pixel(i32 variance_r, i32 variance_d, i32 covariance, double limit,
                      GLOBAL const u16 *table, vif_sums *sums)
{
    variance_d = variance_d > 0 ? variance_d : 0;
    if (variance_r < VIF_NOISE) {
        sums->flat_count += 1;
        sums->flat_power += (u64)variance_d;
        return;
    }
    sums->log_den += vif_log2((u32)variance_r + VIF_NOISE, table) - 17 * VIF_LOG_ONE;
    if (covariance <= 0 || variance_d == 0)
        return;
    const double gain = (double)covariance / ((double)variance_r + VIF_GAIN_EPSILON);
    const i32 residual = (i32)((double)variance_d - gain * (double)covariance);
    const u32 noise = VIF_NOISE + (u32)(residual > 0 ? residual : 0);
    const double limited = gain < limit ? gain : limit;
    const u32 signal = (u32)(i32)((limited * limited) * (double)variance_r);
    sums->log_num += vif_log2(noise + signal, table) - vif_log2(noise, table);
}

/* Horizontal pass and statistics of four pixels, of which those within the frame count. */
INLINE void vif_quad(const int radius, LOCAL const vif_moments *tile, int at, int cols,
                     double limit, GLOBAL const u16 *table, vif_sums *sums)
{
    u32 mean_r[VIF_QUAD], mean_d[VIF_QUAD], rr[VIF_QUAD], dd[VIF_QUAD], rd[VIF_QUAD];
#pragma unroll
    for (int j = 0; j < VIF_QUAD; j++)
        mean_r[j] = mean_d[j] = 0;
#pragma unroll
    for (int k = 0; k < VIF_QUAD + 2 * radius; k++) {
        const u32 means = tile->means[at + k];
#pragma unroll
        for (int j = 0; j < VIF_QUAD; j++) {
            if (k - j < 0 || k - j > 2 * radius)
                continue;
            mean_r[j] += vif_weight(radius, k - j) * (means & 0xffff);
            mean_d[j] += vif_weight(radius, k - j) * (means >> 16);
        }
    }
    vif_second_moments(radius, tile->rr + at, rr);
    vif_second_moments(radius, tile->dd + at, dd);
    vif_second_moments(radius, tile->rd + at, rd);
#pragma unroll
    for (int j = 0; j < VIF_QUAD; j++)
        if (j < cols)
            vif_pixel(vif_central(rr[j], mean_r[j], mean_r[j]),
                      vif_central(dd[j], mean_d[j], mean_d[j]),
                      vif_central(rd[j], mean_r[j], mean_d[j]), limit, table, sums);
}

INLINE void vif_level(const int radius, const int next_radius, const int wide,
                      GLOBAL const vif_params *p, GLOBAL const int *frame_of, GLOBAL const void *refs,
                      GLOBAL const void *dists, GLOBAL u16 *next_refs, GLOBAL u16 *next_dists,
                      GLOBAL const double *limits, GLOBAL const u16 *table, GLOBAL u64 *partials,
                      LOCAL vif_tile *tile)
{
    const int item = item_id(), cols = vif_tile_cols(radius);
    const int x = group_x() * cols, y = group_y() * VIF_ROWS;
    const pair_place place = place_of(group_z(), p->renditions, p->limits, frame_of);
    vif_vertical(radius, next_radius, wide, p, plane_at(wide, refs, p->plane, place.ref),
                 plane_at(wide, dists, p->plane, place.dis), x, y, item, &tile->moments);
    group_barrier();
    if (next_radius && place.writes_dis)
        vif_next_level(radius, next_radius, p, &tile->moments, x, y, item, place.writes_ref,
                       place.writes_dis, next_refs + (i64)p->next_plane * place.ref,
                       next_dists + (i64)p->next_plane * place.dis);

    vif_sums sums;
    sums.log_num = sums.log_den = sums.flat_count = 0;
    sums.flat_power = 0;
    const double limit = limits[place.limit];
    for (int i = item; i < cols / VIF_QUAD * VIF_ROWS; i += ITEMS) {
        /* four rows side by side, so that a warp's loads meet no bank twice */
        const int quad = i / 4 % (cols / VIF_QUAD), row = i % 4 + i / cols * 4;
        if (y + row < p->height)
            vif_quad(radius, &tile->moments, row * VIF_PITCH + quad * VIF_QUAD,
                     p->width - x - quad * VIF_QUAD, limit, table, &sums);
    }
    group_barrier(); /* the moments have been read: their memory is free */
    tile->sums[0 * ITEMS + item] = sums.log_num;
    tile->sums[1 * ITEMS + item] = sums.log_den;
    tile->sums[2 * ITEMS + item] = sums.flat_power;
    tile->sums[3 * ITEMS + item] = sums.flat_count;
    sum_over_items(tile->sums, VIF_SUMS, item);
    if (item < VIF_SUMS)
        partials[p->partials + (i64)p->pair_partials * group_z() +
                 (group_y() * groups_x() + group_x()) * VIF_SUMS + item] = tile->sums[item * ITEMS];
}

#define VIF_KERNEL(name, radius, next_radius, wide)                                                \
    KERNEL name(GLOBAL const vif_params *p, GLOBAL const int *frame_of, GLOBAL const void *refs,   \
                GLOBAL const void *dists, GLOBAL u16 *next_refs, GLOBAL u16 *next_dists,           \
                GLOBAL const double *limits, GLOBAL const u16 *table, GLOBAL u64 *partials)        \
    {                                                                                              \
        SHARED vif_tile tile;                                                                      \
        vif_level(radius, next_radius, wide, p, frame_of, refs, dists, next_refs, next_dists,      \
                  limits, table, partials, &tile);                                                 \
    }

VIF_KERNEL(vif_0, 8, 4, WIDE)
VIF_KERNEL(vif_1, 4, 2, 1)
VIF_KERNEL(vif_2, 2, 1, 1)
VIF_KERNEL(vif_3, 1, 0, 1)
