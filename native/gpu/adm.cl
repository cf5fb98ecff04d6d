/*
 * ADM: one wavelet level of a batch of pairs. Arithmetic: docs/arithmetic.md.
 *
 * A work group does a tile of band positions with one more all around, whose masking strength the
 * tile's own positions need. The vertical filter leaves its halves in local memory; every item then
 * analyses, decouples and pools four positions of a row. Detail bands are never stored: only
 * approximations for the next level, and each tile row's sums, which `totals` adds up. They stay
 * apart by row because every row of the band is rounded on its own.
 *
 * Positions beyond the band repeat the mirrored position's work, which is what masking wants there.
 */
enum {
    ADM_ROWS = 16, /* of a tile, the surroundings included */
    ADM_COLS = 32,
    ADM_OWN_ROWS = ADM_ROWS - 2,
    ADM_OWN_COLS = ADM_COLS - 2,
    ADM_LANES = ITEMS / ADM_ROWS,  /* items that share a row */
    ADM_EACH = ADM_COLS / ADM_LANES, /* positions of a row that an item does */
    ADM_INPUTS = 2 * ADM_COLS + 2, /* input columns under a tile */
    ADM_PITCH = ADM_INPUTS + 1,
    ADM_MASK_PITCH = ADM_COLS + 1,
    ADM_BANDS = 3, /* h, v, d */
    ADM_SUMS = 2 * ADM_BANDS /* numerator, denominator */
};

/* cos^2 of one degree, rounded to single precision: 0x1.ffd814p-1. */
#define ADM_COS2_1DEG 0.99969542026519775390625

typedef struct adm_params {
    int in_width, in_height, in_pitch, in_plane; /* of what is analysed, in samples */
    int width, height;                           /* of the bands */
    int out_pitch, out_plane;                    /* of the approximation */
    int first_col, last_col, first_row, last_row; /* analysed, inclusive */
    int pooled_col, pooled_last_col, pooled_row, pooled_last_row; /* the cropped centre */
    int bit_depth, column_shift, row_shift;
    int weight_hv, weight_d;
    int cube_shift_hv, cube_shift_d;
    int den_square_shift, den_cube_shift;
    int renditions, limits;
    int partials, pair_partials; /* where this level's begin, and how many a pair has */
} adm_params;

/* Vertical halves. At level 0 both fit 16 bits and share a word. */
typedef struct adm_fine_halves {
    u32 ref[ADM_ROWS * ADM_PITCH], dis[ADM_ROWS * ADM_PITCH];
} adm_fine_halves;

typedef struct adm_coarse_halves {
    i32 ref_low[ADM_ROWS * ADM_PITCH], ref_high[ADM_ROWS * ADM_PITCH];
    i32 dis_low[ADM_ROWS * ADM_PITCH], dis_high[ADM_ROWS * ADM_PITCH];
} adm_coarse_halves;

typedef union adm_fine_tile {
    adm_fine_halves halves;
    u64 sums[ADM_SUMS * ITEMS];
} adm_fine_tile;

typedef union adm_coarse_tile {
    adm_coarse_halves halves;
    u64 sums[ADM_SUMS * ITEMS];
} adm_coarse_tile;

/* What analysis gives at one position. */
typedef struct adm_bands {
    i32 approx;
    i32 detail[ADM_BANDS];
} adm_bands;

/* What is kept of a position until its neighbours are known. */
typedef struct adm_position {
    i32 restored[ADM_BANDS];
    i32 ref[ADM_BANDS];
    i32 centre; /* centre strength less neighbour strength, summed over the bands */
} adm_position;

/* Taps in Q15. */
INLINE i32 adm_low(const int tap)
{
    return tap == 0 ? 15826 : tap == 1 ? 27411 : tap == 2 ? 7345 : -4240;
}

INLINE i32 adm_high(const int tap)
{
    return tap == 0 ? -4240 : tap == 1 ? -7345 : tap == 2 ? 27411 : -15826;
}

/* Source of tap position i of a side of n samples: -1 reads 1, n reads n-1, n+1 reads n-2. What
 * lies so far outside that no result depends on it is brought inside. */
INLINE int adm_source(int i, int n)
{
    i = i < 0 ? -i : i;
    i = i >= n ? 2 * n - 1 - i : i;
    return i < 0 ? 0 : i;
}

/* ---- wavelet -------------------------------------------------------------------------------- */

