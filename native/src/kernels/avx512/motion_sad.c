/* Motion. The text is in simd/motion_sad.h. */
#include "kernels/avx512/tier.h"
#include "kernels/avx512/vector.h"
#include "kernels/scalar/scalar.h"
#include "kernels/simd/routines.h"
#include "kernels/simd/motion_sad.h"

uint64_t TIER(motion_sad_u8)(const uint8_t *const *previous, const uint8_t *const *current,
                             int rows, int width, int32_t *scratch)
{
    return motion_sad(previous, current, rows, width, 8, 0, scratch);
}

uint64_t TIER(motion_sad_u16)(const uint8_t *const *previous, const uint8_t *const *current,
                              int rows, int width, int bit_depth, int32_t *scratch)
{
    if (bit_depth == 16) /* differences need 17 bits */
        return motion_sad_u16_scalar(previous, current, rows, width, bit_depth, scratch);
    return motion_sad(previous, current, rows, width, bit_depth, 1, scratch);
}
