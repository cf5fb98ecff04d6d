/*
 * VIF, horizontal pass and statistics, written once for every SIMD tier (kernels.h says what it
 * does).
 *
 * A block of columns and a few rows at a time: first the horizontal pass, chain by chain, into
 * scratch; then variances, masks and gains; then the logarithms. The reference statistics are
 * kept in the order in which the filter delivers the columns of a block.
 */
#include "tier.h"
#include "vector.h"
#include "vif_filter.h"
#include "vif_log2.h"

#include "kernels/simd/routines.h"

/* Rows that go through the stages together. */
enum { VIF_STRIP = 4 };

/* A block's two vectors over a strip of rows. */
typedef vint vif_strip[VIF_STRIP][2];

static const int32_t VIF_NOISE = 2 << 16; /* power of the visual noise, 2.0 */

/* ---- horizontal pass ------------------------------------------------------------------------ */

/* Windowed means, unsigned, 1/65536 of a 16-bit unit. */
INLINE void mean_strip(int radius, vif_plane plane, int row, int at, vif_strip out)
{
    const vint start = v_set((int32_t)0x80000000u);
    for (int r = 0; r < VIF_STRIP; r++)
        filter_row(radius, &plane[row + r][at - radius], start, out[r]);
}

/* Windowed second moments: Q = A + ((B + 2^15) >> 16) + 2^31. */
INLINE void power_strip(int radius, vif_plane high, vif_plane low, int row, int at, vif_strip out)
{
    const vint high_start = v_set((int32_t)0x80000000u), low_start = v_set(0x8000);
    for (int r = 0; r < VIF_STRIP; r++) {
        vint b[2];
        filter_row(radius, &high[row + r][at - radius], high_start, out[r]);
        filter_row(radius, &low[row + r][at - radius], low_start, b);
        out[r][0] = v_add(out[r][0], v_sra(b[0], 16));
        out[r][1] = v_add(out[r][1], v_sra(b[1], 16));
    }
}

/* Where the reference statistics of a block's first (second) vector are kept. */
INLINE ptrdiff_t stats_index(int block, int i) { return (ptrdiff_t)block + i * LANES; }

/* ---- reference ------------------------------------------------------------------------------ */

INLINE void reference_block_stats(int radius, const vif_reference_tile *tile_in, int rows, int at,
                                  int block, int n, vif_reference_stats *stats,
                                  vif_reference_sums *sums)
{
    vif_reference_tile *tile = (vif_reference_tile *)tile_in; /* planes are arrays: no const */
    const vint flat_limit = v_set(VIF_NOISE - 1), noise = v_set(VIF_NOISE);
    vint log_sum = v_zero();
    int textured_count = 0;
    vmask live[2];
    live_lanes(n, live);
    for (int row = 0; row < rows; row += VIF_STRIP) {
        const int strip = rows - row < VIF_STRIP ? rows - row : VIF_STRIP;
        vif_strip mean, power;
        mean_strip(radius, tile->mean, row, at + block, mean);
        power_strip(radius, tile->square_high, tile->square_low, row, at + block, power);
        for (int r = 0; r < strip; r++)
            for (int i = 0; i < 2; i++) {
                const vint m = mean[r][i];
                const vint variance = v_sub(power[r][i], v_mulhi_round_u32(m, m));
                v_store(&stats->mean[row + r][stats_index(block, i)], m);
                v_store(&stats->variance[row + r][stats_index(block, i)], variance);
                const vmask textured = v_both(live[i], v_gt(variance, flat_limit));
                if (!v_any(textured))
                    continue;
                textured_count += v_count(textured);
                /* at most 16 rows of 2 vectors: 32 * 26624 per lane, far from 2^31 */
                log_sum = v_add(log_sum, v_keep(textured, v_log2(v_add(variance, noise))));
            }
    }
    sums->flat_count += (int64_t)rows * n - textured_count;
    sums->log_den += v_total(log_sum) - (int64_t)textured_count * (17 * 2048);
}

/* ---- pair ----------------------------------------------------------------------------------- */

/* Logarithm arguments that wait for the last stage: noise + residual, and that plus the signal
 * under each gain limit. */
typedef struct vif_log_queue {
    vint noise[2 * VIF_STRIP], total[PVT_MAX_GAIN_LIMITS][2 * VIF_STRIP];
    int length;
} vif_log_queue;

