/* Fills the kernel table with this tier. */
#include "kernels/avx512/tier.h"
#include "kernels/simd/init.h"
