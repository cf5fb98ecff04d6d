/* libvmaf's pictures: where they come from, and the one copy of the luma into them. */
#ifndef PVL_PICTURES_H
#define PVL_PICTURES_H

#include "segment.h"

/* Lets libvmaf allocate the segment's pictures ahead, where it can. */
pvl_status pvl_pictures_prepare(pvl_shared *shared, pvl_segment *segment);

/* A picture without chroma, of the caller until libvmaf reads it. */
pvl_status pvl_picture_get(pvl_shared *shared, pvl_segment *segment, VmafPicture *picture);

/* Copies a plane; false when a sample exceeds the bit depth. */
bool pvl_picture_fill(const pvl_config *config, VmafPicture *picture, const void *plane,
                      ptrdiff_t stride);

/* Gives a picture back that libvmaf has not read; one that is empty is left alone. */
void pvl_picture_release(pvl_shared *shared, VmafPicture *picture);

#endif
