/*
 * Fuzzing of whole streams: the input chooses a configuration, frames and calls. Every call runs
 * in the context at hand and again in plain twins (scalar tier, one thread, packed rows), one for
 * each rendition under each gain limit; the statuses must be the predicted ones and the rows the
 * same doubles. A violation aborts.
 *
 * Built with -Dfuzz=true and clang this is a libFuzzer target, fuzz_engine [-max_total_time=60]
 * [CORPUS...]; otherwise fuzz_main.c drives it.
 */
#include "pyvmaf_tiny.h"

#include "random.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MOST_CALLS = 12,
    LARGEST_SIDE = 33 + 96,
    MOST_RENDITIONS = 3,
    MOST_ROWS = MOST_RENDITIONS * PVT_MAX_GAIN_LIMITS
};

#define REQUIRE(condition, ...) ((condition) ? (void)0 : violated(#condition, __VA_ARGS__))

static void violated(const char *condition, const char *what, double got, double expected)
{
    fprintf(stderr, "fuzz_engine: %s: %s: %.17g, %.17g\n", condition, what, got, expected);
    abort();
}

/* ---- input ---------------------------------------------------------------------------------- */

typedef struct input {
    const uint8_t *data;
    size_t left;
} input;

/* The next byte; 0 when there is none. */
static int next(input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->data++;
}

static int next_word(input *in)
{
    int32_t word = 0;
    for (int i = 0; i < 4; i++)
        word = (int32_t)((uint32_t)word << 8 | (uint32_t)next(in));
    return word;
}

static pvt_config next_config(input *in)
{
    static const int depths[] = {8, 10, 12, 16};
    static const double limits[] = {100.0, 1.0, 1.5, 1e9};
    /* mostly one: every further row is a twin to run */
    static const int renditions[] = {1, 1, 1, 1, 1, 2, 2, MOST_RENDITIONS};
    static const int gain_limits[] = {1, 1, 1, 1, 2, 2, 3, PVT_MAX_GAIN_LIMITS};
    const int oddity = next(in);
    pvt_config config = {
        .width = 33 + next(in) % 97,
        .height = 33 + next(in) % 97,
        .bit_depth = depths[next(in) % 4],
        .threads = 1 + next(in) % 3,
        .renditions = renditions[next(in) % 8],
        .gain_limits = gain_limits[next(in) % 8],
        .features = (uint32_t)next(in) % 8,
        .cpu_mask = (uint32_t)next(in),
    };
    for (int l = 0; l < config.gain_limits; l++)
        config.gain_limit[l] = limits[next(in) % 4];
    switch (oddity) { /* now and then a field can be anything */
    case 1: config.width = next_word(in); break;
    case 2: config.height = next_word(in); break;
    case 3: config.bit_depth = next_word(in); break;
    case 4: config.threads = next_word(in); break;
    case 5: config.features = (uint32_t)next_word(in); break;
    case 6: config.gain_limit[0] = (double)next_word(in) / 1e6; break;
    case 7: config.gain_limit[0] = next(in) & 1 ? NAN : INFINITY; break;
    case 8: config.renditions = next_word(in); break;
    case 9: config.gain_limits = next_word(in); break;
    default: break;
    }
    return config;
}

static bool is_size(int n)
{
    return n >= PVT_MIN_SIZE && n <= PVT_MAX_SIZE;
}

/* What pvt_create must say. */
static pvt_status predict(const pvt_config *c)
{
    if (!is_size(c->width) || !is_size(c->height))
        return PVT_ERROR_SIZE;
    if (c->bit_depth != 8 && c->bit_depth != 10 && c->bit_depth != 12 && c->bit_depth != 16)
        return PVT_ERROR_BIT_DEPTH;
    if (c->gain_limits < 1 || c->gain_limits > PVT_MAX_GAIN_LIMITS)
        return PVT_ERROR_GAIN_LIMIT;
    for (int l = 0; l < c->gain_limits; l++)
        if (!(c->gain_limit[l] >= 1.0) || isinf(c->gain_limit[l]))
            return PVT_ERROR_GAIN_LIMIT;
    if (c->renditions < 1 || c->renditions > PVT_MAX_RENDITIONS)
        return PVT_ERROR_RENDITIONS;
    if (c->threads < 1 || c->threads > PVT_MAX_THREADS)
        return PVT_ERROR_THREADS;
    return c->features > PVT_FEATURE_ALL ? PVT_ERROR_FEATURES : PVT_OK;
}

/* ---- frames --------------------------------------------------------------------------------- */

/* A plane twice: as the input wants it to lie, and packed. */
typedef struct plane {
    uint8_t *memory, *packed;
    const uint8_t *top;
    ptrdiff_t stride, row;
    bool in_range;
} plane;

