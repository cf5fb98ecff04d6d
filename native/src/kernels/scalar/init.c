/* Fills the kernel table with the scalar tier. */
#include "kernels/scalar/scalar.h"

void pvt_kernels_init_scalar(pvt_kernels *kernels)
{
    *kernels = (pvt_kernels){
        .tier = "scalar",
        .vif =
            {
                .reference_columns_u8 = vif_reference_columns_u8_scalar,
                .reference_columns_u16 = vif_reference_columns_u16_scalar,
                .distorted_columns_u8 = vif_distorted_columns_u8_scalar,
                .distorted_columns_u16 = vif_distorted_columns_u16_scalar,
                .decimate = vif_decimate_scalar,
                .reference_statistics = vif_reference_statistics_scalar,
                .pair_statistics = vif_pair_statistics_scalar,
            },
        .adm =
            {
                .columns_u8 = adm_columns_u8_scalar,
                .columns_u16 = adm_columns_u16_scalar,
                .columns_s16 = adm_columns_s16_scalar,
                .columns_s32 = adm_columns_s32_scalar,
                .rows_s16 = adm_rows_s16_scalar,
                .rows_s32 = adm_rows_s32_scalar,
                .decouple_s16 = adm_decouple_s16_scalar,
                .decouple_s32 = adm_decouple_s32_scalar,
                .pool_s16 = adm_pool_s16_scalar,
                .pool_s32 = adm_pool_s32_scalar,
                .energy_s16 = adm_energy_s16_scalar,
                .energy_s32 = adm_energy_s32_scalar,
            },
        .motion = {.sad_u8 = motion_sad_u8_scalar, .sad_u16 = motion_sad_u16_scalar},
        .or_u16 = or_u16_scalar,
        .copy_u8 = copy_u8_scalar,
        .copy_u16 = copy_u16_scalar,
    };
}
