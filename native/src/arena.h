/*
 * One block of memory for a whole context, cut into aligned pieces.
 *
 * Laid out twice by the same code: first with no block, to learn the size, then for real.
 */
#ifndef PVT_ARENA_H
#define PVT_ARENA_H

#include <stddef.h>
#include <stdint.h>

enum { PVT_ALIGNMENT = 64 };

typedef struct pvt_arena {
    uint8_t *block; /* NULL while measuring */
    size_t used;
} pvt_arena;

/* The next `size` bytes, aligned to PVT_ALIGNMENT; NULL while measuring. */
static inline void *pvt_arena_take(pvt_arena *arena, size_t size)
{
    void *piece = arena->block ? arena->block + arena->used : NULL;
    arena->used += (size + PVT_ALIGNMENT - 1) / PVT_ALIGNMENT * PVT_ALIGNMENT;
    return piece;
}

/* A piece with `before` bytes of margin in front; the result points behind the margin. */
static inline void *pvt_arena_take_padded(pvt_arena *arena, size_t before, size_t size,
                                          size_t after)
{
    uint8_t *piece = pvt_arena_take(arena, before + size + after);
    return piece ? piece + before : NULL;
}

#endif
