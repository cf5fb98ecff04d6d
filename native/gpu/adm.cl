/*
 * ADM: one wavelet level of a batch of frames. Arithmetic: docs/arithmetic.md.
 *
 * A work group does a tile of band positions with one more all around, whose masking strength the
 * tile's own positions need, of one reference and all its distorted versions. The vertical filter
 * leaves its halves in local memory; every item then analyses four positions of a row, decouples
 * and pools them under every gain limit. Detail bands are never stored: only approximations for the
 * next level, and each tile row's sums, which `totals` adds up. They stay apart by row because
 * every row of the band is rounded on its own.
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
    int renditions;
    int partials, pair_partials; /* where this level's begin, and how many a pair has */
} adm_params;

/* Vertical halves of one frame. At level 0 both fit 16 bits and share a word, in `low`. */
typedef struct adm_halves {
    i32 low[ADM_ROWS * ADM_PITCH], high[ADM_ROWS * ADM_PITCH];
} adm_halves;

typedef struct adm_tile {
    union {
        adm_halves halves;
        u64 sums[ADM_SUMS * ITEMS];
    } u;
    i32 masks[ADM_ROWS * ADM_MASK_PITCH];
} adm_tile;

/* What analysis gives at one position. */
typedef struct adm_bands {
    i32 approx;
    i32 detail[ADM_BANDS];
} adm_bands;

/* What is kept of a position until its neighbours are known. */
typedef struct adm_position {
    i32 restored[ADM_BANDS];
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

/* Low and high half of one column, at one row of the bands; level 0. */
INLINE u32 adm_fine_column(const int wide, GLOBAL const adm_params *p, GLOBAL const void *plane,
                           const int at[4])
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
    return ((u32)(low >> shift) & 0xffff) | (u32)(high >> shift) << 16;
}

/* The same at levels 1 to 3. */
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

INLINE void adm_vertical(const int fine, GLOBAL const adm_params *p, GLOBAL const void *plane,
                         int x, int y, int item, LOCAL adm_halves *halves)
{
    for (int i = item; i < ADM_ROWS * ADM_INPUTS; i += ITEMS) {
        const int row = i / ADM_INPUTS, column = i % ADM_INPUTS, out = row * ADM_PITCH + column;
        int at[4];
        adm_taps(p, 2 * x - 1 + column, y + row, at);
        if (fine)
            halves->low[out] = (i32)adm_fine_column(WIDE, p, plane, at);
        else
            adm_coarse_column(p, (GLOBAL const i32 *)plane, at, halves->low + out,
                              halves->high + out);
    }
}

