/* Tries to start threads. See threads.h. */
#include "threads.h"

#include <pthread.h>
#include <stdlib.h>

/* Lives until the one who holds the gate lets go of it. */
static void *wait_at(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

bool pvl_threads_can_start(int count)
{
    pthread_mutex_t gate;
    pthread_t *threads = malloc((size_t)count * sizeof *threads);
    if (!threads)
        return false;
    if (pthread_mutex_init(&gate, NULL) != 0) {
        free(threads);
        return false;
    }
    pthread_mutex_lock(&gate);
    int started = 0;
    while (started < count && pthread_create(&threads[started], NULL, wait_at, &gate) == 0)
        started++;
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&gate);
    free(threads);
    return started == count;
}
