/* What a status means, in one sentence. */
#include "pyvmaf_tiny_libvmaf.h"

const char *pvl_status_text(pvl_status status)
{
    switch (status) {
    case PVL_OK: return "no error";
    case PVL_ERROR_ARGUMENT: return "an argument is NULL or out of range";
    case PVL_ERROR_SIZE: return "width or height below 33";
    case PVL_ERROR_MEMORY: return "not enough memory";
    case PVL_ERROR_SYMBOL: return "the library lacks functions of libvmaf";
    case PVL_ERROR_VERSION: return "the library's version is not 2.3 to 3.x";
    case PVL_ERROR_CALL: return "a function of libvmaf failed";
    case PVL_ERROR_DEVICE: return "the device is not available";
    case PVL_ERROR_TEACHER: return "libvmaf cannot use the model";
    case PVL_ERROR_CPU_MASK: return "libvmaf is in use with another CPU mask";
    case PVL_ERROR_SAMPLE_RANGE: return "a sample exceeds the bit depth";
    case PVL_ERROR_SUBSAMPLE: return "a frame that subsample leaves out cannot be scored";
    case PVL_ERROR_NO_SCORE: return "libvmaf gave no score for a frame";
    case PVL_ERROR_STALLED: return "libvmaf's threads have stopped giving scores";
    case PVL_ERROR_FLUSHED: return "the stream has been flushed";
    case PVL_ERROR_BROKEN: return "libvmaf failed earlier in this stream";
    case PVL_ERROR_BUSY: return "the stream is in use by another thread";
    case PVL_ERROR_FORKED: return "the stream was made in the parent of this process";
    case PVL_ERROR_THREADS: return "libvmaf's threads cannot be started";
    }
    return "unknown status";
}