/* Low and high rounding of one column of one frame, at one row of the bands. */
INLINE void adm_fine_column(const int wide, GLOBAL const adm_params *p, GLOBAL const void *plane,
                            const int at[4], LOCAL u32 *out)
{
    const int shift = p->bit_depth;
    i32 low = 1 << (shift - 1), high = low;
    const i32 centre = low;
#pragma unroll
    for (int tap = 0; tap < 4; tap++) {
        const i32 value = (i32)sample_at(wide, plane, at[tap]) - centre;
        low += adm_low(tap) * value;
        high += adm_high(tap) * value;
    }
    *out = ((u32)(low >> shift) & 0xffff) | (u32)(high >> shift) << 16;
}

INLINE void adm_coarse_column(GLOBAL const adm_params *p, GLOBAL const i32 *plane, const int at[4],
                              LOCAL i32 *out_low, LOCAL i32 *out_high)
{
    const int shift = p->column_shift;
    i64 low = ((i64)1 << shift) >> 1, high = low;
#pragma unroll
    for (int tap = 0; tap < 4; tap++) {
        const i32 value = plane[at[tap]];
        low += (i64)adm_low(tap) * value;
        high += (i64)adm_high(tap) * value;
    }
    *out_low = (i32)(low >> shift);
    *out_high = (i32)(high >> shift);
}

/* Input positions of the four taps of a column. */
INLINE void adm_taps(GLOBAL const adm_params *p, int column, int row, int at[4])
{
    const int x = adm_source(column, p->in_width);
#pragma unroll
    for (int tap = 0; tap < 4; tap++)
        at[tap] = adm_source(2 * row - 1 + tap, p->in_height) * p->in_pitch + x;
}

INLINE void adm_fine_vertical(const int wide, GLOBAL const adm_params *p, GLOBAL const void *ref,
                              GLOBAL const void *dis, int x, int y, int item,
                              LOCAL adm_fine_halves *halves)
{
    for (int i = item; i < ADM_ROWS * ADM_INPUTS; i += ITEMS) {
        const int row = i / ADM_INPUTS, column = i % ADM_INPUTS, out = row * ADM_PITCH + column;
        int at[4];
        adm_taps(p, 2 * x - 1 + column, y + row, at);
        adm_fine_column(wide, p, ref, at, halves->ref + out);
        adm_fine_column(wide, p, dis, at, halves->dis + out);
    }
}

INLINE void adm_coarse_vertical(GLOBAL const adm_params *p, GLOBAL const i32 *ref,
                                GLOBAL const i32 *dis, int x, int y, int item,
                                LOCAL adm_coarse_halves *halves)
{
    for (int i = item; i < ADM_ROWS * ADM_INPUTS; i += ITEMS) {
        const int row = i / ADM_INPUTS, column = i % ADM_INPUTS, out = row * ADM_PITCH + column;
        int at[4];
        adm_taps(p, 2 * x - 1 + column, y + row, at);
        adm_coarse_column(p, ref, at, halves->ref_low + out, halves->ref_high + out);
        adm_coarse_column(p, dis, at, halves->dis_low + out, halves->dis_high + out);
    }
}

/* Horizontal filter from four packed halves. */
INLINE adm_bands adm_fine_bands(LOCAL const u32 *halves)
{
    i32 a = 0x8000, h = 0x8000, v = 0x8000, d = 0x8000;
#pragma unroll
    for (int tap = 0; tap < 4; tap++) {
        const i32 low = (i16)(halves[tap] & 0xffff), high = (i32)halves[tap] >> 16;
        a += adm_low(tap) * low;
        v += adm_high(tap) * low;
        h += adm_low(tap) * high;
        d += adm_high(tap) * high;
    }
    adm_bands bands;
    bands.approx = a >> 16;
    bands.detail[0] = h >> 16;
    bands.detail[1] = v >> 16;
    bands.detail[2] = d >> 16;
    return bands;
}

INLINE adm_bands adm_coarse_bands(LOCAL const i32 *lows, LOCAL const i32 *highs, int shift)
{
    const i64 rounding = (i64)1 << (shift - 1);
    i64 a = rounding, h = rounding, v = rounding, d = rounding;
#pragma unroll
    for (int tap = 0; tap < 4; tap++) {
        a += (i64)adm_low(tap) * lows[tap];
        v += (i64)adm_high(tap) * lows[tap];
        h += (i64)adm_low(tap) * highs[tap];
        d += (i64)adm_high(tap) * highs[tap];
    }
    adm_bands bands;
    bands.approx = (i32)(a >> shift);
    bands.detail[0] = (i32)(h >> shift);
    bands.detail[1] = (i32)(v >> shift);
    bands.detail[2] = (i32)(d >> shift);
    return bands;
}

