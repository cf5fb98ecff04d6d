/* Names of the AVX-512 tiers: the folder is compiled twice, with and without VNNI. */
#ifndef PVT_AVX512_TIER_H
#define PVT_AVX512_TIER_H

#ifdef __AVX512VNNI__
#define TIER(name) name##_avx512icl
#define TIER_NAME "avx512icl"
#else
#define TIER(name) name##_avx512
#define TIER_NAME "avx512"
#endif

#endif
