/*
 * pyvmaf-tiny native engine: the six canonical VMAF features of a video, frame by frame.
 *
 * This header is the whole public interface and its manual. The Python binding is generated from
 * it, so the two cannot drift apart.
 *
 * How to stream:
 *
 *     pvt_config config = { .width = 1920, .height = 1080, .bit_depth = 8, .threads = 1,
 *                           .renditions = 1, .gain_limits = 1, .gain_limit = {100.0} };
 *     pvt_context *context;
 *     const void *dis;
 *     pvt_features row;
 *     int ready;
 *
 *     pvt_create(&config, &context);
 *     while (next_frame(&ref, &dis)) {
 *         pvt_push(context, ref, ref_stride, &dis, &dis_stride, &row, &ready);
 *         if (ready) use(&row);          // belongs to the frame BEFORE the one just pushed
 *     }
 *     pvt_flush(context, &row, &ready);
 *     if (ready) use(&row);              // the last frame
 *     pvt_destroy(context);
 *
 * Several distorted versions of one reference (the renditions of a ladder) go through one context:
 * what depends on the reference alone is done once per frame. The same holds for several gain
 * limits, such as 100.0 and 1.0 for the default features and those of NEG. With N renditions and
 * M gain limits a push takes N distorted planes and gives N * M rows: row r * M + g is that of
 * rendition r under gain_limit[g], the very one that a context of its own would give.
 *
 * Promises:
 *   - Results equal libvmaf 3.2.0's portable scalar path as doubles, bit for bit, on every CPU,
 *     with every number of threads and every stride.
 *   - motion2 looks one frame ahead: the rows of frame n leave with push n+1, or with the flush.
 *   - Everything is allocated by pvt_create; pushing allocates nothing.
 *   - A push that fails changes nothing: the stream goes on as if it had not been called.
 *   - There is no global state, no output and no exit. Contexts are independent; one context
 *     serves one thread at a time (a second one that enters it gets PVT_ERROR_BUSY).
 *
 * Planes: only luma. 8 bit: one byte a sample. 10, 12, 16 bit: two bytes a sample in the
 * machine's byte order, value in the low bits, at any address (also an odd one). Strides are in
 * bytes and may be anything that keeps the rows readable. The engine copies what it needs of a
 * plane; the caller's memory is free again when the call returns.
 */
#ifndef PYVMAF_TINY_H
#define PYVMAF_TINY_H

#ifndef PVT_CDEF /* the binding generator reads the declarations alone */
#include <stddef.h>
#include <stdint.h>
#endif

/* What every function returns. Numbers are stable. */
typedef enum pvt_status {
    PVT_OK = 0,
    PVT_ERROR_ARGUMENT = 1,     /* a pointer that must not be NULL is NULL */
    PVT_ERROR_SIZE = 2,         /* width or height outside PVT_MIN_SIZE .. PVT_MAX_SIZE */
    PVT_ERROR_BIT_DEPTH = 3,    /* not 8, 10, 12 or 16 */
    PVT_ERROR_GAIN_LIMIT = 4,   /* not a finite number from 1 up, or not 1 .. PVT_MAX_GAIN_LIMITS */
    PVT_ERROR_THREADS = 5,      /* outside 1 .. PVT_MAX_THREADS */
    PVT_ERROR_FEATURES = 6,     /* a bit that is none of pvt_feature_set */
    PVT_ERROR_MEMORY = 7,       /* working memory could not be allocated */
    PVT_ERROR_SYSTEM = 8,       /* a worker thread could not be started */
    PVT_ERROR_SAMPLE_RANGE = 9, /* a sample above 2^bit_depth - 1 */
    PVT_ERROR_FLUSHED = 10,     /* pushed after pvt_flush without pvt_reset */
    PVT_ERROR_BUSY = 11,        /* another thread is inside this context */
    PVT_ERROR_FORKED = 12,      /* made before fork(), used in the child: worker threads are gone */
    PVT_ERROR_RENDITIONS = 13   /* outside 1 .. PVT_MAX_RENDITIONS */
} pvt_status;

enum {
    PVT_MIN_SIZE = 33,    /* below, the fourth wavelet level is not defined */
    PVT_MAX_SIZE = 16384, /* all accumulators are proven for this */
    PVT_MAX_THREADS = 256,
    PVT_MAX_RENDITIONS = 64,
    PVT_MAX_GAIN_LIMITS = 4
};

/* Feature groups that can be computed alone (for benchmarks). Absent ones are NaN in a row. */
typedef enum pvt_feature_set {
    PVT_FEATURE_ADM = 1,
    PVT_FEATURE_VIF = 2,
    PVT_FEATURE_MOTION = 4,
    PVT_FEATURE_ALL = 7
} pvt_feature_set;

/* CPU features, with libvmaf's bit numbers so that its cpumask values keep their meaning. */
typedef enum pvt_cpu_flag {
    PVT_CPU_AVX2 = 8,
    PVT_CPU_AVX512 = 16,    /* F, BW, CD, DQ, VL */
    PVT_CPU_AVX512ICL = 32, /* and VNNI, as from Ice Lake and Zen 4 on */
    PVT_CPU_NEON = 1
} pvt_cpu_flag;