/* Gain, residual and signals of one vector; lanes outside `useful` become neutral. */
INLINE void queue_information(vint variance_ref, vint variance_dis, vint covariance, vmask useful,
                              int limits, const vdouble *limit, vif_log_queue *queue)
{
    const vdouble epsilon = d_set(65536 * 1.0e-10);
    const vint noise = v_set(VIF_NOISE);
    vdouble residual[2], signal[PVT_MAX_GAIN_LIMITS][2];
    for (int half = 0; half < 2; half++) {
        const vdouble r = half ? d_high(variance_ref) : d_low(variance_ref);
        const vdouble d = half ? d_high(variance_dis) : d_low(variance_dis);
        const vdouble c = half ? d_high(covariance) : d_low(covariance);
        const vdouble gain = d_div(c, d_add(r, epsilon));
        residual[half] = d_sub(d, d_mul(gain, c));
        for (int l = 0; l < limits; l++) { /* only after the residual */
            const vdouble limited = d_min(gain, limit[l]);
            signal[l][half] = d_mul(d_mul(limited, limited), r);
        }
    }
    const vint e = v_max(d_trunc(residual[0], residual[1]), v_zero());
    const vint base = v_add(noise, v_keep(useful, e));
    queue->noise[queue->length] = base;
    for (int l = 0; l < limits; l++) {
        const vint t = d_trunc(signal[l][0], signal[l][1]);
        queue->total[l][queue->length] = v_add(base, v_keep(useful, t));
    }
    queue->length++;
}

INLINE void pair_block_stats(int radius, const vif_distorted_tile *tile_in,
                             const vif_reference_stats *stats, int rows, int at, int block, int n,
                             int limits, const double *gain_limit, vif_pair_sums *sums)
{
    vif_distorted_tile *tile = (vif_distorted_tile *)tile_in; /* planes are arrays: no const */
    const vint flat_limit = v_set(VIF_NOISE - 1), zero = v_zero();
    vint flat_power = zero, log_sum[PVT_MAX_GAIN_LIMITS];
    vdouble limit[PVT_MAX_GAIN_LIMITS];
    for (int l = 0; l < limits; l++) {
        log_sum[l] = zero;
        limit[l] = d_set(gain_limit[l]);
    }
    vmask live[2];
    live_lanes(n, live);
    for (int row = 0; row < rows; row += VIF_STRIP) {
        const int strip = rows - row < VIF_STRIP ? rows - row : VIF_STRIP;
        vif_strip mean, square, product;
        vif_log_queue queue;
        queue.length = 0;
        mean_strip(radius, tile->mean, row, at + block, mean);
        power_strip(radius, tile->square_high, tile->square_low, row, at + block, square);
        power_strip(radius, tile->product_high, tile->product_low, row, at + block, product);
        for (int r = 0; r < strip; r++)
            for (int i = 0; i < 2; i++) {
                const vint m = mean[r][i];
                const vint m_ref = v_load(&stats->mean[row + r][stats_index(block, i)]);
                const vint v_ref = v_load(&stats->variance[row + r][stats_index(block, i)]);
                vint v_dis = v_sub(square[r][i], v_mulhi_round_u32(m, m));
                v_dis = v_max(v_dis, zero);
                const vint covariance = v_sub(product[r][i], v_mulhi_round_u32(m_ref, m));
                const vmask textured = v_both(live[i], v_gt(v_ref, flat_limit));
                const vmask flat = v_but_not(live[i], textured);
                const vmask useful =
                    v_both(textured, v_both(v_gt(covariance, zero), v_gt(v_dis, zero)));
                if (v_any(flat))
                    flat_power = v_add_wide(flat_power, v_keep(flat, v_dis));
                if (v_any(useful))
                    queue_information(v_ref, v_dis, covariance, useful, limits, limit, &queue);
            }
        for (int i = 0; i < queue.length; i++) {
            const vint noise = v_log2(queue.noise[i]);
            for (int l = 0; l < limits; l++)
                log_sum[l] = v_add(log_sum[l], v_sub(v_log2(queue.total[l][i]), noise));
        }
    }
    sums->flat_power += v_total_wide(flat_power);
    for (int l = 0; l < limits; l++)
        sums->log_num[l] += v_total(log_sum[l]);
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
