/* The part of libvmaf's public interface that programs use, as the version that FAKE_MAJOR and
 * FAKE_MINOR name lays it out. CUDA's part is Netflix's, SYCL's that of the forks that have it. */
#ifndef FAKE_ABI_H
#define FAKE_ABI_H

#include <stddef.h>
#include <stdint.h>

#define AT_LEAST(major, minor)                                                                     \
    (FAKE_MAJOR > (major) || (FAKE_MAJOR == (major) && FAKE_MINOR >= (minor)))
#define EXPORT __attribute__((visibility("default")))

enum VmafLogLevel { VMAF_LOG_LEVEL_NONE, VMAF_LOG_LEVEL_ERROR };

enum VmafPixelFormat {
    VMAF_PIX_FMT_UNKNOWN,
    VMAF_PIX_FMT_YUV420P,
    VMAF_PIX_FMT_YUV422P,
    VMAF_PIX_FMT_YUV444P,
    VMAF_PIX_FMT_YUV400P,
};

/* In the order of both GPU interfaces; SYCL has no pinned memory of its own. */
enum preallocation { PREALLOCATE_NONE, PREALLOCATE_DEVICE, PREALLOCATE_HOST, PREALLOCATE_PINNED };

typedef struct VmafContext VmafContext;
typedef struct VmafModel VmafModel;
typedef struct VmafFeatureDictionary VmafFeatureDictionary;
typedef struct VmafRef VmafRef;
typedef struct VmafCudaState VmafCudaState;
typedef struct VmafSyclState VmafSyclState;

typedef struct VmafConfiguration {
    enum VmafLogLevel log_level;
    unsigned n_threads;
    unsigned n_subsample;
    uint64_t cpumask;
#if AT_LEAST(3, 0)
    uint64_t gpumask;
#endif
} VmafConfiguration;

typedef struct VmafPicture {
    enum VmafPixelFormat pix_fmt;
    unsigned bpc;
    unsigned w[3], h[3];
    ptrdiff_t stride[3];
    void *data[3];
    VmafRef *ref;
#if AT_LEAST(3, 0)
    void *priv;
#endif
} VmafPicture;

typedef struct VmafModelConfig {
    const char *name;
    uint64_t flags;
} VmafModelConfig;

typedef struct picture_parameters {
    unsigned w, h;
    unsigned bpc;
    enum VmafPixelFormat pix_fmt;
} picture_parameters;

typedef struct VmafPictureConfiguration {
    picture_parameters pic_params;
    unsigned pic_cnt;
} VmafPictureConfiguration;

typedef struct VmafGpuPictureConfiguration {
    picture_parameters pic_params;
    enum preallocation pic_prealloc_method;
} VmafGpuPictureConfiguration;

typedef struct VmafCudaConfiguration {
    void *cu_ctx;
} VmafCudaConfiguration;

typedef struct VmafSyclConfiguration {
    int device_index;
    int enable_profiling;
} VmafSyclConfiguration;

EXPORT const char *vmaf_version(void);
EXPORT int vmaf_init(VmafContext **, VmafConfiguration);
EXPORT int vmaf_close(VmafContext *);
EXPORT int vmaf_use_feature(VmafContext *, const char *, VmafFeatureDictionary *);
EXPORT int vmaf_use_features_from_model(VmafContext *, VmafModel *);
EXPORT int vmaf_import_feature_score(VmafContext *, const char *, double, unsigned);
EXPORT int vmaf_read_pictures(VmafContext *, VmafPicture *, VmafPicture *, unsigned);
EXPORT int vmaf_feature_score_at_index(VmafContext *, const char *, double *, unsigned);
EXPORT int vmaf_score_at_index(VmafContext *, VmafModel *, double *, unsigned);

EXPORT int vmaf_feature_dictionary_set(VmafFeatureDictionary **, const char *, const char *);
EXPORT int vmaf_feature_dictionary_free(VmafFeatureDictionary **);

EXPORT int vmaf_model_load(VmafModel **, VmafModelConfig *, const char *);
EXPORT int vmaf_model_load_from_path(VmafModel **, VmafModelConfig *, const char *);
EXPORT int vmaf_model_feature_overload(VmafModel *, const char *, VmafFeatureDictionary *);
EXPORT void vmaf_model_destroy(VmafModel *);

EXPORT int vmaf_picture_alloc(VmafPicture *, enum VmafPixelFormat, unsigned, unsigned, unsigned);
EXPORT int vmaf_picture_unref(VmafPicture *);
#if !AT_LEAST(3, 0)
EXPORT int compute_vmaf(void); /* all in one call; its presence tells 2.x from 3.x */
#endif
#if AT_LEAST(3, 2)
EXPORT int vmaf_preallocate_pictures(VmafContext *, VmafPictureConfiguration);
EXPORT int vmaf_fetch_preallocated_picture(VmafContext *, VmafPicture *);
#endif

#if FAKE_CUDA
EXPORT int vmaf_cuda_state_init(VmafCudaState **, VmafCudaConfiguration);
EXPORT int vmaf_cuda_import_state(VmafContext *, VmafCudaState *);
EXPORT int vmaf_cuda_preallocate_pictures(VmafContext *, VmafGpuPictureConfiguration);
EXPORT int vmaf_cuda_fetch_preallocated_picture(VmafContext *, VmafPicture *);
#if FAKE_CUDA_STATE_FREE
EXPORT int vmaf_cuda_state_free(VmafCudaState *);
#endif
#endif

#if FAKE_SYCL
EXPORT int vmaf_sycl_state_init(VmafSyclState **, VmafSyclConfiguration);
EXPORT void vmaf_sycl_state_free(VmafSyclState **);
EXPORT int vmaf_sycl_import_state(VmafContext *, VmafSyclState *);
EXPORT int vmaf_sycl_preallocate_pictures(VmafContext *, VmafGpuPictureConfiguration);
EXPORT int vmaf_sycl_picture_fetch(VmafContext *, VmafPicture *);
EXPORT int vmaf_sycl_init_frame_buffers(VmafContext *, unsigned, unsigned, unsigned);
EXPORT int vmaf_sycl_get_frame_buffers(VmafContext *, void **, void **);
EXPORT int vmaf_sycl_upload_plane(VmafSyclState *, const void *, unsigned, int, unsigned, unsigned,
                                  unsigned);
EXPORT int vmaf_sycl_wait_compute(VmafContext *);
EXPORT int vmaf_read_pictures_sycl(VmafContext *, unsigned);
EXPORT int vmaf_flush_sycl(VmafContext *);
EXPORT int vmaf_sycl_list_devices(void);
#endif

#endif