typedef struct pvt_config {
    int width, height; /* luma samples */
    int bit_depth;     /* 8, 10, 12, 16 */
    int threads;       /* 1: the caller's thread alone; n: n - 1 workers beside it */
    int renditions;    /* distorted frames per reference frame */
    int gain_limits;   /* enhancement gain limits in one pass */
    double gain_limit[PVT_MAX_GAIN_LIMITS]; /* 100.0 is VMAF's default, 1.0 is NEG */
    uint32_t features;                      /* pvt_feature_set bits, 0 for all */
    uint32_t cpu_mask;                      /* pvt_cpu_flag bits that must not be used */
} pvt_config;

/* The features of one pair of frames. */
typedef struct pvt_features {
    double adm2;
    double vif_scale[4];
    double motion2;
} pvt_features;

typedef struct pvt_context pvt_context;

/* What pvt_create would say of a configuration, as far as memory and threads go along. */
pvt_status pvt_check(const pvt_config *config);

/* Makes a context. On failure *context is NULL. */
pvt_status pvt_create(const pvt_config *config, pvt_context **context);

/* Frees a context; NULL is allowed. No call may be under way in it. */
void pvt_destroy(pvt_context *context);

/* Takes a reference frame and its distorted versions, `renditions` planes with a stride each.
 * *ready becomes 1 and rows[renditions * gain_limits] those of the frame before, or 0. */
pvt_status pvt_push(pvt_context *context, const void *ref, ptrdiff_t ref_stride,
                    const void *const *dis, const ptrdiff_t *dis_strides, pvt_features *rows,
                    int *ready);

/* Takes a reference frame that is not to be scored but belongs to the motion of its neighbours. */
pvt_status pvt_skip(pvt_context *context, const void *ref, ptrdiff_t ref_stride, pvt_features *rows,
                    int *ready);

/* Ends the stream and releases the last rows, if there are any. Flushing twice is allowed. */
pvt_status pvt_flush(pvt_context *context, pvt_features *rows, int *ready);

/* Forgets the stream; the next push is frame 0 again. */
pvt_status pvt_reset(pvt_context *context);

/* Bytes that the context holds, all scratch memory included. */
size_t pvt_context_bytes(const pvt_context *context);

/*
 * For engines that make a frame's integer totals elsewhere (native/gpu): what follows from them.
 * All totals are sums over the whole level; those of ADM are of rows that were rounded already.
 */
typedef struct pvt_totals {
    int64_t vif[4][4];  /* by level: log_num, log_den, flat_power, flat_count */
    uint64_t adm[4][6]; /* by level: numerators of h, v, d, denominators of h, v, d */
} pvt_totals;

enum { PVT_LOG_ENTRIES = 4096 };

/* adm2 and vif_scale of a pair of frames of that size; motion2 becomes NaN. */
pvt_status pvt_score_totals(int width, int height, const pvt_totals *totals, pvt_features *row);

/* Motion of a frame from the sum of absolute smoothed differences to the frame before. */
pvt_status pvt_score_motion(int width, int height, uint64_t difference, double *motion);

/* VIF's table of logarithms: entry i packs floor(2048 log2 q + 513/1024) - 30720 at q = 32768 + 8i,
 * times 16, and how many mantissas further on the next step is (8: none before the next entry). */
void pvt_log_table(uint16_t table[PVT_LOG_ENTRIES]);

/*
 * Also for them: frames on their way into memory that a device reads. Such memory is written once
 * and not read by the CPU, so the copy goes past its caches.
 */
typedef struct pvt_stager pvt_stager;

/* A plane as callers have it, and where its rows are to lie without gaps (at an even address). */
typedef struct pvt_staged {
    const void *source;
    ptrdiff_t stride; /* of the source, bytes */
    void *target;
} pvt_staged;

/* For planes of a configuration, by as many threads as it says; *stager is NULL on failure. */
pvt_status pvt_stager_create(const pvt_config *config, pvt_stager **stager);

/* Frees it; NULL is allowed. No call may be under way in it. */
void pvt_stager_destroy(pvt_stager *stager);

/* Copies planes and checks their samples. With PVT_ERROR_SAMPLE_RANGE all have been copied. */
pvt_status pvt_stage(pvt_stager *stager, const pvt_staged *planes, int count);

/* The kernel tier that a context uses: "scalar", "avx2", ... */
const char *pvt_context_tier(const pvt_context *context);

/* The tier that a new context with this mask would use. */
const char *pvt_tier(uint32_t cpu_mask);

/* pvt_cpu_flag bits of this machine. */
uint32_t pvt_cpu_flags(void);

/* One sentence about a status; never NULL. */
const char *pvt_status_text(pvt_status status);

/* The engine's version, the same as the Python package's. */
const char *pvt_version(void);

#endif
