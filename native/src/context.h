/*
 * A context: configuration, memory and stream. Made in context.c; frame.c computes the features
 * of one frame, stream.c keeps the order of frames and rows.
 */
#ifndef PVT_CONTEXT_H
#define PVT_CONTEXT_H

#include "adm.h"
#include "kernels/kernels.h"
#include "motion.h"
#include "pool.h"
#include "vif.h"

#include <stdatomic.h>
#include <stdbool.h>

/* What one thread needs: scratch memory, and the integers it has found in the present frame. */
typedef struct worker_state {
    vif_scratch vif;
    adm_scratch adm;
    int32_t *motion;
    vif_reference_sums vif_ref_sums[VIF_LEVELS];
    adm_reference_sums adm_ref_sums[ADM_LEVELS];
    vif_pair_sums *vif_pair_sums[VIF_LEVELS]; /* one per rendition */
    adm_pair_sums *adm_pair_sums[ADM_LEVELS];
    uint64_t motion_sad;
    uint16_t sample_bits;
} worker_state;

struct pvt_context {
    pvt_config config;
    pvt_kernels kernels;
    pvt_pool *pool;
    vif_state vif;
    adm_state adm;
    motion_state motion;
    worker_state *worker; /* one per thread */
    void *block;
    size_t bytes;
    atomic_flag entered;

    /* The stream. */
    bool has_last, flushed;
    double last_motion; /* of the last frame, scored or skipped */
    bool last_is_first; /* the last frame is frame 0, whose motion2 is 0 by definition */
    bool has_rows;
    pvt_features *rows; /* of the last frame, a row per rendition and gain limit, motion2 open */

    /* The frame at hand. */
    pvt_plane ref, *dis; /* a plane per rendition */
    bool score_pairs;
    int level;
};

static inline bool pvt_wants(const pvt_context *context, pvt_feature_set feature)
{
    return (context->config.features & (uint32_t)feature) != 0;
}

static inline int pvt_row_count(const pvt_context *context)
{
    return context->config.renditions * context->config.gain_limits;
}

/* True when every sample of the frame at hand fits the bit depth. */
bool pvt_samples_fit(pvt_context *context);

/* Does all work on the samples of the frame at hand; returns its motion. The held rows are left
 * alone. */
double pvt_analyse_frame(pvt_context *context);

/* Fills the rows of the frame analysed last. */
void pvt_score_frame(pvt_context *context);

#endif
