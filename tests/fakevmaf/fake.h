/* What the parts of the test library share: the ledger, and the objects it hands out. */
#ifndef FAKE_FAKE_H
#define FAKE_FAKE_H

#include <errno.h>
#include <stdbool.h>

#include "abi.h"
#include "scores.h"

/* ---- ledger.c: calls, failures, violations, counts --------------------------------------------*/

/* How many objects of each kind exist. A reference is one holder of a picture. */
typedef struct fake_counts {
    int contexts, pictures, references, dictionaries, models, cuda_states, sycl_states, scores;
} fake_counts;

extern fake_counts live;

/* Records the call; the error to answer with, or 0. Takes the lock that leave() gives back. */
__attribute__((format(printf, 2, 3))) int enter(const char *function, const char *format, ...);

/* Gives the lock back, passes the answer on. */
int leave(int answer);

/* Records that libvmaf was used in a way that it does not allow. */
__attribute__((format(printf, 1, 2))) void violation(const char *format, ...);

/* Notes the counts of this moment in the peaks. */
void note_peaks(void);

/* Pairs that wait before their scores are there, and whether a GPU answers. */
extern int score_lag;
extern bool gpu_present;

/* motion2 is all that is published of motion. */
extern bool motion_hidden;

/* As the context said that was opened last: libvmaf has one for the process. */
extern enum VmafLogLevel log_level;

/* A vmaf_read_pictures() that fails has taken the pictures all the same: forks do that. */
extern bool failure_takes_pictures;

/* Frees what has ended, but much later, so that a use in between is seen. */
void bury(void *object);

/* A number for messages, counted per kind of object. */
int next_id(void);

/* What libvmaf leaves behind in an output parameter when it fails: not NULL, and not usable. */
#define POISON ((void *)(uintptr_t)0xdeadbeef00u)

/* ---- objects.c: dictionaries and models -------------------------------------------------------*/

/* The gain limits that a dictionary sets, as text; "" where it sets none. */
typedef struct gain_limits {
    char adm[16], vif[16];
} gain_limits;

bool dictionary_alive(const VmafFeatureDictionary *dictionary);
gain_limits dictionary_limits(const VmafFeatureDictionary *dictionary);
int dictionary_id(const VmafFeatureDictionary *dictionary);
void dictionary_end(VmafFeatureDictionary *dictionary);

bool model_alive(const VmafModel *model);
gain_limits model_limits(const VmafModel *model);
int model_id(const VmafModel *model);

/* ---- pictures.c
 * ---------------------------------------------------------------------------------*/

typedef struct picture_pool picture_pool;

int picture_id(const VmafPicture *picture);
bool picture_alive(const VmafPicture *picture, const char *what);
bool picture_on_device(const VmafPicture *picture);
void picture_share(VmafPicture *to, const VmafPicture *from);
void picture_release(VmafPicture *picture);

/* A position-dependent sum of the luma samples, and a check of what must not have been touched. */
uint64_t picture_sum(const VmafPicture *picture);
uint64_t plane_sum(const void *data, ptrdiff_t stride, unsigned w, unsigned h, unsigned bpc);

int picture_make(VmafPicture *picture, picture_parameters parameters, bool device);
int pool_open(picture_pool **pool, picture_parameters parameters, unsigned count,
              enum preallocation method);
bool pool_is_empty(const picture_pool *pool);
int pool_fetch(picture_pool *pool, VmafPicture *picture);
void pool_close(picture_pool *pool);

/* ---- context.c, extraction.c, reading.c
 * ----------------------------------------------------------------------------------*/

enum gpu { GPU_NONE, GPU_CUDA, GPU_SYCL };

bool context_alive(VmafContext *context, const char *function);
int context_id(const VmafContext *context);
enum gpu context_gpu(const VmafContext *context);
void context_import(VmafContext *context, enum gpu gpu, void *state);
void *context_state(const VmafContext *context);
picture_pool **context_pool(VmafContext *context);
bool context_flushed(const VmafContext *context);

/* Processes pairs that wait, the oldest first, until no more than `left` of them are left. */
void context_advance(VmafContext *context, unsigned left);

/* Takes a pair, as pictures or as the sums of its planes; its scores appear after the lag. */
void context_push(VmafContext *context, uint64_t ref_sum, uint64_t dis_sum, unsigned w, unsigned h,
                  unsigned index, VmafPicture *ref, VmafPicture *dis);
void context_flush(VmafContext *context);

/* Takes a picture from a pool; waits, as libvmaf does, until the pairs that wait give one back. */
int context_fetch(VmafContext *context, VmafPicture *picture);

/* ---- gpu.c ------------------------------------------------------------------------------------*/

int gpu_preallocate(const char *function, VmafContext *context,
                    VmafGpuPictureConfiguration configuration, enum gpu gpu);
int gpu_fetch(const char *function, VmafContext *context, VmafPicture *picture);

/* The context that holds the state closes. */
void gpu_state_released(enum gpu gpu, void *state);
void cuda_state_released(VmafCudaState *state);
void sycl_state_released(VmafSyclState *state);

#endif
