/* One libvmaf context: a stretch of the stream, pictures in, scores out. */
#ifndef PVL_SEGMENT_H
#define PVL_SEGMENT_H

#include "library.h"

/* What the segments of a stream share. */
typedef struct pvl_shared {
    pvl_library *library;
    pvl_config config;
    VmafModel *teacher;
    pvl_failure failure; /* of the last call that failed */
} pvl_shared;

typedef struct pvl_segment {
    VmafContext *context; /* NULL: no segment */
    VmafCudaState *cuda;
    VmafSyclState *sycl;
    uint64_t first; /* the stream's number of this segment's frame 0 */
    unsigned taken; /* frames it was given */
    bool flushed;
} pvl_segment;

/* A pair of planes; without dis the frame counts for motion only. */
typedef struct pvl_pair {
    const void *ref, *dis;
    ptrdiff_t ref_stride, dis_stride;
} pvl_pair;

/* Opens a context with all its extractors; *segment stays without a context on failure. */
pvl_status pvl_segment_open(pvl_shared *shared, pvl_segment *segment, uint64_t first);

/* Waits for libvmaf's threads and frees everything. */
void pvl_segment_close(pvl_shared *shared, pvl_segment *segment);

/* Gives libvmaf the next frame. PVL_ERROR_SAMPLE_RANGE comes before libvmaf saw anything. */
pvl_status pvl_segment_read(pvl_shared *shared, pvl_segment *segment, const pvl_pair *pair);

/* Ends the segment: libvmaf computes what it still holds. Only the first call does anything. */
pvl_status pvl_segment_flush(pvl_shared *shared, pvl_segment *segment);

#endif
