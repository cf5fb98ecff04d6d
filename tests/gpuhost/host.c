/*
 * Work groups as coroutines of one thread: every item runs until its barrier, then the next one
 * does. So a run is the same every time, and nothing is lost to waiting.
 */
#define _GNU_SOURCE
#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define UNDEFINED(memory, size) __msan_poison(memory, size)
#endif
#endif
#ifndef UNDEFINED
#define UNDEFINED(memory, size) memset(memory, number_of("GPUHOST_FILL"), size)
#endif

/* A variable of the environment that is a number: GPUHOST_FILL, the byte that undefined memory is
 * full of, and GPUHOST_CORNERS, 1: only the first and last groups of every dimension run, and
 * buffers are left as they come, so that they may be larger than the machine's memory. */
static int number_of(const char *variable)
{
    const char *value = getenv(variable);
    return value ? atoi(value) : 0;
}

enum { STACK_BYTES = 512 << 10, EXIT_FAULT = 3 };

host_place host_now;
host_object host_objects[HOST_MOST_BUFFERS];
int host_object_count;

/* An item: where it goes on, and the barrier at which it waits, or whether it has ended. */
typedef struct host_item {
    ucontext_t context;
    const char *file;
    int line, has_ended;
} host_item;

static host_item items[ITEMS];
static ucontext_t scheduler;
static unsigned char *stacks;
static const host_kernel *running;
static void *const *running_arguments;
static const char *left_out;

void host_fail(const char *format, ...)
{
    va_list arguments;
    const host_place *now = &host_now;
    fprintf(stderr, "%s, group %d %d %d, item %d, ", now->kernel, now->group[0], now->group[1],
            now->group[2], now->item);
    if (now->file)
        fprintf(stderr, "behind the barrier at %s:%d: ", now->file, now->line);
    else
        fprintf(stderr, "before any barrier: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    fflush(stderr);
    _Exit(EXIT_FAULT);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static host_object *add_object(void *start, size_t size, int is_shared)
{
    if (host_object_count == HOST_MOST_BUFFERS)
        host_fail("more than %d buffers", HOST_MOST_BUFFERS);
    host_object *object = &host_objects[host_object_count++];
    object->start = start;
    object->size = size;
    object->is_shared = is_shared;
    return object;
}

int host_allocate(size_t size)
{
    unsigned char *start = malloc(size);
    if (!start)
        host_fail("no memory");
    if (!number_of("GPUHOST_CORNERS"))
        UNDEFINED(start, size);
    add_object(start, size, 0);
    return host_object_count - 1;
}

void host_shared(void *start, size_t size)
{
    host_object *object = NULL;
    for (int i = 0; i < host_object_count && !object; i++)
        if (host_objects[i].start == start)
            object = &host_objects[i];
    if (object && object->launch == host_now.launch &&
        object->group_number == host_now.group_number)
        return;
    if (!object)
        object = add_object(start, size, 1);
    object->launch = host_now.launch;
    object->group_number = host_now.group_number;
    UNDEFINED(start, size);
}

void host_free_all(void)
{
    for (int i = 0; i < host_object_count; i++) {
        if (!host_objects[i].is_shared)
            free(host_objects[i].start);
        free(host_objects[i].shadow);
    }
    if (stacks)
        munmap(stacks, (size_t)STACK_BYTES * ITEMS);
}

int host_is_stack(const void *address)
{
    return (uintptr_t)address - (uintptr_t)stacks < (uintptr_t)STACK_BYTES * ITEMS;
}

/* ---- groups ---------------------------------------------------------------------------------- */

static void item_main(void)
{
    running->call(running_arguments);
    items[host_now.item].has_ended = 1;
    /* uc_link leads back to the scheduler */
}

static void begin_item(int i)
{
    host_item *item = &items[i];
    unsigned char *stack = stacks + (size_t)STACK_BYTES * i;
    memset(item, 0, sizeof *item);
    if (getcontext(&item->context))
        host_fail("no context");
    item->context.uc_stack.ss_sp = stack;
    item->context.uc_stack.ss_size = STACK_BYTES;
    item->context.uc_link = &scheduler;
    makecontext(&item->context, item_main, 0);
    /* Or the address sanitizer would forget, at every switch, what it knows of the stack. */
    item->context.uc_stack.ss_sp = NULL;
    item->context.uc_stack.ss_size = 0;
}

void host_leave_out(const char *place) { left_out = place; }

void host_barrier(const char *file, int line)
{
    if (left_out) {
        const size_t length = strlen(file);
        if (strncmp(left_out, file, length) == 0 && left_out[length] == ':' &&
            atoi(left_out + length + 1) == line)
            return;
    }
    host_item *item = &items[host_now.item];
    item->file = file;
    item->line = line;
    swapcontext(&item->context, &scheduler);
}

/* All items have to have come to the same barrier, or all to the end. */
static int all_have_ended(void)
{
    const host_item *first = &items[0];
    for (int i = 1; i < ITEMS; i++) {
        const host_item *item = &items[i];
        host_now.item = i;
        if (item->has_ended != first->has_ended)
            host_fail("some items have ended while others wait at the barrier at %s:%d",
                      item->has_ended ? first->file : item->file,
                      item->has_ended ? first->line : item->line);
        if (!item->has_ended && (item->line != first->line || strcmp(item->file, first->file)))
            host_fail("items wait at different barriers, at %s:%d and at %s:%d", first->file,
                      first->line, item->file, item->line);
    }
    return first->has_ended;
}

static void run_group(void)
{
    for (int i = 0; i < ITEMS; i++)
        begin_item(i);
    host_now.phase = 0;
    do {
        host_now.phase++;
        for (int i = 0; i < ITEMS; i++) {
            host_now.item = i;
            host_now.file = items[i].file;
            host_now.line = items[i].line;
            swapcontext(&scheduler, &items[i].context);
        }
    } while (!all_have_ended());
}

static int next_group(int group, int groups)
{
    return number_of("GPUHOST_CORNERS") && group + 1 < groups - 1 ? groups - 1 : group + 1;
}

void host_launch(const host_kernel *kernel, const int groups[3], void *const *arguments)
{
    if (!stacks) {
        stacks = mmap(NULL, (size_t)STACK_BYTES * ITEMS, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (stacks == MAP_FAILED)
            host_fail("no memory for stacks");
    }
    running = kernel;
    running_arguments = arguments;
    host_now.kernel = kernel->name;
    host_now.launch++;
    host_now.group_number = 0;
    memcpy(host_now.groups, groups, sizeof host_now.groups);
    for (int z = 0; z < groups[2]; z = next_group(z, groups[2]))
        for (int y = 0; y < groups[1]; y = next_group(y, groups[1]))
            for (int x = 0; x < groups[0]; x = next_group(x, groups[0])) {
                host_now.group[0] = x;
                host_now.group[1] = y;
                host_now.group[2] = z;
                host_now.group_number++;
                run_group();
            }
}
