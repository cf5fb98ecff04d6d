/*
 * A small pool of worker threads that share the tasks of one call.
 *
 * The caller's thread is worker 0 and works too; with one worker there is no thread at all. Tasks
 * are handed out one by one, so which worker does what varies; results must not depend on it.
 */
#ifndef PVT_POOL_H
#define PVT_POOL_H

#include "pyvmaf_tiny.h"

typedef struct pvt_pool pvt_pool;

/* Task `index` on worker 0 .. workers-1. */
typedef void (*pvt_task)(void *data, int worker, int index);

/* NULL when the threads could not be started. */
pvt_pool *pvt_pool_create(int workers);

/* Ends the threads; in a forked child, where they do not exist, only frees the memory. */
void pvt_pool_destroy(pvt_pool *pool);

/* True in a child of the process that made the pool. */
int pvt_pool_is_orphan(const pvt_pool *pool);

/* Runs tasks 0 .. count-1 and returns when all are done. */
void pvt_pool_run(pvt_pool *pool, pvt_task task, void *data, int count);

#endif
