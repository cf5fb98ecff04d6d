/* Hostile content. See check.h. */
#include "kernels/check.h"

#include <stdio.h>

enum content_kind {
    ZERO,
    MAXIMUM,
    CONSTANT,
    NEAR_ZERO,
    NEAR_MAXIMUM,
    NEAR_MIDDLE,
    UNIFORM,
    EXTREMES,
    CHECKERS,
    STRIPES_DOWN,
    STRIPES_ACROSS,
    RAMP_ACROSS,
    RAMP_DOWN,
    IMPULSES,
    TEXTURE,
    ROUND_NUMBERS, /* many zeros at the end: sums that lie half-way between two roundings */
    NOISE_POWER,   /* variances around the noise power that separates flat from textured */
    CONTENT_KINDS
};

static const char *const content_names[CONTENT_KINDS] = {
    "zero",         "maximum",     "constant",       "near zero",   "near maximum", "near middle",
    "uniform",      "extremes",    "checkers",       "stripes down", "stripes across",
    "ramp across",  "ramp down",   "impulses",       "texture",     "round numbers", "noise power",
};

/* 0 .. bound. */
static uint32_t below(uint32_t bound)
{
    return (uint32_t)random_between(&check_random, 0, bound);
}

check_content check_content_draw(uint32_t maximum)
{
    check_content content = {
        .kind = check_between(0, CONTENT_KINDS - 1),
        .maximum = maximum,
        .period = check_between(1, 9),
        .phase = check_between(0, 17),
        .level = below(maximum),
    };
    /* amplitudes of all magnitudes, so that variances fall on either side of the noise power */
    content.amplitude = below(maximum >> check_between(0, 16)) + 1;
    if (content.kind == NOISE_POWER)
        content.amplitude = maximum / 52 + below(maximum / 200 + 1);
    return content;
}

check_content check_content_typical(uint32_t maximum)
{
    return (check_content){
        .kind = TEXTURE, .maximum = maximum, .period = 1, .level = maximum / 4, .amplitude = maximum / 2};
}

const char *check_content_name(const check_content *content)
{
    return content_names[content->kind];
}

uint32_t check_content_at(const check_content *content, int y, int x)
{
    const uint32_t top = content->maximum, few = top < 3 ? top : 3;
    const int column = (x + content->phase) / content->period;
    const int row = (y + content->phase) / content->period;
    switch (content->kind) {
    case ZERO: return 0;
    case MAXIMUM: return top;
    case CONSTANT: return content->level;
    case NEAR_ZERO: return below(few);
    case NEAR_MAXIMUM: return top - below(few);
    case NEAR_MIDDLE: return top / 2 - few / 2 + below(few);
    case UNIFORM: return below(top);
    case EXTREMES: return random_bits(&check_random) & 1 ? top : 0;
    case CHECKERS: return (row + column) & 1 ? top : 0;
    case STRIPES_DOWN: return column & 1 ? top : 0;
    case STRIPES_ACROSS: return row & 1 ? top : 0;
    case RAMP_ACROSS: return (uint32_t)(((uint64_t)x * content->amplitude) % ((uint64_t)top + 1));
    case RAMP_DOWN: return (uint32_t)(((uint64_t)y * content->amplitude) % ((uint64_t)top + 1));
    case IMPULSES: return below(30) ? content->level : random_bits(&check_random) & 1 ? top : 0;
    case ROUND_NUMBERS: {
        const int64_t middle = ((int64_t)top + 1) / 2;
        const int64_t unit = (int64_t)1 << (content->phase % 17);
        const int64_t sample = middle + ((int64_t)below(top) - middle) / unit * unit;
        return sample > top ? top : (uint32_t)sample;
    }
    default: {
        const uint64_t sample = (uint64_t)content->level + below(content->amplitude);
        return sample < top ? (uint32_t)sample : top;
    }
    }
}

int32_t check_content_signed_at(const check_content *content, int y, int x)
{
    return (int32_t)((int64_t)check_content_at(content, y, x) - content->maximum / 2);
}

/* ---- pairs ---------------------------------------------------------------------------------- */

enum relation_kind { EQUAL, NOISY, AMPLIFIED, INVERTED, UNRELATED, RELATION_KINDS };

static const char *const relation_names[RELATION_KINDS] = {"equal", "noisy", "amplified",
                                                           "inverted", "unrelated"};

check_relation check_relation_draw(uint32_t maximum)
{
    return (check_relation){
        .kind = check_between(0, RELATION_KINDS - 1),
        .gain = check_between(1, 40),
        .noise = below(maximum >> check_between(2, 14)) + 1,
        .other = check_content_draw(maximum),
    };
}

check_relation check_relation_typical(uint32_t maximum)
{
    return (check_relation){.kind = NOISY,
                            .noise = maximum / 16,
                            .other = check_content_typical(maximum)};
}

const char *check_relation_name(const check_relation *relation)
{
    return relation_names[relation->kind];
}

uint32_t check_relation_at(const check_relation *relation, uint32_t sample, int y, int x)
{
    const int64_t top = relation->other.maximum, middle = top / 2;
    int64_t value;
    switch (relation->kind) {
    case EQUAL: return sample;
    case NOISY: value = (int64_t)sample - relation->noise / 2 + below(relation->noise); break;
    case AMPLIFIED: value = middle + ((int64_t)sample - middle) * relation->gain / 16; break;
    case INVERTED: return (uint32_t)top - sample;
    default: return check_content_at(&relation->other, y, x);
    }
    return (uint32_t)(value < 0 ? 0 : value > top ? top : value);
}

/* ---- gain limits ---------------------------------------------------------------------------- */

pvt_limits check_limits_draw(void)
{
    static const double values[] = {100.0, 1.0, 2.0, 32768.0, 32769.0, 1.2, 1.5, 2.75, 99.9, 1e300};
    const int kinds = check_between(0, 2) ? 4 : 10;
    pvt_limits limits = {check_between(0, 2) ? check_between(1, PVT_MAX_GAIN_LIMITS) : 1, {0}};
    for (int l = 0; l < limits.count; l++)
        limits.value[l] = values[check_between(0, kinds - 1)];
    if (!check_between(0, 3)) /* what everyday work asks for */
        limits = (pvt_limits){2, {100.0, 1.0}};
    return limits;
}

const char *check_limits_name(const pvt_limits *limits)
{
    static char name[128];
    int length = 0;
    for (int l = 0; l < limits->count; l++)
        length += snprintf(name + length, sizeof name - (size_t)length, "%s%g", l ? " and " : "",
                           limits->value[l]);
    return name;
}
