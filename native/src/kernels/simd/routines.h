/* The routines of a SIMD tier, declared under its names (after its tier.h); see kernels.h. */

#include "kernels/kernels.h"

void TIER(vif_reference_columns_u8)(const vif_level *level, const uint8_t *const *ref, int x,
                                    int rows, int cols, vif_reference_tile *tile);
void TIER(vif_reference_columns_u16)(const vif_level *level, const uint8_t *const *ref, int x,
                                     int rows, int cols, vif_reference_tile *tile);
void TIER(vif_distorted_columns_u8)(const vif_level *level, const uint8_t *const *ref,
                                    const uint8_t *const *dis, int x, int rows, int cols,
                                    vif_distorted_tile *tile);
void TIER(vif_distorted_columns_u16)(const vif_level *level, const uint8_t *const *ref,
                                     const uint8_t *const *dis, int x, int rows, int cols,
                                     vif_distorted_tile *tile);
void TIER(vif_decimate)(const vif_level *level, const int16_t *row, int first, int n,
                        uint16_t *out);
void TIER(vif_reference_statistics)(const vif_level *level, const vif_reference_tile *tile,
                                    int rows, int first, int n, const uint16_t *log_table,
                                    vif_reference_stats *stats, vif_reference_sums *sums);
void TIER(vif_pair_statistics)(const vif_level *level, const vif_distorted_tile *tile,
                               const vif_reference_stats *stats, int rows, int first, int n,
                               const pvt_limits *limits, const uint16_t *log_table,
                               vif_pair_sums *sums);
void TIER(adm_columns_u8)(const uint8_t *const rows[4], int first, int n, int shift, int16_t *low,
                          int16_t *high);
void TIER(adm_columns_u16)(const uint8_t *const rows[4], int first, int n, int shift, int16_t *low,
                           int16_t *high);
void TIER(adm_columns_s16)(const int16_t *const rows[4], int first, int n, int32_t *low,
                           int32_t *high);
void TIER(adm_columns_s32)(const int32_t *const rows[4], int first, int n, int32_t *low,
                           int32_t *high);
void TIER(adm_rows_s16)(const int16_t *low, const int16_t *high, int first, int n, int16_t *approx,
                        int16_t *const bands[ADM_BANDS]);
void TIER(adm_rows_s32)(const int32_t *low, const int32_t *high, int first, int n, int shift,
                        int32_t *approx, int32_t *const bands[ADM_BANDS]);
void TIER(adm_decouple_s16)(const adm_level *level, const int16_t *const ref[ADM_BANDS],
                            const int16_t *const dis[ADM_BANDS], int first, int n,
                            const pvt_limits *limits, const adm_row *out);
void TIER(adm_decouple_s32)(const adm_level *level, const int32_t *const ref[ADM_BANDS],
                            const int32_t *const dis[ADM_BANDS], int first, int n,
                            const pvt_limits *limits, const adm_row *out);
void TIER(adm_pool_s16)(const adm_level *level, const adm_row *above, const adm_row *row,
                        const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS]);
void TIER(adm_pool_s32)(const adm_level *level, const adm_row *above, const adm_row *row,
                        const adm_row *below, int first, int n, uint64_t sums[ADM_BANDS]);
uint64_t TIER(adm_energy_s16)(const int16_t *band, int first, int n);
uint64_t TIER(adm_energy_s32)(const adm_level *level, const int32_t *band, int first, int n);
uint64_t TIER(motion_sad_u8)(const uint8_t *const *previous, const uint8_t *const *current,
                             int rows, int width, int32_t *scratch);
uint64_t TIER(motion_sad_u16)(const uint8_t *const *previous, const uint8_t *const *current,
                              int rows, int width, int bit_depth, int32_t *scratch);
uint16_t TIER(or_u16)(const uint8_t *row, int n);
void TIER(copy_u8)(const uint8_t *from, uint8_t *to, int n);
uint16_t TIER(copy_u16)(const uint8_t *from, uint8_t *to, int n);
