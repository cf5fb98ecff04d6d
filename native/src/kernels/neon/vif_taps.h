/* The weights of the VIF low-pass kernels, in 1/65536 (after a tier's vector.h). */
#ifndef PVT_NEON_VIF_TAPS_H
#define PVT_NEON_VIF_TAPS_H

INLINE int vif_tap(int radius, int tap)
{
    static const int16_t radius8[] = {489,  935,  1640, 2640, 3896, 5274, 6547, 7455, 7784,
                                      7455, 6547, 5274, 3896, 2640, 1640, 935,  489};
    static const int16_t radius4[] = {1244, 3663, 7925, 12590, 14692, 12590, 7925, 3663, 1244};
    static const int16_t radius2[] = {3571, 16004, 26386, 16004, 3571};
    static const int16_t radius1[] = {10904, 21864, 10904}; /* the centre counts twice */
    if (tap < 0 || tap > 2 * radius)
        return 0;
    return radius == 8   ? radius8[tap]
           : radius == 4 ? radius4[tap]
           : radius == 2 ? radius2[tap]
                         : radius1[tap];
}

#endif
