/* First in, first out: frame numbers that are due, rows that are complete. */
#ifndef PVL_FIFO_H
#define PVL_FIFO_H

#include <stdbool.h>
#include <stddef.h>

typedef struct pvl_fifo {
    size_t size; /* of one element */
    size_t first, count, room;
    unsigned char *memory;
} pvl_fifo;

/* Makes room for one more element; false when there is no memory. */
bool pvl_fifo_reserve(pvl_fifo *fifo);

/* The room that was reserved becomes the last element. */
void pvl_fifo_push(pvl_fifo *fifo, const void *element);

/* The first element; there must be one. */
const void *pvl_fifo_first(const pvl_fifo *fifo);

void pvl_fifo_pop(pvl_fifo *fifo);

void pvl_fifo_free(pvl_fifo *fifo);

#endif