/* ---- decoupling ----------------------------------------------------------------------------- */

/* Whether the (h, v) vectors lie within one degree. The exact sums are rounded to single precision
 * once, then compared in double precision. */
INLINE int adm_aligned(const int fine, const i32 o[ADM_BANDS], const i32 t[ADM_BANDS])
{
    float dot, ref2, dis2;
    if (fine) { /* below 2^30 */
        dot = (float)(o[0] * t[0] + o[1] * t[1]);
        ref2 = (float)(o[0] * o[0] + o[1] * o[1]);
        dis2 = (float)(t[0] * t[0] + t[1] * t[1]);
    } else {
        dot = (float)((i64)o[0] * t[0] + (i64)o[1] * t[1]);
        ref2 = (float)((i64)o[0] * o[0] + (i64)o[1] * o[1]);
        dis2 = (float)((i64)t[0] * t[0] + (i64)t[1] * t[1]);
    }
    const double p = (double)dot;
    return dot >= 0.0f && p * p >= (ADM_COS2_1DEG * (double)ref2) * (double)dis2;
}

/* t / o in Q15, clipped to 0 .. 1; o is not zero. The divisor is cut to 15 bits. */
INLINE i32 adm_gain(i32 o, i32 t)
{
    const u32 magnitude = (u32)(o < 0 ? -o : o);
    int drop = 17 - leading_zeros(magnitude); /* bit length - 15 */
    drop = drop > 0 ? drop : 0;
    const u32 divisor = (magnitude + ((1u << drop) >> 1)) >> drop;
    const i64 quotient = (i64)(0x40000000u / divisor) * (o < 0 ? -t : t);
    const i64 gain = (quotient + ((i64)1 << (14 + drop))) >> (15 + drop);
    return gain < 0 ? 0 : gain > 32768 ? 32768 : (i32)gain;
}

/* Restored part of t. Where both vectors are aligned, it may grow towards t up to `limit` times;
 * the truncation is toward zero. */
INLINE i32 adm_restore(const int fine, i32 o, i32 t, int aligned, double limit)
{
    if (o == 0)
        return 0;
    i32 r, gain;
    if (fine && within(o, -16383, 16383)) {
        /* the gain needs no division: see "Why fast code can be exact" */
        const i32 least = o < 0 ? o : 0, most = o < 0 ? 0 : o;
        r = t < least ? least : t > most ? most : t;
        gain = r;
    } else {
        gain = adm_gain(o, t);
        r = (i32)(((i64)gain * o + (1 << 14)) >> 15);
    }
    if (!aligned || gain == 0)
        return r;
    const double raised = (double)r * limit, most = (double)t;
    if (o > 0)
        return (i32)(raised < most ? raised : most);
    return (i32)(raised > most ? raised : most);
}

/* Masking strength of an additive part: what it gives to its neighbours, and what to its own
 * position beyond that. */
INLINE void adm_mask(const int fine, const int band, GLOBAL const adm_params *p, i32 additive,
                     i32 *around, i32 *centre)
{
    const i32 weight = band == 2 ? p->weight_d : p->weight_hv;
    i32 neighbours, own;
    if (fine) {
        i32 c = (weight * additive + (band == 2 ? 65535 : 16384)) >> (band == 2 ? 17 : 15);
        c = c < 0 ? -c : c;
        neighbours = (4369 * c + 2048) >> 12;
        own = (i16)((8738 * c + 2048) >> 12);
    } else {
        i64 c = ((i64)weight * additive + (1 << 27)) >> 28;
        c = c < 0 ? -c : c;
        neighbours = (i32)((143165577 * c - ((i64)1 << 31)) >> 32);
        own = (i32)((286331153 * c - ((i64)1 << 31)) >> 32);
    }
    *around += neighbours;
    *centre += own - neighbours;
}

/* Decouples one position; returns its strength as a neighbour. */
INLINE i32 adm_decouple(const int fine, GLOBAL const adm_params *p, const adm_bands *ref,
                        const adm_bands *dis, double limit, adm_position *out)
{
    const int aligned = adm_aligned(fine, ref->detail, dis->detail);
    i32 around = 0, centre = 0;
#pragma unroll
    for (int band = 0; band < ADM_BANDS; band++) {
        const i32 o = ref->detail[band], t = dis->detail[band];
        const i32 r = adm_restore(fine, o, t, aligned, limit);
        adm_mask(fine, band, p, t - r, &around, &centre);
        out->restored[band] = r;
        out->ref[band] = o;
    }
    out->centre = centre;
    return around;
}

