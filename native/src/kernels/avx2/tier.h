/* Names of the AVX2 tier. */
#ifndef PVT_AVX2_TIER_H
#define PVT_AVX2_TIER_H

#define TIER(name) name##_avx2
#define TIER_NAME "avx2"

#endif
