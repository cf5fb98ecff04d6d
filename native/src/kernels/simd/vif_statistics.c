/*
 * VIF, horizontal pass and statistics, written once for every SIMD tier (kernels.h says what it
 * does).
 *
 * A block of columns goes down row by row: first the horizontal pass over all planes at once, then
 * variances and gains, then logarithms. Those of a pair lag a row behind: their steps depend on
 * each other, and so the processor has something else to do meanwhile. Nothing branches on the
 * samples: what does not count is made neutral. The reference statistics are kept in the order in
 * which the filter delivers the columns of a block.
 */
#include "tier.h"
#include "vector.h"
#include "vif_filter.h"
#include "vif_log2.h"

#include "kernels/simd/routines.h"
#include "kernels/simd/vif_moments.h"

static const int32_t VIF_NOISE = 2 << 16; /* power of the visual noise, 2.0 */

/* Where the reference statistics of a block's first (second) vector are kept. */
INLINE ptrdiff_t stats_index(int block, int i) { return (ptrdiff_t)block + i * LANES; }

/* ---- sums of logarithms ---------------------------------------------------------------------- */

/* In the two parts of v_log2, put together at the end. At most 32 rows of 2 vectors with 2^13
 * segments a lane: far from 2^31. */
typedef struct vif_log_sum {
    vint segments, fractions;
} vif_log_sum;

INLINE void add_log2(vif_log_sum *sum, vint x)
{
    const vif_log2 log = v_log2(x);
    sum->segments = v_add(sum->segments, log.segment);
    sum->fractions = v_add(sum->fractions, log.fraction);
}

INLINE int64_t total_log2(const vif_log_sum *sum)
{
    return v_total(sum->segments) * LOG2_SEGMENT + v_total(sum->fractions);
}

/* ---- reference ------------------------------------------------------------------------------ */

INLINE void reference_block_stats(int radius, const vif_reference_tile *tile, int rows, int at,
                                  int offset, int n, vif_reference_stats *stats,
                                  vif_reference_sums *sums)
{
    const vif_plane *planes = (const vif_plane *)tile;
    const vint flat_limit = v_set(VIF_NOISE - 1), noise = v_set(VIF_NOISE), one = v_set(1);
    vif_log_sum log_sum = {v_zero(), v_zero()};
    vint textured_count = v_zero();
    vmask live[2];
    live_lanes(n, live);
    for (int row = 0; row < rows; row++) {
        vif_moments moments;
        filter_moments(radius, REFERENCE_PLANES, planes, row, at + offset, &moments);
        for (int i = 0; i < 2; i++) {
            const vint m = moments.mean[i];
            const vint variance = v_sub(moments.square[i], v_mulhi_round_u32(m, m));
            v_store(&stats->mean[row][stats_index(offset, i)], m);
            v_store(&stats->variance[row][stats_index(offset, i)], variance);
            const vmask textured = v_gt_where(live[i], variance, flat_limit);
            textured_count = v_add(textured_count, v_keep(textured, one));
            add_log2(&log_sum, v_add(noise, v_keep(textured, variance)));
        }
    }
    /* Lanes that are not textured have brought the logarithm of the noise. */
    const int64_t textured = v_total(textured_count), lanes = (int64_t)rows * 2 * LANES;
    sums->flat_count += (int64_t)rows * n - textured;
    sums->log_den += total_log2(&log_sum) - lanes * (LOG2_BIAS + 17 * 2048);
}

/* ---- pair ----------------------------------------------------------------------------------- */

/* Arguments of the logarithms of a row: noise + residual, and that plus the signal under each gain
 * limit. */
typedef struct vif_information {
    vint noise[2], total[PVT_MAX_GAIN_LIMITS][2];
} vif_information;

/* Sums of a block, and what its pixels are compared with. */
typedef struct vif_pair_block {
    int limits;
    vmask live[2];
    vdouble limit[PVT_MAX_GAIN_LIMITS];
    vint flat_power;
    vif_log_sum log_sum[PVT_MAX_GAIN_LIMITS];
} vif_pair_block;

/* Gain, residual and signals of one vector. Where the covariance is zero, gain and signals are,
 * and the logarithms cancel, whatever the variances are. */
INLINE void inform(vint variance_ref, vint variance_dis, vint covariance,
                   const vif_pair_block *block, int i, vif_information *out)
{
    const vdouble epsilon = d_set(65536 * 1.0e-10);
    vdouble r[2], d[2], c[2], residual[2], signal[PVT_MAX_GAIN_LIMITS][2];
    d_pair(variance_ref, r);
    d_pair(variance_dis, d);
    d_pair(covariance, c);
    for (int half = 0; half < 2; half++) {
        const vdouble gain = d_div(c[half], d_add(r[half], epsilon));
        residual[half] = d_sub(d[half], d_mul(gain, c[half]));
        for (int l = 0; l < block->limits; l++) { /* only after the residual */
            const vdouble limited = d_min(gain, block->limit[l]);
            signal[l][half] = d_mul(d_mul(limited, limited), r[half]);
        }
    }
    out->noise[i] = v_add(v_set(VIF_NOISE), v_max(d_whole(residual), v_zero()));
    for (int l = 0; l < block->limits; l++)
        out->total[l][i] = v_add(out->noise[i], d_whole(signal[l]));
}

