/* A loaded libvmaf: its functions, its layout, and the CPU mask that it keeps for the process. */
#ifndef PVL_LIBRARY_H
#define PVL_LIBRARY_H

#include "abi.h"
#include "pyvmaf_tiny_libvmaf.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

struct pvl_library {
    vmaf_functions vmaf;
    pvl_abilities abilities;
    pthread_mutex_t mutex;
    pid_t owner;
    /* Guarded by the mutex. */
    bool mask_known;
    uint64_t mask; /* what libvmaf was told last */
    int holders;   /* streams whose threads may look at the mask at any time */
};

/* vmaf_init() with the layout of the library's version. Contexts with threads keep the mask for
 * as long as they live: pvl_library_end_context() ends that. */
pvl_status pvl_library_new_context(pvl_library *library, const pvl_config *config,
                                   VmafContext **context, pvl_failure *failure);

void pvl_library_end_context(pvl_library *library, const pvl_config *config, VmafContext *context);

/* Extractors look at the mask when they see their first frame. Between these two calls it is the
 * one of the configuration; nothing needs releasing when an error comes back. */
pvl_status pvl_library_claim_mask(pvl_library *library, const pvl_config *config,
                                  pvl_failure *failure);

void pvl_library_release_mask(pvl_library *library);

/* From here on libvmaf writes no messages; its log level is the process's, too. */
void pvl_library_silence(pvl_library *library);

#endif
