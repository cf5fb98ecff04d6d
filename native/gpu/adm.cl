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

/* Where position i of a band of n really is: beyond the ends masking reads 1 and n - 1. */
INLINE int adm_band_position(int i, int n) { return i < 0 ? -i : i >= n ? n - 1 : i; }

/* What an item works on: four positions of one row, ADM_LANES columns apart. */
typedef struct adm_place {
    int x, y;          /* of the tile's first position in the band */
    int row, lane;     /* within the tile */
    int from[ADM_EACH]; /* where the halves of each position begin */
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
    const int from_row = adm_band_position(place.y + place.row, p->height) - place.y;
#pragma unroll
    for (int j = 0; j < ADM_EACH; j++) {
        const int column = adm_band_position(place.x + place.lane + ADM_LANES * j, p->width);
        const int last = column - place.x < ADM_COLS ? column - place.x : ADM_COLS - 1;
        place.from[j] = from_row * ADM_PITCH + 2 * last;
    }
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
                        LOCAL const u32 *rows, LOCAL adm_halves *halves, GLOBAL i32 *next,
                        adm_bands bands[ADM_EACH])
{
    group_barrier(); /* what was in that memory has been read */
    adm_vertical(fine, p, plane, place->x, item, rows, halves);
    group_barrier();
#pragma unroll
    for (int j = 0; j < ADM_EACH; j++) {
        const int column = place->lane + ADM_LANES * j;
        if (fine)
            bands[j] = adm_fine_bands(halves->low + place->from[j]);
        else
            bands[j] = adm_coarse_bands(halves->low + place->from[j],
                                        halves->high + place->from[j], p->row_shift);
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

/* Adds up what the items of each row found, and leaves it at the row's place. What was in that
 * memory had been read before adm_compare's barrier. */
INLINE void adm_row_sums(GLOBAL const adm_params *p, int y, int item, int pair,
                         const u64 own[ADM_SUMS], LOCAL u64 *sums, GLOBAL u64 *partials)
{
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
    adm_rows(p, place.y, item, tile->rows);
    adm_analyse(fine, last, p, &place, adm_plane_at(wide, refs, p->in_plane, frame), item,
                tile->rows, &tile->u.halves, next_refs + (i64)p->out_plane * frame, ref);
#pragma unroll
    for (int j = 0; j < ADM_EACH; j++)
        if (adm_pools(p, &place, place.lane + ADM_LANES * j))
#pragma unroll
            for (int band = 0; band < ADM_BANDS; band++)
                sums[ADM_BANDS + band] += adm_energy(fine, p, ref[j].detail[band]);

    for (int r = 0; r < p->renditions; r++) {
        const int version = group_z() * p->renditions + r;
        adm_analyse(fine, last, p, &place, adm_plane_at(wide, dists, p->in_plane, version), item,
                    tile->rows, &tile->u.halves, next_dists + (i64)p->out_plane * version, dis);
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
