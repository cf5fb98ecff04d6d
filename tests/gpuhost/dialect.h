/*
 * The kernels' third language, for tests: C11 on the host, where compilers have sanitizers. It
 * stands in for native/gpu/dialect.h; what the functions do is in host.c.
 */
#include <math.h>
#include <string.h>

#include "host.h"

typedef unsigned char u8;
typedef short i16;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;

#define KERNEL static void
#define INLINE static inline
#define GLOBAL
#define LOCAL
#define SHARED static __attribute__((aligned(16))) /* sanitizers surround it; build.py has every item announce it */
#define CONSTANT static const

#define UNWATCHED __attribute__((no_sanitize_thread)) static /* reads what belongs to the host */

UNWATCHED int item_id(void) { return host_now.item; }
UNWATCHED int group_x(void) { return host_now.group[0]; }
UNWATCHED int group_y(void) { return host_now.group[1]; }
UNWATCHED int group_z(void) { return host_now.group[2]; }
UNWATCHED int groups_x(void) { return host_now.groups[0]; }
UNWATCHED int groups_y(void) { return host_now.groups[1]; }
#define group_barrier() host_barrier(__FILE__, __LINE__)
INLINE u32 opaque(u32 x) { return x; }
INLINE int top_bit(u32 x) { return 31 - __builtin_clz(x); }

typedef u32 words4 __attribute__((vector_size(16)));

INLINE void load4(const u32 *from, u32 to[4])
{
    const words4 all = *(const words4 *)from;
    for (int i = 0; i < 4; i++)
        to[i] = all[i];
}

INLINE void store4(u32 *to, const u32 from[4])
{
    *(words4 *)to = (words4){from[0], from[1], from[2], from[3]};
}

INLINE u32 bits_of(float x)
{
    u32 bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

INLINE float float_of(u32 bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

INLINE double double_of(u64 bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
