/*
 * The kernel table: every hot routine, behind one function pointer each.
 *
 * A tier (scalar, AVX2, ...) is a filled table. The scalar routines are the definition; every
 * other tier equals them bit for bit on every input, tail width and address. Kernels know
 * nothing of frames, borders, threads or floating-point totals: the feature files (vif.c, adm.c,
 * motion.c) mirror the borders, walk the tiles and add up the integers.
 *
 * A "row array" is a list of pointers to sample rows, one per row, borders already mirrored.
 * Rows of the caller's frames may lie at any address, also odd ones for 16-bit samples, and end
 * exactly at the last sample: kernels must not read beyond it. Rows of the engine's own buffers
 * may be read, and written, up to PVT_PAD bytes beyond their last sample.
 */
#ifndef PVT_KERNELS_H
#define PVT_KERNELS_H

#include "pyvmaf_tiny.h"

#include <stdbool.h>

enum { PVT_PAD = 128 };

/* Enhancement gain limits that one pass serves: what differs between them is a small part. */
typedef struct pvt_limits {
    int count; /* 1 .. PVT_MAX_GAIN_LIMITS */
    double value[PVT_MAX_GAIN_LIMITS];
} pvt_limits;

/* ---- VIF ------------------------------------------------------------------------------------ */

enum {
    VIF_LEVELS = 4,
    VIF_TILE_ROWS = 32,  /* output rows of a tile */
    VIF_TILE_COLS = 256, /* columns that a vertical pass adds to a tile */
    VIF_MAX_RADIUS = 8,
    /* Statistics lag behind the vertical pass by so many columns: at least the radius, and a
     * whole block of the widest tier, so that its loads are aligned. */
    VIF_LAG = 32,
    VIF_CARRY = VIF_LAG + 16, /* columns of the tile before that stay in front */
    VIF_TILE_ORIGIN = 64,     /* index of tile column 0; carried and mirrored columns lie below */
    VIF_TILE_STRIDE = VIF_TILE_ORIGIN + VIF_TILE_COLS + 96
};

/* One pyramid level: a symmetric kernel whose weights sum to 65536, and the roundings. */
typedef struct vif_level {
    int radius;
    int mean_shift;  /* bits dropped between the passes, first moments */
    int power_shift; /* the same, second moments; 0 only for 8-bit samples */
    int next_radius; /* of the kernel that leads to the next level; -1 at the last level */
} vif_level;

/*
 * Vertical results of one tile. All planes are int16, "centred": a 16-bit mean x is kept as
 * x - 32768; a 32-bit second moment x as x - 2^31 = 65536 * high + low.
 * Column c of the tile is at index VIF_TILE_ORIGIN + c.
 */
typedef int16_t vif_plane[VIF_TILE_ROWS][VIF_TILE_STRIDE];

typedef struct vif_reference_tile {
    vif_plane mean, square_high, square_low;
    vif_plane next; /* for the pyramid: row i is row 2i of the tile */
} vif_reference_tile;

typedef struct vif_distorted_tile {
    vif_plane mean, square_high, square_low, product_high, product_low;
    vif_plane next;
} vif_distorted_tile;

/* Reference statistics of a tile: mean (1/65536 of a 16-bit unit) and variance per pixel.
 * The order of the columns inside a row is the tier's own affair. */
typedef struct vif_reference_stats {
    uint32_t mean[VIF_TILE_ROWS][VIF_TILE_STRIDE];
    int32_t variance[VIF_TILE_ROWS][VIF_TILE_STRIDE];
} vif_reference_stats;

/* Exact integer totals of a level, of the reference alone and of a pair. Logarithms are fixed-point
 * ones, 1/2048 octave, over textured pixels. */
typedef struct vif_reference_sums {
    int64_t log_den;
    int64_t flat_count;
} vif_reference_sums;

typedef struct vif_pair_sums {
    int64_t log_num[PVT_MAX_GAIN_LIMITS];
    int64_t flat_power; /* distorted variance over flat pixels */
} vif_pair_sums;

/* log2 of the mantissas 32768..65535, packed: see vif_log.c. */
enum { VIF_LOG_ENTRIES = 4096 };

typedef struct vif_kernels {
    /* Vertical pass over `cols` columns from column x of the frame on, to tile column 0. Row
     * arrays start `radius` rows above the first of the `rows` output rows and, if `rows` is odd,
     * end one row later than needed. From 8-bit frames and from 16-bit planes (deeper frames, and
     * levels 1..3). */
    void (*reference_columns_u8)(const vif_level *level, const uint8_t *const *ref, int x, int rows,
                                 int cols, vif_reference_tile *tile);
    void (*reference_columns_u16)(const vif_level *level, const uint8_t *const *ref, int x,
                                  int rows, int cols, vif_reference_tile *tile);
    void (*distorted_columns_u8)(const vif_level *level, const uint8_t *const *ref,
                                 const uint8_t *const *dis, int x, int rows, int cols,
                                 vif_distorted_tile *tile);
    void (*distorted_columns_u16)(const vif_level *level, const uint8_t *const *ref,
                                  const uint8_t *const *dis, int x, int rows, int cols,
                                  vif_distorted_tile *tile);
    /* Horizontal pass of the pyramid: n samples of the next level from every second column,
     * the first one at tile column `first`. */
    void (*decimate)(const vif_level *level, const int16_t *row, int first, int n, uint16_t *out);
    /* Horizontal pass and statistics over n columns from tile column `first` on. */
    void (*reference_statistics)(const vif_level *level, const vif_reference_tile *tile, int rows,
                                 int first, int n, const uint16_t *log_table,
                                 vif_reference_stats *stats, vif_reference_sums *sums);
    void (*pair_statistics)(const vif_level *level, const vif_distorted_tile *tile,
                            const vif_reference_stats *stats, int rows, int first, int n,
                            const pvt_limits *limits, const uint16_t *log_table,
                            vif_pair_sums *sums);
} vif_kernels;

