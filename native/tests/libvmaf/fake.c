/* Loads the test library, looks its functions up. */
#include "libvmaf.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const test_functions[] = {"vmaf_init",
                                      "vmaf_use_feature",
                                      "vmaf_use_features_from_model",
                                      "vmaf_import_feature_score",
                                      "vmaf_read_pictures",
                                      "vmaf_feature_score_at_index",
                                      "vmaf_score_at_index",
                                      "vmaf_feature_dictionary_set",
                                      "vmaf_model_load",
                                      "vmaf_picture_alloc",
                                      "vmaf_preallocate_pictures",
                                      "vmaf_fetch_preallocated_picture",
                                      "vmaf_cuda_state_init",
                                      "vmaf_cuda_import_state",
                                      "vmaf_cuda_preallocate_pictures",
                                      "vmaf_cuda_fetch_preallocated_picture",
                                      "vmaf_sycl_state_init",
                                      "vmaf_sycl_import_state",
                                      NULL};

static int failures;

void test_failed(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list arguments;
    failures++;
    printf("%s:%d: %s: ", file, line, condition);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

int test_failures(void) { return failures; }

/* An address becomes a function pointer, in the way of dlsym's manual. */
#define LOOK_UP(field, symbol)                                                                     \
    do {                                                                                           \
        void *address = dlsym(fake.handle, symbol);                                                \
        memcpy(&fake.field, &address, sizeof fake.field);                                          \
    } while (0)

#define SYMBOL(name) fake.symbols.name = dlsym(fake.handle, #name)

test_fake test_fake_open(const char *path)
{
    test_fake fake = {.path = path, .handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
    if (!fake.handle) {
        printf("%s\n", dlerror());
        exit(1);
    }
    SYMBOL(vmaf_version);
    SYMBOL(vmaf_init);
    SYMBOL(vmaf_close);
    SYMBOL(vmaf_use_feature);
    SYMBOL(vmaf_use_features_from_model);
    SYMBOL(vmaf_import_feature_score);
    SYMBOL(vmaf_read_pictures);
    SYMBOL(vmaf_feature_score_at_index);
    SYMBOL(vmaf_score_at_index);
    SYMBOL(vmaf_feature_dictionary_set);
    SYMBOL(vmaf_feature_dictionary_free);
    SYMBOL(vmaf_model_load);
    SYMBOL(vmaf_model_load_from_path);
    SYMBOL(vmaf_model_destroy);
    SYMBOL(vmaf_picture_alloc);
    SYMBOL(vmaf_picture_unref);
    SYMBOL(compute_vmaf);
    SYMBOL(vmaf_preallocate_pictures);
    SYMBOL(vmaf_fetch_preallocated_picture);
    SYMBOL(vmaf_cuda_state_init);
    SYMBOL(vmaf_cuda_import_state);
    SYMBOL(vmaf_cuda_preallocate_pictures);
    SYMBOL(vmaf_cuda_fetch_preallocated_picture);
    SYMBOL(vmaf_cuda_state_free);
    SYMBOL(vmaf_sycl_state_init);
    SYMBOL(vmaf_sycl_import_state);
    SYMBOL(vmaf_sycl_state_free);
    LOOK_UP(reset, "fake_reset");
    LOOK_UP(violations, "fake_violations");
    LOOK_UP(live, "fake_live");
    LOOK_UP(count, "fake_count");
    LOOK_UP(fail, "fake_fail");
    fake.reset();
    const pvl_status status = pvl_library_open(&fake.symbols, &fake.library);
    if (status != PVL_OK) {
        printf("%s: %s\n", path, pvl_status_text(status));
        exit(1);
    }
    fake.device = fake.symbols.vmaf_cuda_state_init   ? PVL_CUDA
                  : fake.symbols.vmaf_sycl_state_init ? PVL_SYCL
                                                      : PVL_CPU;
    return fake;
}

void test_fake_close(test_fake *fake)
{
    pvl_library_close(fake->library); /* the test library stays, with what it remembers */
}

void test_expect_clean(const test_fake *fake, const char *what)
{
    const fake_counts live = fake->live();
    EXPECT(!live.contexts && !live.pictures && !live.references && !live.dictionaries &&
               !live.models && !live.cuda_states && !live.sycl_states && !live.scores,
           "%s: alive: %d contexts, %d pictures, %d references, %d dictionaries, %d models, %d and "
           "%d states, %d scores",
           what, live.contexts, live.pictures, live.references, live.dictionaries, live.models,
           live.cuda_states, live.sycl_states, live.scores);
    EXPECT(!*fake->violations(), "%s: %s", what, fake->violations());
}