/* ---- pooling -------------------------------------------------------------------------------- */

/* The cube of a masked signal. x and y fit 31 bits, the cube 62. */
INLINE u64 adm_masked_cube(i64 x, int square_shift, int cube_shift)
{
    if (x <= 0)
        return 0;
    const u32 y = (u32)round_shift((i64)((u64)(u32)x * (u32)x), square_shift);
    return (u64)round_shift((i64)((u64)y * (u32)x), cube_shift);
}

INLINE u64 adm_numerator(const int fine, const int band, GLOBAL const adm_params *p, i32 restored,
                         i32 threshold)
{
    const i32 weight = band == 2 ? p->weight_d : p->weight_hv;
    const int cube_shift = band == 2 ? p->cube_shift_d : p->cube_shift_hv;
    if (fine) {
        const i32 signal = weight * restored;
        const i32 masked = threshold * (1 << (band == 2 ? 12 : 10));
        return adm_masked_cube((i64)(signal < 0 ? -signal : signal) - masked, band == 2 ? 30 : 29,
                               cube_shift);
    }
    const i64 signal = ((i64)weight * restored + (1 << 27)) >> 28;
    return adm_masked_cube((signal < 0 ? -signal : signal) - threshold, 30, cube_shift);
}

INLINE u64 adm_energy(const int fine, GLOBAL const adm_params *p, i32 o)
{
    const u32 m = (u32)(o < 0 ? -o : o);
    if (fine)
        return (u64)(m * m) * m;
    const int shift = p->den_square_shift; /* a whole unit is added, by definition */
    const u32 y = (u32)(((u64)m * m + ((u64)1 << shift)) >> shift);
    return (u64)round_shift((i64)((u64)y * m), p->den_cube_shift);
}

/* Pools one position, whose neighbours' strengths are in `masks`. */
INLINE void adm_pool(const int fine, GLOBAL const adm_params *p, LOCAL const i32 *masks, int at,
                     const adm_position *position, u64 sums[ADM_SUMS])
{
    i32 threshold = position->centre;
#pragma unroll
    for (int dy = -ADM_MASK_PITCH; dy <= ADM_MASK_PITCH; dy += ADM_MASK_PITCH)
        threshold += masks[at + dy - 1] + masks[at + dy] + masks[at + dy + 1];
#pragma unroll
    for (int band = 0; band < ADM_BANDS; band++) {
        sums[band] += adm_numerator(fine, band, p, position->restored[band], threshold);
        sums[ADM_BANDS + band] += adm_energy(fine, p, position->ref[band]);
    }
}

/* ---- one level ------------------------------------------------------------------------------ */

/* Where position i of a band of n really is: beyond the ends masking reads 1 and n - 1. */
INLINE int adm_band_position(int i, int n) { return i < 0 ? -i : i >= n ? n - 1 : i; }

/* Analyses and decouples the item's positions, pools those in the centre. */
INLINE void adm_positions(const int fine, GLOBAL const adm_params *p, const pair_place *place,
                          LOCAL const adm_fine_halves *fine_halves,
                          LOCAL const adm_coarse_halves *coarse_halves, LOCAL i32 *masks, int x,
                          int y, int item, double limit, GLOBAL i32 *next_ref, GLOBAL i32 *next_dis,
                          u64 sums[ADM_SUMS])
{
    const int row = item / ADM_LANES, lane = item % ADM_LANES;
    const int from_row = adm_band_position(y + row, p->height) - y;
    const int is_own_row = within(row, 1, ADM_OWN_ROWS) && y + row <= p->last_row;
    adm_position positions[ADM_EACH];
#pragma unroll
    for (int j = 0; j < ADM_EACH; j++) {
        const int column = lane + ADM_LANES * j;
        const int from_column = adm_band_position(x + column, p->width) - x;
        const int at = from_row * ADM_PITCH + 2 * from_column;
        adm_bands ref, dis;
        if (fine) {
            ref = adm_fine_bands(fine_halves->ref + at);
            dis = adm_fine_bands(fine_halves->dis + at);
        } else {
            ref = adm_coarse_bands(coarse_halves->ref_low + at, coarse_halves->ref_high + at,
                                   p->row_shift);
            dis = adm_coarse_bands(coarse_halves->dis_low + at, coarse_halves->dis_high + at,
                                   p->row_shift);
        }
        if (next_ref && is_own_row && within(column, 1, ADM_OWN_COLS) && x + column <= p->last_col) {
            const int out = (y + row) * p->out_pitch + x + column;
            if (place->writes_ref)
                next_ref[out] = ref.approx;
            if (place->writes_dis)
                next_dis[out] = dis.approx;
        }
        masks[row * ADM_MASK_PITCH + column] =
            adm_decouple(fine, p, &ref, &dis, limit, &positions[j]);
    }
    group_barrier();
    const int pools = is_own_row && within(y + row, p->pooled_row, p->pooled_last_row);
#pragma unroll
    for (int j = 0; j < ADM_EACH; j++) {
        const int column = lane + ADM_LANES * j;
        if (pools && within(column, 1, ADM_OWN_COLS) &&
            within(x + column, p->pooled_col, p->pooled_last_col))
            adm_pool(fine, p, masks, row * ADM_MASK_PITCH + column, &positions[j], sums);
    }
}