/* ---- ADM ------------------------------------------------------------------------------------ */

enum { ADM_LEVELS = 4, ADM_BANDS = 3 }; /* bands: h, v, d */

/* Fixed-point choices of one wavelet level and the sizes of its bands. */
typedef struct adm_level {
    int index;
    int width, height; /* of the bands */
    int row_shift;     /* rounding of the horizontal filter */
    int column_shift;  /* rounding of the vertical filter (level 0: the bit depth) */
    int32_t weight[ADM_BANDS];
    int cube_shift[ADM_BANDS];
    int den_square_shift; /* levels 1..3 */
    int den_cube_shift;
} adm_level;

/* What decoupling leaves of one row, kept until its neighbours are known. Index 0 is column 0;
 * masking has one valid column beyond either end. */
typedef struct adm_row {
    void *restored[ADM_BANDS]; /* int16 at level 0, int32 above */
    int32_t *masking;          /* neighbour strength, summed over the bands */
    int32_t *centre;           /* centre strength minus neighbour strength, likewise */
} adm_row;

typedef struct adm_kernels {
    /* Vertical filter: four source rows -> low and high halves, columns first .. first+n-1.
     * From 8- and 16-bit pixels (level 0), int16 (level 1), int32 (levels 2, 3). */
    void (*columns_u8)(const uint8_t *const rows[4], int first, int n, int shift, int16_t *low,
                       int16_t *high);
    void (*columns_u16)(const uint8_t *const rows[4], int first, int n, int shift, int16_t *low,
                        int16_t *high);
    void (*columns_s16)(const int16_t *const rows[4], int first, int n, int32_t *low,
                        int32_t *high);
    void (*columns_s32)(const int32_t *const rows[4], int first, int n, int32_t *low,
                        int32_t *high);
    /* Horizontal filter: outputs first .. first+n-1, output k from inputs 2k-1 .. 2k+2.
     * approx may be NULL; high is NULL when only the approximation is wanted. */
    void (*rows_s16)(const int16_t *low, const int16_t *high, int first, int n, int16_t *approx,
                     int16_t *const bands[ADM_BANDS]);
    void (*rows_s32)(const int32_t *low, const int32_t *high, int first, int n, int shift,
                     int32_t *approx, int32_t *const bands[ADM_BANDS]);
    /* Decoupling and masking strength of columns first .. first+n-1; `out` has a row per limit. */
    void (*decouple_s16)(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                         const int16_t *const dis[ADM_BANDS], int first, int n,
                         const pvt_limits *limits, const adm_row *out);
    void (*decouple_s32)(const adm_level *level, const int32_t *const ref[ADM_BANDS],
                         const int32_t *const dis[ADM_BANDS], int first, int n,
                         const pvt_limits *limits, const adm_row *out);
    /* Masked cubes of one row; above and below lend their masking rows only. */
    void (*pool_s16)(const adm_level *level, const adm_row *above, const adm_row *row,
                     const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS]);
    void (*pool_s32)(const adm_level *level, const adm_row *above, const adm_row *row,
                     const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS]);
    /* Cubes of one row of a reference band. */
    uint64_t (*energy_s16)(const int16_t *band, int first, int n);
    uint64_t (*energy_s32)(const adm_level *level, const int32_t *band, int first, int n);
} adm_kernels;

/* ---- motion --------------------------------------------------------------------------------- */

typedef struct motion_kernels {
    /* Sum of |smoothed (previous - current)| over `rows` rows of `width` samples; the row arrays
     * start two rows above and, if `rows` is odd, end one row later than needed. scratch holds
     * 2 * (width + 2 * PVT_PAD) int32. */
    uint64_t (*sad_u8)(const uint8_t *const *previous, const uint8_t *const *current, int rows,
                       int width, int32_t *scratch);
    uint64_t (*sad_u16)(const uint8_t *const *previous, const uint8_t *const *current, int rows,
                        int width, int bit_depth, int32_t *scratch);
} motion_kernels;

/* ---- the table ------------------------------------------------------------------------------ */

typedef struct pvt_kernels {
    const char *tier;
    vif_kernels vif;
    adm_kernels adm;
    motion_kernels motion;
    /* Bitwise or of a row of 16-bit samples. */
    uint16_t (*or_u16)(const uint8_t *row, int n);
    /* Copy n samples past the caches, for others to read after the call; 16-bit ones to an even
     * address, and their bitwise or. */
    void (*copy_u8)(const uint8_t *from, uint8_t *to, int n);
    uint16_t (*copy_u16)(const uint8_t *from, uint8_t *to, int n);
} pvt_kernels;

/* Fills the table with the best tier that the CPU has and the mask leaves. */
void pvt_kernels_init(pvt_kernels *kernels, uint32_t cpu_mask);

/* One per tier, each overwriting what it does better. */
void pvt_kernels_init_scalar(pvt_kernels *kernels);
void pvt_kernels_init_avx2(pvt_kernels *kernels);
void pvt_kernels_init_avx512(pvt_kernels *kernels);
void pvt_kernels_init_avx512icl(pvt_kernels *kernels);
void pvt_kernels_init_neon(pvt_kernels *kernels);

#endif
