/* What the checks of the VIF routines share: every kind of pyramid level, and frames. */
#ifndef PVT_VIF_CASE_H
#define PVT_VIF_CASE_H

#include "kernels/check.h"

typedef struct vif_kind {
    const char *name;
    int sample_bytes;
    uint32_t maximum; /* of a sample */
    vif_level level;
} vif_kind;

enum { VIF_KINDS = 7 };

static const vif_kind vif_kinds[VIF_KINDS] = {
    {"level 0, 8 bit", 1, 255, {8, 8, 0, 4}},     {"level 0, 10 bit", 2, 1023, {8, 10, 4, 4}},
    {"level 0, 12 bit", 2, 4095, {8, 12, 8, 4}},  {"level 0, 16 bit", 2, 65535, {8, 16, 16, 4}},
    {"level 1", 2, 65535, {4, 16, 16, 2}},        {"level 2", 2, 65535, {2, 16, 16, 1}},
    {"level 3", 2, 65535, {1, 16, 16, -1}},
};

/* A pair of frames with their content. */
typedef struct vif_pair {
    check_frame ref, dis;
    check_content content;
    check_relation relation;
} vif_pair;

/* Draws what the next fill lays out. */
static inline void vif_pair_draw(vif_pair *pair, const vif_kind *kind)
{
    pair->content = check_content_draw(kind->maximum);
    pair->relation = check_relation_draw(kind->maximum);
}

/* Frames of that many samples a row for `rows` rows of output: routines may work on pairs of
 * rows, so an odd number is rounded up. */
static inline void vif_pair_fill(vif_pair *pair, const vif_kind *kind, int output_rows, int samples)
{
    const int rows = (output_rows + 1) / 2 * 2 + 2 * kind->level.radius;
    check_frame_place(&pair->ref, rows, samples, kind->sample_bytes);
    check_frame_place(&pair->dis, rows, samples, kind->sample_bytes);
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < samples; x++) {
            const uint32_t sample = check_content_at(&pair->content, y, x);
            check_frame_set(&pair->ref, y, x, sample);
            check_frame_set(&pair->dis, y, x, check_relation_at(&pair->relation, sample, y, x));
        }
}

static inline void vif_reference_columns(const vif_kernels *kernels, const vif_kind *kind,
                                         const vif_pair *pair, int x, int rows, int cols,
                                         vif_reference_tile *tile)
{
    (kind->sample_bytes == 1 ? kernels->reference_columns_u8 : kernels->reference_columns_u16)(
        &kind->level, pair->ref.row, x, rows, cols, tile);
}

static inline void vif_distorted_columns(const vif_kernels *kernels, const vif_kind *kind,
                                         const vif_pair *pair, int x, int rows, int cols,
                                         vif_distorted_tile *tile)
{
    (kind->sample_bytes == 1 ? kernels->distorted_columns_u8 : kernels->distorted_columns_u16)(
        &kind->level, pair->ref.row, pair->dis.row, x, rows, cols, tile);
}

/* Compares the statistics of single, chosen terms: of the reference alone, or of the pair too. */
void check_vif_terms(const pvt_kernels *got, const pvt_kernels *want, bool pair);

#endif
