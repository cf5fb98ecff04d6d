/*
 * libvmaf's public types and functions as its versions 2.3 to 3.2 lay them out. Declared once,
 * here.
 *
 * What changed: 3.0 added gpumask at the end of VmafConfiguration and priv at the end of
 * VmafPicture; 3.2 added pre-allocated pictures. CUDA came with 3.0; SYCL is in forks only.
 * VmafPicture is always handed over by address, so the longer one serves all versions.
 */
#ifndef PVL_ABI_H
#define PVL_ABI_H

#include <stddef.h>
#include <stdint.h>

typedef struct VmafContext VmafContext;
typedef struct VmafModel VmafModel;
typedef struct VmafFeatureDictionary VmafFeatureDictionary;
typedef struct VmafCudaState VmafCudaState;
typedef struct VmafSyclState VmafSyclState;

enum { VMAF_PIX_FMT_YUV400P = 4 };

typedef struct VmafConfiguration2 {
    int log_level;
    unsigned n_threads;
    unsigned n_subsample;
    uint64_t cpumask;
} VmafConfiguration2;

typedef struct VmafConfiguration3 {
    int log_level;
    unsigned n_threads;
    unsigned n_subsample;
    uint64_t cpumask;
    uint64_t gpumask;
} VmafConfiguration3;

typedef struct VmafPicture {
    int pix_fmt;
    unsigned bpc;
    unsigned w[3], h[3];
    ptrdiff_t stride[3];
    void *data[3];
    void *ref;
    void *priv;
} VmafPicture;

typedef struct VmafModelConfig {
    const char *name;
    uint64_t flags;
} VmafModelConfig;

typedef struct VmafPictureParameters {
    unsigned w, h;
    unsigned bpc;
    int pix_fmt;
} VmafPictureParameters;

typedef struct VmafPictureConfiguration {
    VmafPictureParameters pic_params;
    unsigned pic_cnt;
} VmafPictureConfiguration;

enum { VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_HOST_PINNED = 3 };

typedef struct VmafCudaPictureConfiguration {
    VmafPictureParameters pic_params;
    int pic_prealloc_method;
} VmafCudaPictureConfiguration;

typedef struct VmafCudaConfiguration {
    void *cu_ctx;
} VmafCudaConfiguration;

typedef struct VmafSyclConfiguration {
    int device_index;
    int enable_profiling;
} VmafSyclConfiguration;

/* The functions; init2 and init3 are one function with the layouts of 2.x and 3.x. */
typedef struct vmaf_functions {
    const char *(*version)(void);
    int (*init2)(VmafContext **, VmafConfiguration2);
    int (*init3)(VmafContext **, VmafConfiguration3);
    int (*close)(VmafContext *);
    int (*use_feature)(VmafContext *, const char *, VmafFeatureDictionary *);
    int (*use_features_from_model)(VmafContext *, VmafModel *);
    int (*import_feature_score)(VmafContext *, const char *, double, unsigned);
    int (*read_pictures)(VmafContext *, VmafPicture *, VmafPicture *, unsigned);
    int (*feature_score_at_index)(VmafContext *, const char *, double *, unsigned);
    int (*score_at_index)(VmafContext *, VmafModel *, double *, unsigned);
    int (*feature_dictionary_set)(VmafFeatureDictionary **, const char *, const char *);
    int (*feature_dictionary_free)(VmafFeatureDictionary **);
    int (*model_load)(VmafModel **, VmafModelConfig *, const char *);
    int (*model_load_from_path)(VmafModel **, VmafModelConfig *, const char *);
    void (*model_destroy)(VmafModel *);
    int (*picture_alloc)(VmafPicture *, int, unsigned, unsigned, unsigned);
    int (*picture_unref)(VmafPicture *);

    int (*preallocate_pictures)(VmafContext *, VmafPictureConfiguration);
    int (*fetch_preallocated_picture)(VmafContext *, VmafPicture *);

    int (*cuda_state_init)(VmafCudaState **, VmafCudaConfiguration);
    int (*cuda_import_state)(VmafContext *, VmafCudaState *);
    int (*cuda_preallocate_pictures)(VmafContext *, VmafCudaPictureConfiguration);
    int (*cuda_fetch_preallocated_picture)(VmafContext *, VmafPicture *);
    int (*cuda_state_free)(VmafCudaState *);

    int (*sycl_state_init)(VmafSyclState **, VmafSyclConfiguration);
    int (*sycl_import_state)(VmafContext *, VmafSyclState *);
    void (*sycl_state_free)(VmafSyclState **);
} vmaf_functions;

#endif