/* Adds up what the items of each row found, and leaves it at the row's place. */
INLINE void adm_row_sums(GLOBAL const adm_params *p, int y, int item, const u64 own[ADM_SUMS],
                         LOCAL u64 *sums, GLOBAL u64 *partials)
{
    group_barrier();
#pragma unroll
    for (int k = 0; k < ADM_SUMS; k++)
        sums[k * ITEMS + item] = own[k];
    group_barrier();
    for (int i = item; i < ADM_SUMS * ADM_ROWS; i += ITEMS) {
        const int k = i / ADM_ROWS, row = i % ADM_ROWS;
        u64 sum = 0;
        for (int lane = 0; lane < ADM_LANES; lane++)
            sum += sums[k * ITEMS + row * ADM_LANES + lane];
        if (within(row, 1, ADM_OWN_ROWS) && within(y + row, p->pooled_row, p->pooled_last_row))
            partials[p->partials + (i64)p->pair_partials * group_z() +
                     ((y + row - p->pooled_row) * groups_x() + group_x()) * ADM_SUMS + k] = sum;
    }
}

/* The place of the work group and the planes that it reads and writes. */
#define ADM_ARGUMENTS                                                                              \
    GLOBAL const adm_params *p, GLOBAL const int *frame_of, GLOBAL const void *refs,               \
        GLOBAL const void *dists, GLOBAL i32 *next_refs, GLOBAL i32 *next_dists,                   \
        GLOBAL const double *limits, GLOBAL u64 *partials

#define ADM_KERNEL(name, fine, tile_type, vertical, fine_halves, coarse_halves, last)              \
    KERNEL name(ADM_ARGUMENTS)                                                                     \
    {                                                                                              \
        SHARED tile_type tile;                                                                     \
        SHARED i32 masks[ADM_ROWS * ADM_MASK_PITCH];                                               \
        const int item = item_id();                                                                \
        const int x = p->first_col - 1 + group_x() * ADM_OWN_COLS;                                 \
        const int y = p->first_row - 1 + group_y() * ADM_OWN_ROWS;                                 \
        const pair_place place = place_of(group_z(), p->renditions, p->limits, frame_of);          \
        vertical;                                                                                  \
        group_barrier();                                                                           \
        u64 sums[ADM_SUMS] = {0, 0, 0, 0, 0, 0};                                                   \
        adm_positions(fine, p, &place, fine_halves, coarse_halves, masks, x, y, item,              \
                      limits[place.limit],                                                         \
                      last ? 0 : next_refs + (i64)p->out_plane * place.ref,                        \
                      last ? 0 : next_dists + (i64)p->out_plane * place.dis, sums);                \
        adm_row_sums(p, y, item, sums, tile.sums, partials);                                       \
    }

#define ADM_FINE                                                                                   \
    adm_fine_vertical(WIDE, p, plane_at(WIDE, refs, p->in_plane, place.ref),                       \
                      plane_at(WIDE, dists, p->in_plane, place.dis), x, y, item, &tile.halves)
#define ADM_COARSE                                                                                 \
    adm_coarse_vertical(p, (GLOBAL const i32 *)refs + (i64)p->in_plane * place.ref,                \
                        (GLOBAL const i32 *)dists + (i64)p->in_plane * place.dis, x, y, item,      \
                        &tile.halves)

ADM_KERNEL(adm_0, 1, adm_fine_tile, ADM_FINE, &tile.halves, 0, 0)
ADM_KERNEL(adm_1, 0, adm_coarse_tile, ADM_COARSE, 0, &tile.halves, 0)
ADM_KERNEL(adm_2, 0, adm_coarse_tile, ADM_COARSE, 0, &tile.halves, 0)
ADM_KERNEL(adm_3, 0, adm_coarse_tile, ADM_COARSE, 0, &tile.halves, 1)
