/* Small helpers on planes: mirrored coordinates and row arrays. */
#ifndef PVT_PLANE_H
#define PVT_PLANE_H

#include <stddef.h>
#include <stdint.h>

/* A plane of samples; the stride is in bytes. */
typedef struct pvt_plane {
    const uint8_t *data;
    ptrdiff_t stride;
} pvt_plane;

static inline const uint8_t *pvt_row(pvt_plane plane, int y)
{
    return plane.data + plane.stride * (ptrdiff_t)y;
}

/* Reflection about the edge samples: -k reads k, n-1+k reads n-1-k. */
static inline int pvt_mirror(int i, int n)
{
    i = i < 0 ? -i : i;
    return i < n ? i : 2 * (n - 1) - i;
}

/* Pointers to rows first .. first+n-1 of a plane of the given height, mirrored at its edges. */
static inline void pvt_row_array(pvt_plane plane, int height, int first, int n,
                                 const uint8_t **rows)
{
    for (int i = 0; i < n; i++)
        rows[i] = pvt_row(plane, pvt_mirror(first + i, height));
}

static inline int pvt_min(int a, int b) { return a < b ? a : b; }

static inline int pvt_max(int a, int b) { return a > b ? a : b; }

#endif