INLINE void compare_row(const vif_moments *moments, const uint32_t *mean_ref,
                        const int32_t *variance_ref, vif_pair_block *block, vif_information *out)
{
    const vint flat_limit = v_set(VIF_NOISE - 1), zero = v_zero();
    for (int i = 0; i < 2; i++) {
        const vint m = moments->mean[i];
        const vint m_ref = v_load(mean_ref + i * LANES), v_ref = v_load(variance_ref + i * LANES);
        const vint v_dis = v_max(v_sub(moments->square[i], v_mulhi_round_u32(m, m)), zero);
        const vint covariance = v_sub(moments->product[i], v_mulhi_round_u32(m_ref, m));
        const vmask textured = v_gt_where(block->live[i], v_ref, flat_limit);
        const vmask flat = v_but_not(block->live[i], textured);
        const vmask useful = v_gt_where(textured, v_dis, zero);
        block->flat_power = v_add_wide(block->flat_power, v_keep(flat, v_dis));
        inform(v_ref, v_dis, v_keep(useful, v_max(covariance, zero)), block, i, out);
    }
}

INLINE void add_information(const vif_information *information, vif_pair_block *block)
{
    for (int i = 0; i < 2; i++) {
        const vif_log2 noise = v_log2(information->noise[i]);
        for (int l = 0; l < block->limits; l++) {
            const vif_log2 total = v_log2(information->total[l][i]);
            vif_log_sum *sum = &block->log_sum[l];
            sum->segments = v_add(sum->segments, v_sub(total.segment, noise.segment));
            sum->fractions = v_add(sum->fractions, v_sub(total.fraction, noise.fraction));
        }
    }
}

INLINE void begin_block(int n, int limits, const double *limit, vif_pair_block *block,
                        vif_information *information)
{
    block->limits = limits;
    block->flat_power = v_zero();
    live_lanes(n, block->live);
    for (int l = 0; l < limits; l++) {
        block->limit[l] = d_set(limit[l]);
        block->log_sum[l] = (vif_log_sum){v_zero(), v_zero()};
    }
    /* The row before the first one says nothing. */
    for (int i = 0; i < 2; i++) {
        information->noise[i] = v_set(VIF_NOISE);
        for (int l = 0; l < limits; l++)
            information->total[l][i] = v_set(VIF_NOISE);
    }
}

INLINE void pair_block_stats(int radius, const vif_distorted_tile *tile,
                             const vif_reference_stats *stats, int rows, int at, int offset, int n,
                             int limits, const double *limit, vif_pair_sums *sums)
{
    const vif_plane *planes = (const vif_plane *)tile;
    vif_pair_block block;
    vif_information information;
    begin_block(n, limits, limit, &block, &information);
    for (int row = 0; row < rows; row++) {
        vif_moments moments;
        filter_moments(radius, DISTORTED_PLANES, planes, row, at + offset, &moments);
        add_information(&information, &block);
        compare_row(&moments, &stats->mean[row][offset], &stats->variance[row][offset], &block,
                    &information);
    }
    add_information(&information, &block);
    sums->flat_power += v_total_wide(block.flat_power);
    for (int l = 0; l < limits; l++)
        sums->log_num[l] += total_log2(&block.log_sum[l]);
}

/* ---- every case with its constants ----------------------------------------------------------- */

#define EACH_BLOCK(call)                                                                           \
    for (int block = 0; block < n; block += BLOCK) {                                               \
        const int left = n - block < BLOCK ? n - block : BLOCK;                                    \
        call;                                                                                      \
    }

void TIER(vif_reference_statistics)(const vif_level *level, const vif_reference_tile *tile,
                                    int rows, int first, int n, const uint16_t *log_table,
                                    vif_reference_stats *stats, vif_reference_sums *sums)
{
    const int at = VIF_TILE_ORIGIN + first;
    (void)log_table; /* the scalar tier's */
    switch (level->radius) {
    case 8: EACH_BLOCK(reference_block_stats(8, tile, rows, at, block, left, stats, sums)) break;
    case 4: EACH_BLOCK(reference_block_stats(4, tile, rows, at, block, left, stats, sums)) break;
    case 2: EACH_BLOCK(reference_block_stats(2, tile, rows, at, block, left, stats, sums)) break;
    default: EACH_BLOCK(reference_block_stats(1, tile, rows, at, block, left, stats, sums)) break;
    }
}

void TIER(vif_pair_statistics)(const vif_level *level, const vif_distorted_tile *tile,
                               const vif_reference_stats *stats, int rows, int first, int n,
                               const pvt_limits *limits, const uint16_t *log_table,
                               vif_pair_sums *sums)
{
    const int at = VIF_TILE_ORIGIN + first, count = limits->count;
    const bool single = count == 1;
    (void)log_table; /* the scalar tier's */
#define CASE(radius, count)                                                                        \
    EACH_BLOCK(                                                                                    \
        pair_block_stats(radius, tile, stats, rows, at, block, left, count, limits->value, sums))
    switch (level->radius) {
    case 8:
        if (single)
            CASE(8, 1)
        else
            CASE(8, count)
        break;
    case 4:
        if (single)
            CASE(4, 1)
        else
            CASE(4, count)
        break;
    case 2:
        if (single)
            CASE(2, 1)
        else
            CASE(2, count)
        break;
    default:
        if (single)
            CASE(1, 1)
        else
            CASE(1, count)
        break;
    }
#undef CASE
}
