/* What the checks of the ADM routines share: levels and the ranges of their values. */
#ifndef PVT_ADM_CASE_H
#define PVT_ADM_CASE_H

#include "kernels/check.h"

/* Largest magnitudes that frames can produce, per level (docs/arithmetic.md, "Ranges"). */
enum {
    ADM_APPROXIMATION_0 = 22930,
    ADM_HALF_0 = 27412, /* after the vertical filter */
    ADM_DETAIL_0 = 22841
};
static const uint32_t adm_approximation = 1630000000; /* levels 1 and 2 */
static const uint32_t adm_half[ADM_LEVELS] = {ADM_HALF_0, 1260000000, 1150000000, 580000000};
static const uint32_t adm_detail[ADM_LEVELS] = {ADM_DETAIL_0, 1510000000, 780000000, 770000000};

/* A level as the engine sets it up for bands of that size, apart from the vertical filter. */
static inline adm_level adm_level_of(int index, int width)
{
    static const int32_t weight[ADM_LEVELS][2] = {
        {36453, 49417}, {137373792, 61414028}, {186284160, 104783920}, {196165808, 134487184}};
    int bits = 0;
    while (1 << bits < width)
        bits++;
    return (adm_level){
        .index = index,
        .width = width,
        .height = width,
        .row_shift = index % 2 ? 15 : 16,
        .column_shift = 16,
        .weight = {weight[index][0], weight[index][0], weight[index][1]},
        .cube_shift = {index ? bits : bits - 4, index ? bits : bits - 4, index ? bits : bits - 3},
        .den_square_shift = index == 0 ? 0 : index == 2 ? 30 : 31,
        .den_cube_shift = index ? bits - check_between(0, 1) : 0,
    };
}

static inline void adm_set(check_row *row, int j, int32_t value)
{
    if (row->width == sizeof(int16_t))
        ((int16_t *)(void *)row->zero)[j] = (int16_t)value;
    else
        ((int32_t *)(void *)row->zero)[j] = value;
}

/* A row of coefficients with that content. */
static inline void adm_row_draw(check_row *row, int elements, size_t width,
                                const check_content *content, int y)
{
    check_row_place(row, elements, width);
    for (int j = 0; j < elements; j++)
        adm_set(row, j, check_content_signed_at(content, y, j));
}

#endif
