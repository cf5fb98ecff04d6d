/* What the tests of the libvmaf binding share: the test library, expectations, failing memory. */
#ifndef PVL_TEST_LIBVMAF_H
#define PVL_TEST_LIBVMAF_H

#include "pyvmaf_tiny_libvmaf.h"

#include <stdbool.h>

/* ---- the test library: tests/fakevmaf, loaded from a file ----------------------------------- */

typedef struct fake_counts {
    int contexts, pictures, references, dictionaries, models, cuda_states, sycl_states, scores;
} fake_counts;

typedef struct test_fake {
    const char *path;
    void *handle;
    pvl_symbols symbols;
    pvl_library *library;
    pvl_device device; /* the one that the library was built for */
    void (*reset)(void);
    const char *(*violations)(void);
    fake_counts (*live)(void);
    int (*count)(const char *function);
    void (*fail)(const char *function, int nth, int code);
} test_fake;

/* Loads a variant; the program ends when that fails. */
test_fake test_fake_open(const char *path);
void test_fake_close(test_fake *fake);

/* Functions of libvmaf that can fail, the last one NULL. */
extern const char *const test_functions[];

/* ---- expectations --------------------------------------------------------------------------- */

#define EXPECT(condition, ...)                                                                     \
    ((condition) ? (void)0 : test_failed(__FILE__, __LINE__, #condition, __VA_ARGS__))

void test_failed(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int test_failures(void);

/* Nothing is alive in the library, and nothing was misused since its reset. */
void test_expect_clean(const test_fake *fake, const char *what);

/* ---- memory and threads that fail ----------------------------------------------------------- */

/* The binding's nth allocation from now on fails, once; -1 for none. */
void test_fail_allocation(long nth);

/* The same for threads. */
void test_fail_thread(long nth);

#endif
