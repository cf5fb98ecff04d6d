/* What the binding declares: both public headers, without the system's, and its own functions. */
#include "pyvmaf_tiny.h"
#include "pyvmaf_tiny_libvmaf.h"
#include "binding_dlpack.h"
