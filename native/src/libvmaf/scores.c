/* Reading rows. See scores.h. */
#include "scores.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOTION2 = 5 };

/* libvmaf's own names of one frame's motion: from 3.2 on, and before (there also on GPUs). */
static const char *const motion_names[] = {"VMAF_integer_feature_motion_sad_score",
                                           "VMAF_integer_feature_motion_score"};

void pvl_names_init(pvl_names *names, double gain_limit)
{
    static const char *const feature[6] = {"adm2",       "vif_scale0", "vif_scale1",
                                           "vif_scale2", "vif_scale3", "motion2"};
    names->motion = NULL;
    for (int i = 0; i < 6; i++) {
        /* An option that is not at its default becomes part of the name. */
        if (i != MOTION2 && gain_limit != 100.0)
            snprintf(names->feature[i], PVL_NAME, "integer_%s_egl_%g", feature[i], gain_limit);
        else
            snprintf(names->feature[i], PVL_NAME, "VMAF_integer_feature_%s_score", feature[i]);
    }
}

static bool score(const pvl_shared *shared, const pvl_segment *segment, const char *name,
                  uint64_t index, double *value)
{
    return shared->library->vmaf.feature_score_at_index(segment->context, name, value,
                                                        (unsigned)index) == 0;
}

static bool motion(const pvl_shared *shared, pvl_names *names, const pvl_segment *segment,
                   uint64_t index, double *value)
{
    if (names->motion)
        return score(shared, segment, names->motion, index, value);
    for (size_t i = 0; i < sizeof motion_names / sizeof *motion_names; i++) {
        if (score(shared, segment, motion_names[i], index, value)) {
            names->motion = motion_names[i];
            return true;
        }
    }
    return false;
}

/* motion2[i] = min(motion[i], motion[i + 1]); 0 for the first frame, motion[i] for the last. */
static bool motion2(const pvl_shared *shared, pvl_names *names, const pvl_segment *segment,
                    uint64_t frame, bool last, double *value)
{
    const uint64_t index = frame - segment->first;
    if (frame == 0) {
        *value = 0.0;
        return true;
    }
    double own, next;
    if (shared->config.own_motion && motion(shared, names, segment, index, &own)) {
        const bool more = index + 1 < segment->taken;
        if (more && motion(shared, names, segment, index + 1, &next)) {
            *value = own < next ? own : next;
            return true;
        }
        if (!more && last) {
            *value = own;
            return true;
        }
    }
    return score(shared, segment, names->feature[MOTION2], index, value);
}

static bool teacher(const pvl_shared *shared, const pvl_names *names, const pvl_segment *segment,
                    uint64_t index, double motion2, double *value)
{
    const vmaf_functions *vmaf = &shared->library->vmaf;
    const char *name = names->feature[MOTION2];
    double known;
    if (!shared->teacher) {
        *value = NAN;
        return true;
    }
    /* The model reads motion2 by its name; 3.2 would put it there at the flush only. */
    if (!score(shared, segment, name, index, &known))
        vmaf->import_feature_score(segment->context, name, motion2, (unsigned)index);
    return vmaf->score_at_index(segment->context, shared->teacher, value, (unsigned)index) == 0;
}

/* libvmaf answers "not yet" and "never" alike, so only a stream's end makes this a failure. */
static bool missing(pvl_shared *shared, const char *function, const char *feature)
{
    shared->failure = (pvl_failure){function, 0, feature};
    return false;
}

bool pvl_row_read(pvl_shared *shared, pvl_names *names, const pvl_segment *segment, uint64_t frame,
                  bool last, pvl_row *row)
{
    static const char function[] = "vmaf_feature_score_at_index";
    const uint64_t index = frame - segment->first;
    for (int i = 0; i < MOTION2; i++)
        if (!score(shared, segment, names->feature[i], index, &row->features[i]))
            return missing(shared, function, names->feature[i]);
    if (!motion2(shared, names, segment, frame, last, &row->features[MOTION2]))
        return missing(shared, function, names->feature[MOTION2]);
    if (!teacher(shared, names, segment, index, row->features[MOTION2], &row->teacher))
        return missing(shared, "vmaf_score_at_index", NULL);
    return true;
}
