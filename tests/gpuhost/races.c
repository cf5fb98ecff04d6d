/*
 * Two accesses to the same byte, of which one writes, need a barrier between them when they are of
 * two items of a group, and a launch when they are of two groups. -fsanitize=thread has the
 * compiler call the functions at the end of this file at every access; items run one after the
 * other, so whatever comes second sees what came first, in any order that they could have run in.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The last access of a kind to a byte. */
typedef struct access {
    unsigned launch, group, phase;
    unsigned char item;
    unsigned char of_items, of_groups; /* whether others had such an access in the phase, launch */
} access;

typedef struct access_record {
    access read, write;
} access_record;

static host_object *object_of(const unsigned char *address)
{
    static int last;
    for (int k = 0; k < host_object_count; k++) {
        const int i = (last + k) % host_object_count;
        host_object *object = &host_objects[i];
        if ((size_t)(address - object->start) < object->size) {
            last = i;
            return object;
        }
    }
    return NULL;
}

/* Whether an access now may meet that one: no barrier, or no end of the kernel, is in between. */
static int meets(const host_object *object, const access *before)
{
    const host_place *now = &host_now;
    if (before->launch != now->launch)
        return 0;
    if (before->group != now->group_number)
        return !object->is_shared; /* a shared object is another one in another group */
    if (before->of_groups && !object->is_shared)
        return 1;
    return before->phase == now->phase && (before->item != now->item || before->of_items);
}

static void note(access *last)
{
    const host_place *now = &host_now;
    const int same_launch = last->launch == now->launch;
    const int same_group = same_launch && last->group == now->group_number;
    const int same_phase = same_group && last->phase == now->phase;
    last->of_groups = same_launch && (last->of_groups || !same_group);
    last->of_items = same_phase && (last->of_items || last->item != now->item);
    last->launch = now->launch;
    last->group = now->group_number;
    last->phase = now->phase;
    last->item = (unsigned char)now->item;
}

static void report(const host_object *object, size_t at, const char *now, const char *earlier,
                   const access *before)
{
    const char *kind = object->is_shared ? "the shared object" : "a buffer";
    if (before->group != host_now.group_number)
        host_fail("race: %s byte %zu of %s of %zu, which group number %u has %s", now, at, kind,
                  object->size, before->group, earlier);
    host_fail("race: %s byte %zu of %s of %zu, which item %d has %s without a barrier since", now,
              at, kind, object->size, before->item, earlier);
}

static void check(const void *address, size_t size, int is_write)
{
    const unsigned char *start = address;
    if (host_is_stack(address))
        return;
    host_object *object = object_of(start);
    if (!object || size > object->size - (size_t)(start - object->start))
        host_fail("%s %zu bytes outside of all buffers and shared objects",
                  is_write ? "writes" : "reads", size);
    if (!object->shadow && !(object->shadow = calloc(object->size, sizeof(access_record))))
        host_fail("no memory");
    access_record *records = object->shadow;
    for (size_t i = (size_t)(start - object->start); size > 0; i++, size--) {
        access_record *record = &records[i];
        if (meets(object, &record->write))
            report(object, i, is_write ? "writes" : "reads", "written", &record->write);
        if (is_write && meets(object, &record->read))
            report(object, i, "writes", "read", &record->read);
        note(is_write ? &record->write : &record->read);
    }
}

/* ---- what the compiler calls ------------------------------------------------------------------ */

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(void *address, size_t size);
void __tsan_write_range(void *address, size_t size);
void *__tsan_memcpy(void *to, const void *from, size_t size);
void *__tsan_memset(void *to, int value, size_t size);

void __tsan_init(void) {}
void __tsan_func_entry(void *caller) { (void)caller; }
void __tsan_func_exit(void) {}
void __tsan_read_range(void *address, size_t size) { check(address, size, 0); }
void __tsan_write_range(void *address, size_t size) { check(address, size, 1); }

void *__tsan_memcpy(void *to, const void *from, size_t size)
{
    check(from, size, 0);
    check(to, size, 1);
    return memcpy(to, from, size);
}

void *__tsan_memset(void *to, int value, size_t size)
{
    check(to, size, 1);
    return memset(to, value, size);
}

#define ACCESSES(size)                                                                             \
    void __tsan_read##size(void *address);                                                         \
    void __tsan_write##size(void *address);                                                        \
    void __tsan_unaligned_read##size(void *address);                                               \
    void __tsan_unaligned_write##size(void *address);                                              \
    void __tsan_read_write##size(void *address);                                                   \
    void __tsan_unaligned_read_write##size(void *address);                                         \
    void __tsan_read##size(void *address) { check(address, size, 0); }                             \
    void __tsan_write##size(void *address) { check(address, size, 1); }                            \
    void __tsan_unaligned_read##size(void *address) { check(address, size, 0); }                   \
    void __tsan_unaligned_write##size(void *address) { check(address, size, 1); }                  \
    void __tsan_read_write##size(void *address)                                                    \
    {                                                                                              \
        check(address, size, 0);                                                                   \
        check(address, size, 1);                                                                   \
    }                                                                                              \
    void __tsan_unaligned_read_write##size(void *address) { __tsan_read_write##size(address); }

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
