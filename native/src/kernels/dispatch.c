/* Picks the tier: from the CPU and a mask, never from the data. */
#include "kernels/kernels.h"

uint32_t pvt_cpu_flags(void)
{
    uint32_t flags = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        flags |= PVT_CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        flags |= PVT_CPU_AVX512;
        if (__builtin_cpu_supports("avx512vnni"))
            flags |= PVT_CPU_AVX512ICL;
    }
#elif defined(__aarch64__)
    flags |= PVT_CPU_NEON; /* part of the base instruction set */
#endif
    return flags;
}

void pvt_kernels_init(pvt_kernels *kernels, uint32_t cpu_mask)
{
    const uint32_t flags = pvt_cpu_flags() & ~cpu_mask;
    (void)flags;
    pvt_kernels_init_scalar(kernels);
#if defined(__x86_64__)
    if (!(flags & PVT_CPU_AVX2))
        return;
    pvt_kernels_init_avx2(kernels);
    if (!(flags & PVT_CPU_AVX512))
        return;
    pvt_kernels_init_avx512(kernels);
    if (!(flags & PVT_CPU_AVX512ICL))
        return;
    pvt_kernels_init_avx512icl(kernels);
#elif defined(__aarch64__)
    if (flags & PVT_CPU_NEON)
        pvt_kernels_init_neon(kernels);
#endif
}

const char *pvt_tier(uint32_t cpu_mask)
{
    pvt_kernels kernels;
    pvt_kernels_init(&kernels, cpu_mask);
    return kernels.tier;
}
