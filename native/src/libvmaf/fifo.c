/* A growing array whose front is used up. See fifo.h. */
#include "fifo.h"

#include <stdlib.h>
#include <string.h>

bool pvl_fifo_reserve(pvl_fifo *fifo)
{
    if (fifo->first + fifo->count < fifo->room)
        return true;
    if (fifo->first >= fifo->count && fifo->first > 0) { /* half of it is used up */
        memmove(fifo->memory, fifo->memory + fifo->first * fifo->size, fifo->count * fifo->size);
        fifo->first = 0;
        return true;
    }
    const size_t room = fifo->room ? 2 * fifo->room : 16;
    unsigned char *memory = realloc(fifo->memory, room * fifo->size);
    if (!memory)
        return false;
    fifo->memory = memory;
    fifo->room = room;
    return true;
}

void pvl_fifo_push(pvl_fifo *fifo, const void *element)
{
    memcpy(fifo->memory + (fifo->first + fifo->count) * fifo->size, element, fifo->size);
    fifo->count++;
}

const void *pvl_fifo_first(const pvl_fifo *fifo) { return fifo->memory + fifo->first * fifo->size; }

void pvl_fifo_pop(pvl_fifo *fifo)
{
    fifo->first++;
    if (--fifo->count == 0)
        fifo->first = 0;
}

void pvl_fifo_free(pvl_fifo *fifo)
{
    free(fifo->memory);
    *fifo = (pvl_fifo){.size = fifo->size};
}
