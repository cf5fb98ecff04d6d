/* Names of the NEON tier. */
#ifndef PVT_NEON_TIER_H
#define PVT_NEON_TIER_H

#define TIER(name) name##_neon
#define TIER_NAME "neon"

#endif