static uint32_t sample_at(int kind, uint32_t a, uint32_t b, test_random *random, int x, int y)
{
    switch (kind) {
    case 0: return a;
    case 1: return (x + y) & 1 ? a : b;
    case 2: return x / 2 & 1 ? a : b;
    case 3: return a + (uint32_t)x * b;
    case 4: return random_bits(random) & 1 ? a : b;
    case 5: return a + (uint32_t)(random_bits(random) % 7);
    default: return (uint32_t)random_bits(random);
    }
}

static plane next_plane(input *in, const pvt_config *c)
{
    const size_t sample_bytes = c->bit_depth == 8 ? 1 : 2;
    const int kind = next(in) % 8, layout = next(in) % 4;
    const uint32_t a = (uint32_t)next(in) * 257, b = (uint32_t)next(in) * 257;
    const uint32_t top = (1u << c->bit_depth) - 1;
    const bool stray = next(in) == 77; /* one sample may be out of range */
    test_random random = {a * 65536 + b + (uint32_t)next(in)};
    plane p = {.row = c->width * (ptrdiff_t)sample_bytes, .in_range = true};
    const size_t row = (size_t)p.row, step = row + (layout == 1 ? 1 : layout == 2 ? 64 : 0);
    const size_t last = step * (size_t)(c->height - 1), lead = layout == 1;
    p.memory = malloc(lead + last + row); /* ends with the last sample */
    p.packed = malloc(row * (size_t)c->height);
    if (!p.memory || !p.packed)
        abort();
    for (int y = 0; y < c->height; y++)
        for (int x = 0; x < c->width; x++) {
            uint32_t sample = sample_at(kind, a, b, &random, x, y) & top;
            if (stray && x == c->width - 1 && y == c->height / 2)
                sample = (uint32_t)random_bits(&random);
            const uint16_t wide = (uint16_t)sample;
            uint8_t *to = p.packed + (size_t)y * row + (size_t)x * sample_bytes;
            if (sample_bytes == 1)
                *to = (uint8_t)sample;
            else
                memcpy(to, &wide, sizeof wide);
            p.in_range = p.in_range && (sample_bytes == 1 || wide <= top);
        }
    p.top = p.memory + lead + (layout == 3 ? last : 0);
    p.stride = layout == 3 ? -(ptrdiff_t)step : (ptrdiff_t)step;
    for (int y = 0; y < c->height; y++)
        memcpy((uint8_t *)(uintptr_t)p.top + p.stride * y, p.packed + (size_t)y * row, row);
    return p;
}

static void plane_free(const plane *p)
{
    free(p->memory);
    free(p->packed);
}

/* ---- calls ---------------------------------------------------------------------------------- */

/* A stream, a twin for each of its rows, and what is known about them. */
typedef struct stream {
    pvt_config config;
    pvt_context *context, *twin[MOST_ROWS];
    bool flushed, held; /* held: a row waits for the next call */
} stream;

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void compare_rows(const pvt_config *c, const pvt_features *a, const pvt_features *b)
{
    const uint32_t features = c->features ? c->features : PVT_FEATURE_ALL;
    REQUIRE(same(a->adm2, b->adm2), "adm2", a->adm2, b->adm2);
    REQUIRE(same(a->motion2, b->motion2), "motion2", a->motion2, b->motion2);
    for (int s = 0; s < 4; s++) {
        REQUIRE(same(a->vif_scale[s], b->vif_scale[s]), "vif", a->vif_scale[s], b->vif_scale[s]);
        REQUIRE(isfinite(a->vif_scale[s]) == !!(features & PVT_FEATURE_VIF), "vif", a->vif_scale[s], s);
    }
    if (features & PVT_FEATURE_MOTION)
        REQUIRE(a->motion2 >= 0.0 && a->motion2 <= 65535.0 / 256.0, "motion2", a->motion2, 256.0);
    if (features & PVT_FEATURE_ADM)
        REQUIRE(isnan(a->adm2) || a->adm2 > 0.0, "adm2", a->adm2, 0.0);
}

static int row_count(const stream *s)
{
    return s->config.renditions * s->config.gain_limits;
}

/* What a call has said: in the context, and in each of the twins. */
typedef struct outcome {
    pvt_status status, twin_status[MOST_ROWS];
    int ready, twin_ready[MOST_ROWS];
    pvt_features rows[MOST_ROWS], twin_row[MOST_ROWS];
} outcome;

/* After a call that may release rows. */
static void settle(stream *s, pvt_status expected, const outcome *o, bool holds_next)
{
    const bool releases = expected == PVT_OK && s->held;
    REQUIRE(o->status == expected, "status", o->status, expected);
    REQUIRE(o->ready == releases, "ready", o->ready, releases);
    for (int i = 0; i < row_count(s); i++) {
        REQUIRE(o->twin_status[i] == expected, "status of a twin", o->twin_status[i], expected);
        REQUIRE(o->twin_ready[i] == releases, "ready of a twin", o->twin_ready[i], releases);
        if (releases)
            compare_rows(&s->config, &o->rows[i], &o->twin_row[i]);
    }
    if (expected == PVT_OK)
        s->held = holds_next;
}

