#include "pyvmaf_tiny.h"
#include "pyvmaf_tiny_libvmaf.h"
#include "binding_dlpack.h"
