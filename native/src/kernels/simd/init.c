/* Overwrites the kernel table with what a SIMD tier does better. */
#include "tier.h"

#include "kernels/simd/routines.h"

void TIER(pvt_kernels_init)(pvt_kernels *kernels)
{
    kernels->tier = TIER_NAME;
    kernels->vif.reference_columns_u8 = TIER(vif_reference_columns_u8);
    kernels->vif.reference_columns_u16 = TIER(vif_reference_columns_u16);
    kernels->vif.distorted_columns_u8 = TIER(vif_distorted_columns_u8);
    kernels->vif.distorted_columns_u16 = TIER(vif_distorted_columns_u16);
    kernels->vif.decimate = TIER(vif_decimate);
    kernels->vif.reference_statistics = TIER(vif_reference_statistics);
    kernels->vif.pair_statistics = TIER(vif_pair_statistics);
    kernels->adm.columns_u8 = TIER(adm_columns_u8);
    kernels->adm.columns_u16 = TIER(adm_columns_u16);
    kernels->adm.columns_s16 = TIER(adm_columns_s16);
    kernels->adm.columns_s32 = TIER(adm_columns_s32);
    kernels->adm.rows_s16 = TIER(adm_rows_s16);
    kernels->adm.rows_s32 = TIER(adm_rows_s32);
    kernels->adm.decouple_s16 = TIER(adm_decouple_s16);
    kernels->adm.decouple_s32 = TIER(adm_decouple_s32);
    kernels->adm.pool_s16 = TIER(adm_pool_s16);
    kernels->adm.pool_s32 = TIER(adm_pool_s32);
    kernels->adm.energy_s16 = TIER(adm_energy_s16);
    kernels->adm.energy_s32 = TIER(adm_energy_s32);
    kernels->motion.sad_u8 = TIER(motion_sad_u8);
    kernels->motion.sad_u16 = TIER(motion_sad_u16);
    kernels->or_u16 = TIER(or_u16);
    kernels->copy_u8 = TIER(copy_u8);
    kernels->copy_u16 = TIER(copy_u16);
}
