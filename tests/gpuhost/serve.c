/*
 * The device as a process: commands come on standard input, what is downloaded goes to standard
 * output, and what sanitizers and host_fail() have to say to standard error. See backend.py.
 *
 *   serve [BARRIER]        leaves out the barrier at that place, "adm.cl:88"
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
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

static unsigned char *piece(const uint64_t *where, uint64_t size)
{
    if (where[0] >= (uint64_t)host_object_count || host_objects[where[0]].is_shared)
        host_fail("no buffer %d", (int)where[0]);
    const host_object *object = &host_objects[where[0]];
    if (where[1] > object->size || size > object->size - where[1])
        host_fail("a copy leaves buffer %d: %zu bytes at %zu of %zu", (int)where[0], (size_t)size,
                  (size_t)where[1], object->size);
    return object->start + where[1];
}

static void launch(const uint64_t *words)
{
    void *arguments[HOST_MOST_ARGUMENTS];
    uint64_t buffers[HOST_MOST_ARGUMENTS];
    const host_kernel *kernel = &host_kernels[words[0]];
    const int groups[3] = {(int)words[1], (int)words[2], (int)words[3]};
    transfer(1, buffers, 8 * (size_t)words[4]);
    if (words[4] != (uint64_t)kernel->parameters)
        host_fail("%s has %d parameters, not %d", kernel->name, kernel->parameters, (int)words[4]);
    for (int i = 0; i < kernel->parameters; i++)
        arguments[i] = piece((uint64_t[]){buffers[i], 0}, 0);
    host_launch(kernel, groups, arguments);
}

int main(int argc, char **argv)
{
    uint64_t words[6];
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
        switch (words[0]) {
        case ALLOCATE:
            words[1] = (uint64_t)host_allocate(words[1]);
            transfer(0, words + 1, 8);
            break;
        case UPLOAD:
            transfer(1, piece(words + 1, words[3]), words[3]);
            break;
        case COPY:
            memcpy(piece(words + 1, words[5]), piece(words + 3, words[5]), words[5]);
            break;
        case DOWNLOAD:
            transfer(0, piece(words + 1, words[3]), words[3]);
            break;
        case LAUNCH:
            launch(words + 1);
            break;
        default:
            host_fail("no command %d", (int)words[0]);
        }
    }
    host_free_all();
    return 0;
}
