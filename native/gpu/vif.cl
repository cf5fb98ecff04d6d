/*
 * VIF: one pyramid level of a batch of frames. Arithmetic: docs/arithmetic.md.
 *
 * A work group does a tile of VIF_ROWS rows of one reference and all its distorted versions. Every
 * item filters one column down the tile, from samples that it loads once; the moments go to local
 * memory, and every item then takes groups of four pixels of a row: horizontal filter, statistics,
 * sums. What the reference says is worked out once and kept. Samples of the next level are made on
 * the way. The totals of the group go to the pair's own place in `partials`.
 */

/* Fixed-point log2 of x >= 2^17 from its top 16 bits. An entry of the table packs the value at the
 * start of eight mantissas, less 30720, and the position of the one step among them. */
INLINE u32 vif_log2(u32 x, GLOBAL const u16 *table)
{
    const int dropped = top_bit(x) - 15;
    const u32 mantissa = x >> dropped; /* 32768 .. 65535 */
    const u32 entry = table[(int)(mantissa >> 3) - (32768 >> 3)];
    const u32 step = (mantissa & 7) >= (entry & 15) ? 1 : 0;
    return 15 * VIF_LOG_ONE + (entry >> 4) + step + VIF_LOG_ONE * (u32)dropped;
}

/* Four windowed means of a row; two of the values fit 17 bits. */
INLINE void vif_means(const int radius, LOCAL const u32 *row, u32 out[VIF_QUAD])
{
    u32 values[VIF_QUAD + 2 * VIF_RADIUS];
#pragma unroll
    for (int k = 0; k < VIF_QUAD + 2 * radius; k += 4)
        load4(row + k, values + k);
#pragma unroll
    for (int j = 0; j < VIF_QUAD; j++)
        out[j] = vif_window(radius, values + j);
}

/* Four windowed second moments of a row. */
INLINE void vif_second_moments(const int radius, LOCAL const u32 *row, u32 out[VIF_QUAD])
{
    u32 values[VIF_QUAD + 2 * VIF_RADIUS];
#pragma unroll
    for (int k = 0; k < VIF_QUAD + 2 * radius; k += 4)
        load4(row + k, values + k);
#pragma unroll
    for (int j = 0; j < VIF_QUAD; j++)
        out[j] = (u32)(vif_wide_window(0, radius, values + j, 0x8000) >> 16);
}

/* A second moment less the product of the means. The result fits int32, so differences may wrap. */
INLINE i32 vif_central(u32 second, u32 mean_a, u32 mean_b)
{
    return (i32)(second - (u32)(((u64)mean_a * mean_b + 0x80000000u) >> 32));
}

/* What a pixel of the reference says alone. */
INLINE void vif_reference_pixel(i32 variance, GLOBAL const u16 *table, vif_sums *sums)
{
    if (variance < VIF_NOISE)
        sums->flat_count += 1;
    else
        sums->log_den += vif_log2((u32)variance + VIF_NOISE, table) - 17 * VIF_LOG_ONE;
}

/* And what a pair of pixels does. Every operation on doubles is rounded once; all truncations fit
 * int32. */
INLINE void vif_pair_pixel(i32 variance_r, i32 variance_d, i32 covariance,
                           const double limit[LIMITS], GLOBAL const u16 *table, vif_sums *sums)
{
    variance_d = variance_d > 0 ? variance_d : 0;
    if (variance_r < VIF_NOISE) {
        sums->flat_power += (u64)variance_d;
        return;
    }
    if (covariance <= 0 || variance_d == 0)
        return;
    const double gain = (double)covariance / ((double)variance_r + VIF_GAIN_EPSILON);
    const i32 residual = (i32)((double)variance_d - gain * (double)covariance);
    const u32 noise = VIF_NOISE + (u32)(residual > 0 ? residual : 0);
    const u32 log_noise = vif_log2(noise, table);
#pragma unroll
    for (int l = 0; l < LIMITS; l++) {
        const double limited = gain < limit[l] ? gain : limit[l];
        const u32 signal = (u32)(i32)((limited * limited) * (double)variance_r);
        sums->log_num[l] += vif_log2(noise + signal, table) - log_noise;
    }
}

/* Horizontal pass and statistics of four pixels, of which `cols` count: what the reference says,
 * which is kept, or (`paired`) what the pair says. */
