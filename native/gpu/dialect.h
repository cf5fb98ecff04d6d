/*
 * One text, two languages: what differs between OpenCL C and CUDA C++, and nothing else.
 *
 * The kernels are compiled at run time. The host joins the files of this folder, this one first,
 * and hands the text to the OpenCL runtime or to NVRTC; there are no includes.
 *
 * Rounding is part of the definition: products and sums are never fused (a pragma here, -fmad=false
 * there), and doubles appear only where the definition has them.
 *
 * opaque hides from the compiler how a value came about, where what it makes of that is slower.
 * top_bit is the position of the highest bit that is set, of x > 0.
 * load4 and store4 move four words of local memory at once, from and to a multiple of 16 bytes.
 */
#ifdef __OPENCL_VERSION__

#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#pragma OPENCL FP_CONTRACT OFF

typedef uchar u8;
typedef short i16;
typedef ushort u16;
typedef int i32;
typedef uint u32;
typedef long i64;
typedef ulong u64;

#define KERNEL __attribute__((reqd_work_group_size(ITEMS, 1, 1))) kernel void
#define INLINE __attribute__((always_inline)) static
#define GLOBAL global
#define LOCAL local
#define SHARED local __attribute__((aligned(16)))
#define CONSTANT constant

INLINE int item_id(void) { return (int)get_local_id(0); }
INLINE int group_x(void) { return (int)get_group_id(0); }
INLINE int group_y(void) { return (int)get_group_id(1); }
INLINE int group_z(void) { return (int)get_group_id(2); }
INLINE int groups_x(void) { return (int)get_num_groups(0); }
INLINE int groups_y(void) { return (int)get_num_groups(1); }
INLINE void group_barrier(void) { barrier(CLK_LOCAL_MEM_FENCE); }
INLINE u32 opaque(u32 x) { return x; }
INLINE int top_bit(u32 x) { return 31 - (int)clz(x); }
INLINE void load4(LOCAL const u32 *from, u32 to[4])
{
    const uint4 all = *(LOCAL const uint4 *)from;
    to[0] = all.s0, to[1] = all.s1, to[2] = all.s2, to[3] = all.s3;
}
INLINE void store4(LOCAL u32 *to, const u32 from[4])
{
    *(LOCAL uint4 *)to = (uint4)(from[0], from[1], from[2], from[3]);
}
INLINE u32 bits_of(float x) { return as_uint(x); }
INLINE float float_of(u32 bits) { return as_float(bits); }
INLINE double double_of(u64 bits) { return as_double(bits); }

#else

typedef unsigned char u8;
typedef short i16;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;

/* At least three groups per multiprocessor: few enough registers for 24 warps to hide latencies. */
#define KERNEL extern "C" __global__ void __launch_bounds__(ITEMS, 3)
#define INLINE static __device__ __forceinline__
#define GLOBAL
#define LOCAL
#define SHARED __shared__ __align__(16)
#define CONSTANT __constant__ const

INLINE int item_id(void) { return (int)threadIdx.x; }
INLINE int group_x(void) { return (int)blockIdx.x; }
INLINE int group_y(void) { return (int)blockIdx.y; }
INLINE int group_z(void) { return (int)blockIdx.z; }
INLINE int groups_x(void) { return (int)gridDim.x; }
INLINE int groups_y(void) { return (int)gridDim.y; }
INLINE void group_barrier(void) { __syncthreads(); }
INLINE u32 opaque(u32 x)
{
    asm("" : "+r"(x));
    return x;
}
INLINE int top_bit(u32 x)
{
    int at; /* one instruction; 31 - __clz(x) is two */
    asm("bfind.u32 %0, %1;" : "=r"(at) : "r"(x));
    return at;
}
INLINE void load4(const u32 *from, u32 to[4])
{
    const uint4 all = *(const uint4 *)from;
    to[0] = all.x, to[1] = all.y, to[2] = all.z, to[3] = all.w;
}
INLINE void store4(u32 *to, const u32 from[4])
{
    *(uint4 *)to = make_uint4(from[0], from[1], from[2], from[3]);
}
INLINE u32 bits_of(float x) { return __float_as_uint(x); }
INLINE float float_of(u32 bits) { return __uint_as_float(bits); }
INLINE double double_of(u64 bits) { return __longlong_as_double((i64)bits); }

#endif