static void skip(stream *s, input *in)
{
    const plane ref = next_plane(in, &s->config);
    outcome o = {.ready = -1};
    o.status = pvt_skip(s->context, ref.top, ref.stride, o.rows, &o.ready);
    for (int i = 0; i < row_count(s); i++)
        o.twin_status[i] =
            pvt_skip(s->twin[i], ref.packed, ref.row, &o.twin_row[i], &o.twin_ready[i]);
    settle(s,
           s->flushed ? PVT_ERROR_FLUSHED
           : ref.in_range ? PVT_OK
                          : PVT_ERROR_SAMPLE_RANGE,
           &o, false);
    plane_free(&ref);
}

static void push(stream *s, input *in)
{
    const pvt_config *c = &s->config;
    const plane ref = next_plane(in, c);
    plane own[MOST_RENDITIONS];
    const void *dis[MOST_RENDITIONS];
    ptrdiff_t strides[MOST_RENDITIONS];
    bool identical[MOST_RENDITIONS], in_range = ref.in_range;
    for (int r = 0; r < c->renditions; r++) {
        identical[r] = next(in) % 5 == 0;
        own[r] = identical[r] ? ref : next_plane(in, c);
        dis[r] = own[r].top;
        strides[r] = own[r].stride;
        in_range = in_range && own[r].in_range;
    }
    outcome o = {.ready = -1};
    o.status = pvt_push(s->context, ref.top, ref.stride, dis, strides, o.rows, &o.ready);
    const pvt_status expected = s->flushed ? PVT_ERROR_FLUSHED
                                : in_range ? PVT_OK
                                           : PVT_ERROR_SAMPLE_RANGE;
    for (int i = 0; i < row_count(s); i++) {
        const plane *mine = &own[i / c->gain_limits];
        const void *packed = mine->packed;
        /* one bad rendition stops them all; the twins of the others must not go on alone */
        o.twin_status[i] = expected;
        if (expected == PVT_OK || !mine->in_range || !ref.in_range || s->flushed)
            o.twin_status[i] = pvt_push(s->twin[i], ref.packed, ref.row, &packed, &mine->row,
                                        &o.twin_row[i], &o.twin_ready[i]);
    }
    settle(s, expected, &o, true);
    for (int r = 0; r < c->renditions; r++)
        if (!identical[r])
            plane_free(&own[r]);
    plane_free(&ref);
}

static void flush(stream *s)
{
    outcome o = {.ready = -1};
    o.status = pvt_flush(s->context, o.rows, &o.ready);
    for (int i = 0; i < row_count(s); i++)
        o.twin_status[i] = pvt_flush(s->twin[i], &o.twin_row[i], &o.twin_ready[i]);
    settle(s, PVT_OK, &o, false);
    s->flushed = true;
}

static void reset(stream *s)
{
    REQUIRE(pvt_reset(s->context) == PVT_OK, "reset", 0, 0);
    for (int i = 0; i < row_count(s); i++)
        REQUIRE(pvt_reset(s->twin[i]) == PVT_OK, "reset of a twin", 0, 0);
    s->flushed = s->held = false;
}

/* Makes a twin for each row. */
static void make_twins(stream *s)
{
    for (int i = 0; i < row_count(s); i++) {
        pvt_config plain = s->config;
        plain.cpu_mask = ~0u;
        plain.threads = plain.renditions = plain.gain_limits = 1;
        plain.gain_limit[0] = s->config.gain_limit[i % s->config.gain_limits];
        REQUIRE(pvt_create(&plain, &s->twin[i]) == PVT_OK, "twin", i, 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    stream s = {.config = next_config(&in)};
    const pvt_status expected = predict(&s.config);
    if (expected == PVT_OK && (s.config.width > LARGEST_SIDE || s.config.height > LARGEST_SIDE ||
                               s.config.threads > 4 || s.config.renditions > MOST_RENDITIONS))
        return 0; /* right, but slow */
    const pvt_status status = pvt_create(&s.config, &s.context);
    REQUIRE(status == expected, "status of pvt_create", status, expected);
    REQUIRE((s.context != NULL) == (status == PVT_OK), "context", 0, status);
    if (status != PVT_OK)
        return 0;
    make_twins(&s);
    for (int call = 0; call < MOST_CALLS && in.left > 0; call++) {
        const int kind = next(&in) % 16;
        if (kind < 11)
            kind < 9 ? push(&s, &in) : skip(&s, &in);
        else if (kind < 13)
            flush(&s);
        else
            reset(&s);
    }
    pvt_destroy(s.context);
    for (int i = 0; i < row_count(&s); i++)
        pvt_destroy(s.twin[i]);
    return 0;
}
