/* ADM: what a level is made for, and its wavelet. See adm.cl. */
enum {
    ADM_ROWS = 32, /* of a tile, the surroundings included */
    ADM_COLS = 31,
    ADM_OWN_ROWS = ADM_ROWS - 2,
    ADM_OWN_COLS = ADM_COLS - 2,
    ADM_LANES = ITEMS / ADM_ROWS,           /* items that share a row */
    ADM_EACH = (ADM_COLS + 1) / ADM_LANES,  /* positions of a row that an item does */
    ADM_INPUTS = 2 * ADM_COLS + 2,          /* input columns under a tile: two warps */
    ADM_RUN = ADM_ROWS * ADM_INPUTS / ITEMS, /* rows of a column that an item filters */
    ADM_PITCH = ADM_INPUTS + 1,
    ADM_MASK_PITCH = ADM_COLS + 2,
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
    u32 rows[2 * ADM_ROWS + 4]; /* where the input rows begin in a plane */
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

/* The plane of that number; `wide` 2 means samples of four bytes. */
INLINE GLOBAL const void *adm_plane_at(const int wide, GLOBAL const void *planes, int samples,
                                       int index)
{
    return wide == 2 ? (GLOBAL const void *)((GLOBAL const i32 *)planes + (i64)samples * index)
                     : plane_at(wide, planes, samples, index);
}

/* Where the input rows under the tile begin, worked out once for all columns and frames. */
INLINE void adm_rows(GLOBAL const adm_params *p, int y, int item, LOCAL u32 *rows)
{
    if (item < 2 * ADM_ROWS + 2)
        rows[item] = (u32)(adm_source(2 * y - 1 + item, p->in_height) * p->in_pitch);
}

/* Low and high half of a column at one row of the bands, from four samples; level 0. Sums may wrap
 * on the way, and fit in the end. */
INLINE i32 adm_fine_halves(const int shift, const u32 values[4])
{
    const u32 centre = 1u << (shift - 1); /* taken from every sample; and the rounding */
    const u32 all = (u32)(adm_low(0) + adm_low(1) + adm_low(2) + adm_low(3)); /* of high: none */
    u32 low = centre - centre * all, high = centre;
#pragma unroll
    for (int tap = 0; tap < 4; tap++) {
        low += (u32)adm_low(tap) * values[tap];
        high += (u32)adm_high(tap) * values[tap];
    }
    return (i32)(((u32)((i32)low >> shift) & 0xffff) | (u32)((i32)high >> shift) << 16);
}

/* The same at levels 1 to 3. */
INLINE void adm_coarse_halves(const int shift, const u32 values[4], LOCAL i32 *out_low,
                              LOCAL i32 *out_high)
{
    i64 low = ((i64)1 << shift) >> 1, high = low;
#pragma unroll
    for (int tap = 0; tap < 4; tap++) {
        low += (i64)adm_low(tap) * (i32)values[tap];
        high += (i64)adm_high(tap) * (i32)values[tap];
    }
    *out_low = (i32)(low >> shift);
    *out_high = (i32)(high >> shift);
}

/* The vertical filter: a run of rows of one column. */
INLINE void adm_vertical(const int fine, GLOBAL const adm_params *p, GLOBAL const void *plane,
                         int x, int item, LOCAL const u32 *rows, LOCAL adm_halves *halves)
{
    const int column = item % ADM_INPUTS, first = item / ADM_INPUTS * ADM_RUN;
    const int from = adm_source(2 * x - 1 + column, p->in_width);
    u32 values[2 * ADM_RUN + 2], at[4];
    plane = adm_plane_at(fine ? WIDE : 2, plane, from, 1);
#pragma unroll
    for (int k = 0; k < 2 * ADM_RUN + 2; k++) {
        if (k % 4 == 0)
            load4(rows + 2 * first + k, at);
        values[k] = fine ? sample_at(WIDE, plane, at[k % 4])
                         : (u32)((GLOBAL const i32 *)plane)[at[k % 4]];
    }
#pragma unroll
    for (int i = 0; i < ADM_RUN; i++) {
        const int out = (first + i) * ADM_PITCH + column;
        if (fine)
            halves->low[out] = adm_fine_halves(p->bit_depth, values + 2 * i);
        else
            adm_coarse_halves(p->column_shift, values + 2 * i, halves->low + out,
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
