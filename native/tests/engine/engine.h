/* What the tests of whole contexts share: expectations, frames, streams. */
#ifndef PVT_TEST_ENGINE_H
#define PVT_TEST_ENGINE_H

#include "pyvmaf_tiny.h"

#include <stdbool.h>

/* ---- expectations --------------------------------------------------------------------------- */

/* Notes a failure, with the place, unless the condition holds; goes on either way. */
#define EXPECT(condition, ...) \
    ((condition) ? (void)0 : test_failed(__FILE__, __LINE__, #condition, __VA_ARGS__))

void test_failed(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Notes failures that another process has found. */
void test_add_failures(int count);
int test_failures(void);

/* A status other than the expected one. */
#define EXPECT_STATUS(call, expected) test_status(__FILE__, __LINE__, #call, (call), (expected))
void test_status(const char *file, int line, const char *call, pvt_status got, pvt_status expected);

/* ---- frames --------------------------------------------------------------------------------- */

/* Two planes of one size; the samples end where the memory ends. */
typedef struct test_pair {
    uint8_t *memory[2];
    const uint8_t *ref, *dis;
    ptrdiff_t ref_stride, dis_stride;
} test_pair;

/* How the rows of a plane lie in memory. */
typedef enum test_layout { PACKED, PADDED, ODD, UPSIDE_DOWN, LAYOUTS } test_layout;

/* Frame `index` of a moving scene and a worse copy of it. The samples depend on the size, the
 * depth, the scene and the index alone, not on the layout. */
test_pair test_pair_make(const pvt_config *config, int scene, int index, test_layout layout);
void test_pair_free(test_pair *pair);

/* Overwrites a sample of the plane. */
void test_set_sample(const pvt_config *config, const uint8_t *plane, ptrdiff_t stride, int x,
                     int y, uint32_t value);

/* ---- streams -------------------------------------------------------------------------------- */

pvt_config test_config(int width, int height, int bit_depth, int threads);

/* A context; the test program ends when there is none. */
pvt_context *test_create(const pvt_config *config);

/* pvt_push of a single rendition; a NULL plane is handed on. */
pvt_status test_push(pvt_context *context, const void *ref, ptrdiff_t ref_stride, const void *dis,
                     ptrdiff_t dis_stride, pvt_features *row, int *ready);

/* Pushes `frames` frames of the scene and flushes; rows[0 .. frames-1]. */
void test_stream(pvt_context *context, const pvt_config *config, int scene, int frames,
                 test_layout layout, pvt_features *rows);

/* Equality of the doubles' bits. */
bool test_same_rows(const pvt_features *a, const pvt_features *b, int count);

/* ---- the tests ------------------------------------------------------------------------------ */

void test_arguments(void);
void test_facts(void);
void test_order_of_rows(void);
void test_skipped_frames(void);
void test_failed_push(void);
void test_reset(void);
void test_feature_sets(void);
void test_renditions(void);
void test_failed_rendition(void);
void test_threads_layouts_tiers(void);
void test_large_frames(void);
void test_busy(void);
void test_fork(void);
void test_parallel_contexts(void);
void test_shared_context(void);
void test_destroy_at_any_time(void);
void test_staging(void);
void test_staged_samples(void);
void test_stager_arguments(void);
void test_shared_stager(void);
void test_forked_stager(void);
void test_memory_held(void);
void test_no_allocation_per_frame(void);
void test_failing_allocations(void);
void test_failing_threads(void);
void test_failing_stagers(void);

#endif
