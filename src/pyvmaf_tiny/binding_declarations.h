/* What the binding declares: both public headers, without the system's. */
#include "pyvmaf_tiny.h"
#include "pyvmaf_tiny_libvmaf.h"
