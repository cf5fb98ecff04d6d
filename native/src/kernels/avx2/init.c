/* Fills the kernel table with this tier. */
#include "kernels/avx2/tier.h"
#include "kernels/simd/init.h"
