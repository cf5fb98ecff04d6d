/* Texts of the status codes. */
#include "pyvmaf_tiny.h"

const char *pvt_status_text(pvt_status status)
{
    switch (status) {
    case PVT_OK: return "no error";
    case PVT_ERROR_ARGUMENT: return "a required pointer is NULL";
    case PVT_ERROR_SIZE: return "width or height out of range";
    case PVT_ERROR_BIT_DEPTH: return "bit depth is not 8, 10, 12 or 16";
    case PVT_ERROR_GAIN_LIMIT:
        return "not 1 to 4 enhancement gain limits, or not finite numbers from 1 up";
    case PVT_ERROR_THREADS: return "number of threads out of range";
    case PVT_ERROR_FEATURES: return "unknown feature group";
    case PVT_ERROR_MEMORY: return "not enough memory";
    case PVT_ERROR_SYSTEM: return "a worker thread could not be started";
    case PVT_ERROR_SAMPLE_RANGE: return "a sample exceeds the bit depth";
    case PVT_ERROR_FLUSHED: return "the stream has been flushed";
    case PVT_ERROR_BUSY: return "the context is in use by another thread";
    case PVT_ERROR_FORKED: return "the context was made in the parent of this process";
    case PVT_ERROR_RENDITIONS: return "number of renditions out of range";
    }
    return "unknown status";
}

const char *pvt_version(void) { return PVT_VERSION; }
