/*
 * pyvmaf-tiny's binding of libvmaf: the same six features, computed by a libvmaf that is loaded at
 * run time, frame by frame.
 *
 * This header is the whole interface and its manual. Nothing here links libvmaf: the caller looks
 * its functions up (dlsym, GetProcAddress) and hands their addresses over in a pvl_symbols.
 *
 * How to stream:
 *
 *     pvl_library_open(&symbols, &library);
 *     pvl_create(library, &config, &stream, &failure);
 *     while (next_frame(&ref, &dis)) {
 *         pvl_push(stream, ref, ref_stride, dis, dis_stride);
 *         while (pvl_take(stream, rows, 16, &count) == PVL_OK && count)
 *             use(rows, count);
 *     }
 *     pvl_flush(stream);
 *     (take again)
 *     pvl_destroy(stream);
 *
 * Promises:
 *   - Every pushed frame gives one row, in order. On the CPU the row of frame n can be taken after
 *     push n+1, or up to `lag` pushes later where config.lag allows it. A GPU, and a library whose
 *     motion is known at the end only, give their rows later: at the latest after the flush, or
 *     when the context is renewed.
 *   - Values are libvmaf's own. motion2, which libvmaf 3.2 publishes at its flush only, is the
 *     smaller one of libvmaf's two motion values, as libvmaf itself computes it.
 *   - An endless stream needs bounded memory: after config.period frames a new libvmaf context
 *     takes over. Two frames go into both, so that no value changes at the seam.
 *   - Luma is copied once, into libvmaf's picture. Pictures have no chroma.
 *   - Whatever fails, everything taken from libvmaf is given back. After a failure of libvmaf
 *     itself a stream only serves the rows that are complete; pvl_reset starts a new one.
 *   - There is no output and no exit. One stream serves one thread at a time.
 *
 * Planes are what they are in pyvmaf_tiny.h.
 */
#ifndef PYVMAF_TINY_LIBVMAF_H
#define PYVMAF_TINY_LIBVMAF_H

#ifndef PVT_CDEF /* the binding generator reads the declarations alone */
#include <stddef.h>
#include <stdint.h>
#endif

/* What every function returns. Numbers are stable. */
typedef enum pvl_status {
    PVL_OK = 0,
    PVL_ERROR_ARGUMENT = 1, /* a pointer that must not be NULL is NULL, a number out of range */
    PVL_ERROR_SIZE = 2,     /* a side below 33: libvmaf reads out of bounds there */
    PVL_ERROR_MEMORY = 3,   /* memory could not be allocated */
    PVL_ERROR_SYMBOL = 4,   /* the library lacks a function that every libvmaf has */
    PVL_ERROR_VERSION = 5,  /* older than 2.3, or 4 and above: layouts are not known */
    PVL_ERROR_CALL = 6,     /* a function of libvmaf failed; pvl_failure has more */
    PVL_ERROR_DEVICE = 7,   /* the library or the machine lacks the device */
    PVL_ERROR_TEACHER = 8,  /* libvmaf could not load the model or cannot compute it */
    PVL_ERROR_CPU_MASK = 9, /* libvmaf's CPU mask is in use with another value */
    PVL_ERROR_SAMPLE_RANGE = 10, /* a sample above 2^bit_depth - 1 */
    PVL_ERROR_SUBSAMPLE = 11,    /* pushed a frame that config.subsample leaves out */
    PVL_ERROR_NO_SCORE = 12,     /* libvmaf took a frame and gave no score for it */
    PVL_ERROR_STALLED = 13,      /* libvmaf's threads gave nothing for config.stall_ms */
    PVL_ERROR_FLUSHED = 14,      /* pushed after pvl_flush without pvl_reset */
    PVL_ERROR_BROKEN = 15,       /* used after libvmaf failed, without pvl_reset */
    PVL_ERROR_BUSY = 16,         /* another thread is inside this stream */
    PVL_ERROR_FORKED = 17,       /* made before fork(), used in the child: threads are gone */
    PVL_ERROR_THREADS = 18       /* the system has no room for config.threads threads */
} pvl_status;

typedef enum pvl_device { PVL_CPU = 0, PVL_CUDA = 1, PVL_SYCL = 2 } pvl_device;

/*
 * Addresses of libvmaf's functions, each field named as the function; NULL where the library has
 * none. Those after the first blank line are optional.
 */
