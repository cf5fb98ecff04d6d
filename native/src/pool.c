/* Worker threads. See pool.h. */
#include "pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct pool_worker {
    pvt_pool *pool;
    pthread_t thread;
    int index;
} pool_worker;

struct pvt_pool {
    int workers; /* the caller included */
    pid_t owner;
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    /* Guarded by the mutex. */
    unsigned generation; /* grows with every run */
    int open;            /* whether the present run may have tasks left */
    int busy;            /* threads besides the caller's that work on it */
    int quit;
    /* The present run. */
    pvt_task task;
    void *data;
    int count;
    atomic_int next;
    pool_worker worker[];
};

static void take_tasks(pvt_pool *pool, int worker)
{
    int index;
    while ((index = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed)) < pool->count)
        pool->task(pool->data, worker, index);
}

static void *worker_main(void *argument)
{
    const pool_worker *self = argument;
    pvt_pool *pool = self->pool;
    unsigned seen = 0;
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (pool->generation == seen && !pool->quit)
            pthread_cond_wait(&pool->work, &pool->mutex);
        if (pool->quit)
            break;
        seen = pool->generation;
        if (!pool->open) /* woken too late: the others have done it all */
            continue;
        pool->busy++;
        pthread_mutex_unlock(&pool->mutex);
        take_tasks(pool, self->index);
        pthread_mutex_lock(&pool->mutex);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* Ends the first `started` threads. */
static void join(pvt_pool *pool, int started)
{
    pthread_mutex_lock(&pool->mutex);
    pool->quit = 1;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 1; i <= started; i++)
        pthread_join(pool->worker[i].thread, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
}

pvt_pool *pvt_pool_create(int workers)
{
    pvt_pool *pool = calloc(1, sizeof *pool + (size_t)workers * sizeof(pool_worker));
    if (!pool)
        return NULL;
    pool->workers = workers;
    pool->owner = getpid();
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);

    /* Signals (Ctrl-C) belong to the threads of the host program. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int started = 0;
    for (int i = 1; i < workers; i++, started++) {
        pool->worker[i] = (pool_worker){.pool = pool, .index = i};
        if (pthread_create(&pool->worker[i].thread, NULL, worker_main, &pool->worker[i]) != 0)
            break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started < workers - 1) {
        join(pool, started);
        free(pool);
        return NULL;
    }
    return pool;
}

int pvt_pool_is_orphan(const pvt_pool *pool)
{
    return pool->workers > 1 && pool->owner != getpid();
}

void pvt_pool_destroy(pvt_pool *pool)
{
    if (!pool)
        return;
    if (!pvt_pool_is_orphan(pool))
        join(pool, pool->workers - 1);
    free(pool);
}

void pvt_pool_run(pvt_pool *pool, pvt_task task, void *data, int count)
{
    if (pool->workers == 1 || count == 1) {
        for (int i = 0; i < count; i++)
            task(data, 0, i);
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->task = task;
    pool->data = data;
    pool->count = count;
    pool->open = 1;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    pool->generation++;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);

    take_tasks(pool, 0);

    /* No task is left to be taken, so nobody waits for threads that have not even woken up: on a
     * busy machine that takes longer than the work. */
    pthread_mutex_lock(&pool->mutex);
    pool->open = 0;
    while (pool->busy > 0)
        pthread_cond_wait(&pool->done, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}
