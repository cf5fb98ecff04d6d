/* What libvmaf calls its scores, and when a frame's row is complete. */
#ifndef PVL_SCORES_H
#define PVL_SCORES_H

#include "segment.h"

enum { PVL_NAME = 64 };

typedef struct pvl_names {
    char feature[6][PVL_NAME]; /* in the order of a row */
    const char *motion;        /* one frame's motion; NULL as long as none was seen */
} pvl_names;

void pvl_names_init(pvl_names *names, double gain_limit);

/* Reads frame number `frame` of the stream out of its segment. False when libvmaf does not have all
 * of it (yet); shared->failure then says what. `last` says that no frame will follow it. */
bool pvl_row_read(pvl_shared *shared, pvl_names *names, const pvl_segment *segment, uint64_t frame,
                  bool last, pvl_row *row);

#endif