typedef struct pvl_symbols {
    void *vmaf_version;
    void *vmaf_init;
    void *vmaf_close;
    void *vmaf_use_feature;
    void *vmaf_use_features_from_model;
    void *vmaf_import_feature_score;
    void *vmaf_read_pictures;
    void *vmaf_feature_score_at_index;
    void *vmaf_score_at_index;
    void *vmaf_feature_dictionary_set;
    void *vmaf_feature_dictionary_free;
    void *vmaf_model_load;
    void *vmaf_model_load_from_path;
    void *vmaf_model_destroy;
    void *vmaf_picture_alloc;
    void *vmaf_picture_unref;

    void *compute_vmaf; /* only looked for: 2.x has it, 3.0 does not */
    void *vmaf_preallocate_pictures;
    void *vmaf_fetch_preallocated_picture;
    void *vmaf_cuda_state_init;
    void *vmaf_cuda_import_state;
    void *vmaf_cuda_preallocate_pictures;
    void *vmaf_cuda_fetch_preallocated_picture;
    void *vmaf_cuda_state_free; /* forks only */
    void *vmaf_sycl_state_init;
    void *vmaf_sycl_import_state;
    void *vmaf_sycl_state_free;
} pvl_symbols;

/* What a library can do. */
typedef struct pvl_abilities {
    int major, minor; /* of the layouts in use: 2.3, 3.0 or 3.2 */
    int cuda, sycl;   /* whether it has the functions */
    int preallocated; /* whether it has pre-allocated pictures */
} pvl_abilities;

typedef struct pvl_library pvl_library;
typedef struct pvl_stream pvl_stream;

typedef struct pvl_config {
    int width, height; /* luma samples */
    int bit_depth;     /* 8 to 16 */
    int threads;       /* libvmaf's n_threads: 0 works in the caller's thread */
    int subsample;     /* n: every n-th frame from 0 on is pushed, the others are skipped */
    int lag;           /* with threads: frames that a row may come late, at least 1 */
    int period;        /* frames per libvmaf context, at least 2 */
    int stall_ms;      /* with threads: how long to wait for a score */
    double gain_limit; /* enhancement gain limit: 100 by default, 1 for NEG */
    uint64_t cpu_mask; /* libvmaf's cpumask */
    uint64_t gpu_mask; /* libvmaf's gpumask */
    pvl_device device;
    int device_index;    /* SYCL: the device's number, -1 for its default */
    void *cuda_context;  /* CUDA: a CUcontext, or NULL for libvmaf's own on device 0 */
    const char *teacher; /* libvmaf's name of a built-in model, or a path; NULL for none */
    int teacher_is_path;
    int own_motion;   /* derive motion2 from libvmaf's motion values: 0 waits for libvmaf's */
    int late_teacher; /* the model's features are known at the end only: no renewal */
    int log_level;    /* libvmaf's, 0 to 4, while pvl_create works; afterwards it is 0 */
} pvl_config;

/* One frame's features, and the teacher's score (NaN without one). */
typedef struct pvl_row {
    double features[6]; /* adm2, vif_scale0 .. vif_scale3, motion2 */
    double teacher;
} pvl_row;

/* What failed: libvmaf's function and its answer; the feature it was about, if there is one. */
typedef struct pvl_failure {
    const char *function;
    int code;
    const char *feature;
} pvl_failure;

/*
 * Checks the functions of a loaded libvmaf and keeps their addresses. The library must stay loaded.
 * There should be one pvl_library per loaded libvmaf: it knows which CPU mask libvmaf, which has
 * one for the whole process, was last told.
 */
pvl_status pvl_library_open(const pvl_symbols *symbols, pvl_library **library);

/* Forgets the library; no stream of it may be left. NULL is allowed. */
void pvl_library_close(pvl_library *library);

/* The version that the library reports, as it says it. */
const char *pvl_library_version(const pvl_library *library);

void pvl_library_abilities(const pvl_library *library, pvl_abilities *abilities);

/* Makes a stream. On failure *stream is NULL and *failure says what libvmaf answered. */
pvl_status pvl_create(pvl_library *library, const pvl_config *config, pvl_stream **stream,
                      pvl_failure *failure);

/* Frees a stream; NULL is allowed. No call may be under way in it. In a fork()'s child it leaves
 * libvmaf's memory alone, because libvmaf would wait for threads that are not there. */
void pvl_destroy(pvl_stream *stream);

/* Takes one pair of frames. */
pvl_status pvl_push(pvl_stream *stream, const void *ref, ptrdiff_t ref_stride, const void *dis,
                    ptrdiff_t dis_stride);

/* Takes a reference frame that is not to be scored but belongs to the motion of its neighbours. */
pvl_status pvl_skip(pvl_stream *stream, const void *ref, ptrdiff_t ref_stride);

/* Ends the stream: all rows that are still due can be taken. Flushing twice is allowed. */
pvl_status pvl_flush(pvl_stream *stream);

/* Hands out rows that are complete, in frame order: *count of them, at most `most`. */
pvl_status pvl_take(pvl_stream *stream, pvl_row *rows, int most, int *count);

/* Forgets the stream; the next push is frame 0 again. */
pvl_status pvl_reset(pvl_stream *stream);

/* What libvmaf answered when a call on this stream failed last. */
pvl_failure pvl_stream_failure(const pvl_stream *stream);

/* One sentence about a status; never NULL. */
const char *pvl_status_text(pvl_status status);

#endif
