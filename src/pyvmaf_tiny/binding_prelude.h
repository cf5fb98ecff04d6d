#include "pyvmaf_tiny.h"