INLINE void vif_quad(const int paired, const int radius, LOCAL vif_tile *tile, int at, int kept,
                     int cols, const double limit[LIMITS], GLOBAL const u16 *table,
                     vif_sums *sums)
{
    u32 mean[VIF_QUAD], square[VIF_QUAD], product[VIF_QUAD], variance[VIF_QUAD];
    u32 mean_r[VIF_QUAD], variance_r[VIF_QUAD];
    vif_means(radius, tile->u.moments.mean + at, mean);
    vif_second_moments(radius, tile->u.moments.square + at, square);
#pragma unroll
    for (int j = 0; j < VIF_QUAD; j++)
        variance[j] = (u32)vif_central(square[j], mean[j], mean[j]);
    if (!paired) {
        store4(tile->reference.mean + kept, mean);
        store4(tile->reference.variance + kept, variance);
#pragma unroll
        for (int j = 0; j < VIF_QUAD; j++)
            if (j < cols)
                vif_reference_pixel((i32)variance[j], table, sums);
        return;
    }
    vif_second_moments(radius, tile->u.moments.product + at, product);
    load4(tile->reference.mean + kept, mean_r);
    load4(tile->reference.variance + kept, variance_r);
#pragma unroll
    for (int j = 0; j < VIF_QUAD; j++)
        if (j < cols)
            vif_pair_pixel((i32)variance_r[j], (i32)variance[j],
                           vif_central(product[j], mean_r[j], mean[j]), limit, table, sums);
}

/* All groups of an item, which go along the rows, so that a warp's loads meet no bank twice. */
INLINE void vif_quads(const int paired, const int radius, GLOBAL const vif_params *p,
                      LOCAL vif_tile *tile, int x, int y, int item, const double limit[LIMITS],
                      GLOBAL const u16 *table, vif_sums *sums)
{
    const int quads = vif_tile_cols(radius) / VIF_QUAD;
    for (int i = item; i < VIF_ROWS * quads; i += ITEMS) {
        const int row = i / quads, quad = i % quads;
        if (y + row < p->height)
            vif_quad(paired, radius, tile, row * VIF_PITCH + quad * VIF_QUAD, i * VIF_QUAD,
                     p->width - x - quad * VIF_QUAD, limit, table, sums);
    }
}

/* Leaves the group's totals for every gain limit of a rendition. */
INLINE void vif_totals(GLOBAL const vif_params *p, const vif_sums *sums, int version, int item,
                       LOCAL u64 *shared, GLOBAL u64 *partials)
{
#pragma unroll
    for (int l = 0; l < LIMITS; l++) {
        group_barrier(); /* what was there has been read */
        shared[0 * ITEMS + item] = sums->log_num[l];
        shared[1 * ITEMS + item] = sums->log_den;
        shared[2 * ITEMS + item] = sums->flat_power;
        shared[3 * ITEMS + item] = sums->flat_count;
        sum_over_items(shared, VIF_SUMS, item);
        if (item < VIF_SUMS)
            partials[p->partials + (i64)p->pair_partials * (version * LIMITS + l) +
                     (group_y() * groups_x() + group_x()) * VIF_SUMS + item] =
                shared[item * ITEMS];
    }
}

INLINE void vif_level(const int radius, const int next_radius, const int wide,
                      GLOBAL const vif_params *p, GLOBAL const int *frame_of,
                      GLOBAL const void *refs, GLOBAL const void *dists, GLOBAL u16 *next_refs,
                      GLOBAL u16 *next_dists, GLOBAL const double *limits, GLOBAL const u16 *table,
                      GLOBAL u64 *partials, LOCAL vif_tile *tile)
{
    const int item = item_id(), frame = frame_of[group_z()];
    const int x = group_x() * vif_tile_cols(radius), y = group_y() * VIF_ROWS;
    LOCAL vif_moments *moments = &tile->u.moments;
    GLOBAL const void *ref = plane_at(wide, refs, p->plane, frame);
    double limit[LIMITS];
#pragma unroll
    for (int l = 0; l < LIMITS; l++)
        limit[l] = limits[l];
    vif_sums sums;
    sums.log_den = sums.flat_count = 0;
    vif_rows(radius, p, y, item, tile->rows);
    vif_vertical(0, radius, next_radius, wide, p, ref, ref, x, item, tile->rows, moments);
    group_barrier();
    if (next_radius)
        vif_next_level(radius, next_radius, p, moments, x, y, item,
                       next_refs + (i64)p->next_plane * frame);
    vif_quads(0, radius, p, tile, x, y, item, limit, table, &sums);

    for (int r = 0; r < p->renditions; r++) {
        const int version = group_z() * p->renditions + r;
        group_barrier();
        vif_vertical(1, radius, next_radius, wide, p, plane_at(wide, dists, p->plane, version), ref,
                     x, item, tile->rows, moments);
        group_barrier();
        if (next_radius)
            vif_next_level(radius, next_radius, p, moments, x, y, item,
                           next_dists + (i64)p->next_plane * version);
#pragma unroll
        for (int l = 0; l < LIMITS; l++)
            sums.log_num[l] = 0;
        sums.flat_power = 0;
        vif_quads(1, radius, p, tile, x, y, item, limit, table, &sums);
        vif_totals(p, &sums, version, item, tile->u.sums, partials);
    }
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
