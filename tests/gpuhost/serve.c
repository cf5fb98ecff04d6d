/*
 * The device as a process: commands come on standard input, what is downloaded goes to standard
 * output, and what sanitizers and host_fail() have to say to standard error. See backend.py.
 *
 *   serve [BARRIER]        leaves out the barrier at that place, "adm.cl:88"
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <sanitizer/asan_interface.h>
#include <string.h>
#include <unistd.h>

enum { ALLOCATE, UPLOAD, COPY, DOWNLOAD, LAUNCH };

static void transfer(int is_read, void *memory, size_t size)
{
    unsigned char *at = memory;
    while (size) {
        const ssize_t done = is_read ? read(STDIN_FILENO, at, size) : write(STDOUT_FILENO, at, size);
        if (done <= 0)
            host_fail("the other side has gone");
        at += done;
        size -= (size_t)done;
    }
}

/* Commands name a piece of a buffer by three words. */
typedef struct piece {
    uint64_t number, offset, size;
} piece;

static unsigned char *start_of(const piece *p)
{
    if (p->number >= (uint64_t)host_object_count || host_objects[p->number].is_shared)
        host_fail("no buffer %d", (int)p->number);
    const host_object *object = &host_objects[p->number];
    if (p->offset > object->size || p->size > object->size - p->offset)
        host_fail("%zu bytes at %zu of %zu", (size_t)p->size, (size_t)p->offset, object->size);
    return object->start + p->offset;
}

/* What is beside a piece, but not beside every piece of the same buffer, is not to be touched. */
static void guard(const piece *pieces, int count, int is_on)
{
    for (int i = 0; i < count; i++) {
        const host_object *object = &host_objects[pieces[i].number];
        unsigned char *start = object->start + pieces[i].offset, *end = start + pieces[i].size;
        int others = 0;
        for (int j = 0; j < count; j++)
            others += j != i && pieces[j].number == pieces[i].number;
        if (is_on && !others) {
            ASAN_POISON_MEMORY_REGION(object->start, (size_t)(start - object->start));
            ASAN_POISON_MEMORY_REGION(end, object->size - (size_t)(end - object->start));
        } else
            ASAN_UNPOISON_MEMORY_REGION(object->start, object->size);
    }
}

static void launch(const uint64_t *words)
{
    void *arguments[HOST_MOST_ARGUMENTS];
    piece pieces[HOST_MOST_ARGUMENTS];
    const host_kernel *kernel = &host_kernels[words[0]];
    const int groups[3] = {(int)words[1], (int)words[2], (int)words[3]}, count = (int)words[4];
    if (count != kernel->parameters || count > HOST_MOST_ARGUMENTS)
        host_fail("%s has %d parameters, not %d", kernel->name, kernel->parameters, count);
    transfer(1, pieces, sizeof(piece) * (size_t)count);
    for (int i = 0; i < count; i++)
        arguments[i] = start_of(&pieces[i]);
    guard(pieces, count, 1);
    host_launch(kernel, groups, arguments);
    guard(pieces, count, 0);
}

int main(int argc, char **argv)
{
    uint64_t words[7];
    piece pieces[2];
    host_now.kernel = "no kernel";
    if (argc > 1)
        host_leave_out(argv[1]);
    for (;;) {
        const ssize_t got = read(STDIN_FILENO, words, sizeof words);
        if (got == 0)
            break;
        if (got < 0)
            host_fail("the other side has gone");
        transfer(1, (unsigned char *)words + got, sizeof words - (size_t)got);
        memcpy(pieces, words + 1, sizeof pieces);
        switch (words[0]) {
        case ALLOCATE:
            words[1] = (uint64_t)host_allocate(words[1]);
            transfer(0, words + 1, 8);
            break;
        case UPLOAD:
            transfer(1, start_of(pieces), pieces[0].size);
            break;
        case COPY:
            memcpy(start_of(&pieces[0]), start_of(&pieces[1]), pieces[0].size);
            break;
        case DOWNLOAD:
            transfer(0, start_of(pieces), pieces[0].size);
            break;
        case LAUNCH:
            launch(words + 1);
            transfer(0, words, 8); /* it is done */
            break;
        default:
            host_fail("no command %d", (int)words[0]);
        }
    }
    host_free_all();
    return 0;
}
