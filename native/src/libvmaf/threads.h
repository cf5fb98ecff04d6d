/* Whether the system has room for threads: libvmaf does not look when it starts its own. */
#ifndef PVL_THREADS_H
#define PVL_THREADS_H

#include <stdbool.h>

/* Starts that many threads at once and ends them again; false when not all of them came. */
bool pvl_threads_can_start(int count);

#endif
