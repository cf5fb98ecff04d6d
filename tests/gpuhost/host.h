/* A device on the host, for tests: what the kernels ask of it, and what its parts share. */
#ifndef GPUHOST_HOST_H
#define GPUHOST_HOST_H

#include <stddef.h>
#include <stdint.h>

enum { HOST_MOST_BUFFERS = 256, HOST_MOST_ARGUMENTS = 32 };

/* A kernel of the compiled text; `call` hands each argument to its parameter. */
typedef struct host_kernel {
    const char *name;
    int parameters;
    void (*call)(void *const *arguments);
} host_kernel;

extern const host_kernel host_kernels[];
extern const int host_kernel_count;

/* Where the running item is. A phase is what lies between two barriers. */
typedef struct host_place {
    const char *kernel;
    int groups[3], group[3];
    unsigned launch, group_number, phase;
    int item;
    const char *file; /* of the barrier that the item has passed last; NULL before the first */
    int line;
} host_place;

extern host_place host_now;

/* A buffer of the device, or an object that the items of a group share. */
typedef struct host_object {
    unsigned char *start;
    size_t size;
    int is_shared;
    unsigned launch, group_number; /* a shared object: of the group that has it */
    void *shadow;                  /* the race checker's */
} host_object;

extern host_object host_objects[HOST_MOST_BUFFERS];
extern int host_object_count;

/* Barrier of the running group, at a place in the text. */
void host_barrier(const char *file, int line);

/* An object that the group shares; its contents are undefined when the group begins. */
void host_shared(void *object, size_t size);

/* Runs all groups of a kernel, one after the other. */
void host_launch(const host_kernel *kernel, const int groups[3], void *const *arguments);

/* Makes a buffer of exactly that size with undefined contents; its number. */
int host_allocate(size_t size);

void host_free_all(void);

/* Whether the address is on the stack of an item. */
int host_is_stack(const void *address);

/* Leaves out the barrier at that place: "adm.cl:88". */
void host_leave_out(const char *place);

/* Says what is wrong, where, and ends the process. */
_Noreturn void host_fail(const char *format, ...);

#endif
