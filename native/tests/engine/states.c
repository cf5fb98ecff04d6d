/* Contexts and threads: entered twice, forked, side by side, destroyed in any state. */
#include "engine/engine.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- entered twice -------------------------------------------------------------------------- */

/*
 * A frame whose memory cannot be read at first: the thread that pushes it stops there, inside the
 * context, until the main thread has seen what it came to see.
 */
static struct gate {
    uint8_t *memory;
    size_t bytes;
    int inside[2], go[2]; /* pipes: "somebody waits", "go on" */
} gate;

static void on_fault(int number, siginfo_t *info, void *ignored)
{
    (void)ignored;
    const uint8_t *address = info->si_addr;
    char byte = 0;
    if (address < gate.memory || address >= gate.memory + gate.bytes ||
        write(gate.inside[1], &byte, 1) != 1 || read(gate.go[0], &byte, 1) != 1 ||
        mprotect(gate.memory, gate.bytes, PROT_READ) != 0)
        signal(number, SIG_DFL); /* a real fault: it strikes again */
}

typedef struct push_call {
    pvt_context *context;
    test_pair pair;
    const uint8_t *ref;
    pvt_status status;
    int ready;
    pvt_features row;
} push_call;

static void *push_main(void *argument)
{
    push_call *call = argument;
    call->status = test_push(call->context, call->ref, call->pair.ref_stride, call->pair.dis,
                            call->pair.dis_stride, &call->row, &call->ready);
    return NULL;
}

static void close_gate(const pvt_config *config, const test_pair *pair)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t bytes = (size_t)pair->ref_stride * (size_t)config->height;
    gate.bytes = (bytes + page - 1) / page * page;
    gate.memory = mmap(NULL, gate.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (gate.memory == MAP_FAILED || pipe(gate.inside) != 0 || pipe(gate.go) != 0)
        abort();
    memcpy(gate.memory, pair->ref, bytes);
    if (mprotect(gate.memory, gate.bytes, PROT_NONE) != 0)
        abort();
}

static void free_gate(void)
{
    munmap(gate.memory, gate.bytes);
    for (int end = 0; end < 2; end++) {
        close(gate.inside[end]);
        close(gate.go[end]);
    }
}

void test_busy(void)
{
    const pvt_config config = test_config(48, 40, 8, 1);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO}, before;
    push_call call = {.context = test_create(&config), .ready = -1};
    pvt_features row, expected[2];
    int ready = -1;
    char byte = 0;

    test_stream(call.context, &config, 60, 2, PACKED, expected);
    pvt_reset(call.context);
    call.pair = test_pair_make(&config, 60, 0, PACKED);
    close_gate(&config, &call.pair);
    call.ref = gate.memory;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &before);
    pthread_t thread;
    if (pthread_create(&thread, NULL, push_main, &call) != 0 || read(gate.inside[0], &byte, 1) != 1)
        abort();

    EXPECT_STATUS(test_push(call.context, call.pair.ref, 48, call.pair.dis, 48, &row, &ready),
                  PVT_ERROR_BUSY);
    EXPECT(ready == 0, "ready %d", ready);
    EXPECT_STATUS(pvt_skip(call.context, call.pair.ref, 48, &row, &ready), PVT_ERROR_BUSY);
    EXPECT_STATUS(pvt_flush(call.context, &row, &ready), PVT_ERROR_BUSY);
    EXPECT_STATUS(pvt_reset(call.context), PVT_ERROR_BUSY);

    if (write(gate.go[1], &byte, 1) != 1)
        abort();
    pthread_join(thread, NULL);
    sigaction(SIGSEGV, &before, NULL);
    EXPECT_STATUS(call.status, PVT_OK);

    /* the refused calls have left no trace */
    test_pair second = test_pair_make(&config, 60, 1, PACKED);
    EXPECT_STATUS(test_push(call.context, second.ref, 48, second.dis, 48, &row, &ready), PVT_OK);
    EXPECT(ready == 1 && test_same_rows(&row, &expected[0], 1), "row 0, ready %d", ready);
    EXPECT_STATUS(pvt_flush(call.context, &row, &ready), PVT_OK);
    EXPECT(ready == 1 && test_same_rows(&row, &expected[1], 1), "row 1, ready %d", ready);
    test_pair_free(&second);
    test_pair_free(&call.pair);
    free_gate();
    pvt_destroy(call.context);
}

/* ---- forked --------------------------------------------------------------------------------- */

/* Runs a function in a forked child, which then destroys its copy of the context, and takes over
 * the failures that it finds. */