/* Horizontal filter from four packed halves. */
INLINE adm_bands adm_fine_bands(LOCAL const i32 *halves)
{
    i32 a = 0x8000, h = 0x8000, v = 0x8000, d = 0x8000;
#pragma unroll
    for (int tap = 0; tap < 4; tap++) {
        const i32 low = (i16)(halves[tap] & 0xffff), high = halves[tap] >> 16;
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

/* Masked cubes of one position, whose neighbours' strengths are in `masks`. */
INLINE void adm_pool(const int fine, GLOBAL const adm_params *p, LOCAL const i32 *masks, int at,
                     const adm_position *position, u64 sums[ADM_SUMS])
{
    i32 threshold = position->centre;
#pragma unroll
    for (int dy = -ADM_MASK_PITCH; dy <= ADM_MASK_PITCH; dy += ADM_MASK_PITCH)
        threshold += masks[at + dy - 1] + masks[at + dy] + masks[at + dy + 1];
#pragma unroll
    for (int band = 0; band < ADM_BANDS; band++)
        sums[band] += adm_numerator(fine, band, p, position->restored[band], threshold);
}

/* ---- one level ------------------------------------------------------------------------------ */

/* Where position i of a band of n really is: beyond the ends masking reads 1 and n - 1. */
INLINE int adm_band_position(int i, int n) { return i < 0 ? -i : i >= n ? n - 1 : i; }

/* The plane of that number; `wide` 2 means samples of four bytes. */
INLINE GLOBAL const void *adm_plane_at(const int wide, GLOBAL const void *planes, int samples,
                                       int index)
{
    return wide == 2 ? (GLOBAL const void *)((GLOBAL const i32 *)planes + (i64)samples * index)
                     : plane_at(wide, planes, samples, index);
}

/* What an item works on: four positions of one row, ADM_LANES columns apart. */
typedef struct adm_place {
    int x, y;          /* of the tile's first position in the band */
    int row, lane;     /* within the tile */
    int is_own, pools; /* whether the tile's own rows, and the pooled ones, have this row */
} adm_place;

INLINE adm_place adm_place_of(GLOBAL const adm_params *p, int item)
{
    adm_place place;
    place.x = p->first_col - 1 + group_x() * ADM_OWN_COLS;
    place.y = p->first_row - 1 + group_y() * ADM_OWN_ROWS;
    place.row = item / ADM_LANES;
    place.lane = item % ADM_LANES;
    place.is_own = within(place.row, 1, ADM_OWN_ROWS) && place.y + place.row <= p->last_row;
    place.pools = place.is_own && within(place.y + place.row, p->pooled_row, p->pooled_last_row);
    return place;
}

INLINE int adm_pools(GLOBAL const adm_params *p, const adm_place *place, int column)
{
    return place->pools && within(column, 1, ADM_OWN_COLS) &&
           within(place->x + column, p->pooled_col, p->pooled_last_col);
}

/* Bands at the item's positions, and its samples of the approximation. */
INLINE void adm_analyse(const int fine, const int last, GLOBAL const adm_params *p,
                        const adm_place *place, GLOBAL const void *plane, int item,
                        LOCAL adm_halves *halves, GLOBAL i32 *next, adm_bands bands[ADM_EACH])
{
    group_barrier(); /* what was in that memory has been read */
    adm_vertical(fine, p, plane, place->x, place->y, item, halves);
    group_barrier();
    const int from_row = adm_band_position(place->y + place->row, p->height) - place->y;
#pragma unroll
    for (int j = 0; j < ADM_EACH; j++) {
        const int column = place->lane + ADM_LANES * j;
        const int from_column = adm_band_position(place->x + column, p->width) - place->x;
        const int at = from_row * ADM_PITCH + 2 * from_column;
        if (fine)
            bands[j] = adm_fine_bands(halves->low + at);
        else
            bands[j] = adm_coarse_bands(halves->low + at, halves->high + at, p->row_shift);
        if (!last && place->is_own && within(column, 1, ADM_OWN_COLS) &&
            place->x + column <= p->last_col)
            next[(place->y + place->row) * p->out_pitch + place->x + column] = bands[j].approx;
    }
}

/* Decouples the item's positions under one gain limit, and pools those in the centre. */
INLINE void adm_compare(const int fine, GLOBAL const adm_params *p, const adm_place *place,
                        const adm_bands ref[ADM_EACH], const adm_bands dis[ADM_EACH], double limit,
                        LOCAL i32 *masks, u64 sums[ADM_SUMS])
{
    adm_position positions[ADM_EACH];
#pragma unroll
    for (int j = 0; j < ADM_EACH; j++)
        masks[place->row * ADM_MASK_PITCH + place->lane + ADM_LANES * j] =
            adm_decouple(fine, p, &ref[j], &dis[j], limit, &positions[j]);
    group_barrier();
#pragma unroll
    for (int band = 0; band < ADM_BANDS; band++)
        sums[band] = 0;
#pragma unroll
    for (int j = 0; j < ADM_EACH; j++) {
        const int column = place->lane + ADM_LANES * j;
        if (adm_pools(p, place, column))
            adm_pool(fine, p, masks, place->row * ADM_MASK_PITCH + column, &positions[j], sums);
    }
}

/* Adds up what the items of each row found, and leaves it at the row's place. */
INLINE void adm_row_sums(GLOBAL const adm_params *p, int y, int item, int pair,
                         const u64 own[ADM_SUMS], LOCAL u64 *sums, GLOBAL u64 *partials)
{
    group_barrier();
#pragma unroll
    for (int k = 0; k < ADM_SUMS; k++)
        sums[k * ITEMS + item] = own[k];
    group_barrier();
    if (item < ADM_SUMS * ADM_ROWS) {
        const int k = item / ADM_ROWS, row = item % ADM_ROWS;
        u64 sum = 0;
#pragma unroll
        for (int lane = 0; lane < ADM_LANES; lane++)
            sum += sums[k * ITEMS + row * ADM_LANES + lane];
        if (within(row, 1, ADM_OWN_ROWS) && within(y + row, p->pooled_row, p->pooled_last_row))
            partials[p->partials + (i64)p->pair_partials * pair +
                     ((y + row - p->pooled_row) * groups_x() + group_x()) * ADM_SUMS + k] = sum;
    }
}

INLINE void adm_level(const int fine, const int last, GLOBAL const adm_params *p,
                      GLOBAL const int *frame_of, GLOBAL const void *refs, GLOBAL const void *dists,
                      GLOBAL i32 *next_refs, GLOBAL i32 *next_dists, GLOBAL const double *limits,
                      GLOBAL u64 *partials, LOCAL adm_tile *tile)
{
    const int item = item_id(), frame = frame_of[group_z()], wide = fine ? WIDE : 2;
    const adm_place place = adm_place_of(p, item);
    adm_bands ref[ADM_EACH], dis[ADM_EACH];
    u64 sums[ADM_SUMS] = {0, 0, 0, 0, 0, 0};
    adm_analyse(fine, last, p, &place, adm_plane_at(wide, refs, p->in_plane, frame), item,
                &tile->u.halves, next_refs + (i64)p->out_plane * frame, ref);
#pragma unroll
    for (int j = 0; j < ADM_EACH; j++)
        if (adm_pools(p, &place, place.lane + ADM_LANES * j))
#pragma unroll
            for (int band = 0; band < ADM_BANDS; band++)
                sums[ADM_BANDS + band] += adm_energy(fine, p, ref[j].detail[band]);

    for (int r = 0; r < p->renditions; r++) {
        const int version = group_z() * p->renditions + r;
        adm_analyse(fine, last, p, &place, adm_plane_at(wide, dists, p->in_plane, version), item,
                    &tile->u.halves, next_dists + (i64)p->out_plane * version, dis);
        for (int l = 0; l < LIMITS; l++) {
            adm_compare(fine, p, &place, ref, dis, limits[l], tile->masks, sums);
            adm_row_sums(p, place.y, item, version * LIMITS + l, sums, tile->u.sums, partials);
        }
    }
}

#define ADM_KERNEL(name, fine, last)                                                               \
    KERNEL name(GLOBAL const adm_params *p, GLOBAL const int *frame_of, GLOBAL const void *refs,   \
                GLOBAL const void *dists, GLOBAL i32 *next_refs, GLOBAL i32 *next_dists,           \
                GLOBAL const double *limits, GLOBAL u64 *partials)                                 \
    {                                                                                              \
        SHARED adm_tile tile;                                                                      \
        adm_level(fine, last, p, frame_of, refs, dists, next_refs, next_dists, limits, partials,   \
                  &tile);                                                                          \
    }

ADM_KERNEL(adm_0, 1, 0)
ADM_KERNEL(adm_1, 0, 0)
ADM_KERNEL(adm_2, 0, 0)
ADM_KERNEL(adm_3, 0, 1)