static void in_child(void (*function)(pvt_context *, const pvt_config *), pvt_context *context,
                     const pvt_config *config)
{
    int status = 0;
    const int before = test_failures();
    const pid_t child = fork();
    if (child == 0) {
        alarm(60); /* a lost worker would mean waiting forever */
        function(context, config);
        pvt_destroy(context);
        const int found = test_failures() - before;
        _exit(found < 100 ? found : 100);
    }
    EXPECT(child > 0 && waitpid(child, &status, 0) == child, "child %d", (int)child);
    EXPECT(WIFEXITED(status), "child ended by signal %d", WTERMSIG(status));
    test_add_failures(WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

static void use_orphan(pvt_context *context, const pvt_config *config)
{
    test_pair pair = test_pair_make(config, 61, 0, PACKED);
    pvt_features row;
    int ready = -1;
    EXPECT_STATUS(test_push(context, pair.ref, pair.ref_stride, pair.dis, pair.dis_stride, &row, &ready),
                  PVT_ERROR_FORKED);
    EXPECT(ready == 0, "ready %d", ready);
    EXPECT_STATUS(pvt_skip(context, pair.ref, pair.ref_stride, &row, &ready), PVT_ERROR_FORKED);
    EXPECT_STATUS(pvt_flush(context, &row, &ready), PVT_ERROR_FORKED);
    EXPECT_STATUS(pvt_reset(context), PVT_ERROR_FORKED);
    test_pair_free(&pair);
}

/* A context without workers is as good in the child as in the parent. */
static void continue_stream(pvt_context *context, const pvt_config *config)
{
    pvt_features rows[2], expected[2];
    pvt_context *fresh = test_create(config);
    test_stream(fresh, config, 61, 2, PACKED, expected);
    pvt_destroy(fresh);
    test_pair pair = test_pair_make(config, 61, 1, PACKED);
    int ready = -1;
    EXPECT_STATUS(test_push(context, pair.ref, pair.ref_stride, pair.dis, pair.dis_stride, &rows[0],
                           &ready),
                  PVT_OK);
    EXPECT_STATUS(pvt_flush(context, &rows[1], &ready), PVT_OK);
    EXPECT(test_same_rows(rows, expected, 2), "rows in the child and in the parent");
    test_pair_free(&pair);
}

void test_fork(void)
{
    for (int threads = 1; threads <= 3; threads += 2) {
        const pvt_config config = test_config(50, 44, 8, threads);
        pvt_context *context = test_create(&config);
        test_pair pair = test_pair_make(&config, 61, 0, PACKED);
        pvt_features row;
        int ready;
        EXPECT_STATUS(test_push(context, pair.ref, pair.ref_stride, pair.dis, pair.dis_stride, &row,
                               &ready),
                      PVT_OK);
        in_child(threads == 1 ? continue_stream : use_orphan, context, &config);
        continue_stream(context, &config); /* the parent is not disturbed */
        pvt_destroy(context);
        test_pair_free(&pair);
    }
}

/* ---- side by side --------------------------------------------------------------------------- */

enum { STREAMS = 4, FRAMES = 5, PUSHES = 40 };

typedef struct stream_call {
    pvt_config config;
    int scene;
    pvt_features rows[FRAMES];
} stream_call;

static void *stream_main(void *argument)
{
    stream_call *call = argument;
    pvt_context *context = test_create(&call->config);
    test_stream(context, &call->config, call->scene, FRAMES, PACKED, call->rows);
    pvt_destroy(context);
    return NULL;
}

void test_parallel_contexts(void)
{
    stream_call call[STREAMS];
    pthread_t thread[STREAMS];
    for (int i = 0; i < STREAMS; i++) {
        call[i] = (stream_call){.config = test_config(97 + i, 65, i % 2 ? 10 : 8, 1 + i % 3), .scene = 70 + i};
        if (pthread_create(&thread[i], NULL, stream_main, &call[i]) != 0)
            abort();
    }
    for (int i = 0; i < STREAMS; i++) {
        pthread_join(thread[i], NULL);
        stream_call alone = call[i];
        stream_main(&alone);
        EXPECT(test_same_rows(call[i].rows, alone.rows, FRAMES), "stream %d", i);
    }
}

typedef struct sharer {
    pvt_context *context;
    const test_pair *pair;
    atomic_int *pushed, *released, *odd;
} sharer;

static void *share_main(void *argument)
{
    const sharer *s = argument;
    for (int i = 0; i < PUSHES; i++) {
        pvt_features row;
        int ready = 0;
        const pvt_status status = test_push(s->context, s->pair->ref, s->pair->ref_stride,
                                           s->pair->dis, s->pair->dis_stride, &row, &ready);
        atomic_fetch_add(s->pushed, status == PVT_OK);
        atomic_fetch_add(s->released, ready);
        atomic_fetch_add(s->odd, status != PVT_OK && status != PVT_ERROR_BUSY);
    }
    return NULL;
}

/* Threads that do not know of each other: each call is either a frame or PVT_ERROR_BUSY. */
void test_shared_context(void)
{
    const pvt_config config = test_config(64, 48, 8, 2);
    test_pair pair = test_pair_make(&config, 80, 0, PACKED);
    pvt_context *context = test_create(&config);
    atomic_int pushed = 0, released = 0, odd = 0;
    sharer shared = {context, &pair, &pushed, &released, &odd};
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        if (pthread_create(&thread[i], NULL, share_main, &shared) != 0)
            abort();
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    EXPECT(atomic_load(&odd) == 0, "%d other statuses", atomic_load(&odd));
    EXPECT(atomic_load(&released) == atomic_load(&pushed) - 1, "%d frames, %d rows",
           atomic_load(&pushed), atomic_load(&released));
    pvt_destroy(context);
    test_pair_free(&pair);
}

/* ---- destroyed in any state ----------------------------------------------------------------- */

void test_destroy_at_any_time(void)
{
    for (int threads = 1; threads <= 3; threads++)
        for (int state = 0; state < 7; state++) {
            const pvt_config config = test_config(66, 52, 10, threads);
            pvt_context *context = test_create(&config);
            test_pair pair = test_pair_make(&config, 90, 0, ODD);
            pvt_features row;
            int ready;
            for (int i = 0; i < state && i < 3; i++)
                test_push(context, pair.ref, pair.ref_stride, pair.dis, pair.dis_stride, &row, &ready);
            if (state == 4)
                pvt_flush(context, &row, &ready);
            if (state == 5)
                pvt_reset(context);
            if (state == 6) {
                test_set_sample(&config, pair.ref, pair.ref_stride, 1, 1, 65535);
                EXPECT_STATUS(pvt_skip(context, pair.ref, pair.ref_stride, &row, &ready),
                              PVT_ERROR_SAMPLE_RANGE);
            }
            test_pair_free(&pair); /* before the context: it keeps no caller's memory */
            pvt_destroy(context);
        }
}
