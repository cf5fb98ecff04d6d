/*
 * Fuzzing of whole streams: the input chooses a configuration, frames and calls. Every call runs
 * twice, in the context at hand and in a plain twin (scalar tier, one thread, packed rows); the
 * statuses must be the predicted ones and the rows the same doubles. A violation aborts.
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

enum { MOST_CALLS = 12, LARGEST_SIDE = 33 + 96 };

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
    const int oddity = next(in);
    pvt_config config = {
        .width = 33 + next(in) % 97,
        .height = 33 + next(in) % 97,
        .bit_depth = depths[next(in) % 4],
        .threads = 1 + next(in) % 3,
        .gain_limit = limits[next(in) % 4],
        .features = (uint32_t)next(in) % 8,
        .cpu_mask = (uint32_t)next(in),
    };
    switch (oddity) { /* now and then a field can be anything */
    case 1: config.width = next_word(in); break;
    case 2: config.height = next_word(in); break;
    case 3: config.bit_depth = next_word(in); break;
    case 4: config.threads = next_word(in); break;
    case 5: config.features = (uint32_t)next_word(in); break;
    case 6: config.gain_limit = (double)next_word(in) / 1e6; break;
    case 7: config.gain_limit = next(in) & 1 ? NAN : INFINITY; break;
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
    if (!(c->gain_limit >= 1.0) || isinf(c->gain_limit))
        return PVT_ERROR_GAIN_LIMIT;
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

/* A stream, its twin, and what is known about both. */
typedef struct stream {
    pvt_config config;
    pvt_context *context, *twin;
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

/* After a call that may release a row, in both contexts. */
static void settle(stream *s, pvt_status expected, const pvt_status status[2], const int ready[2],
                   const pvt_features row[2], bool holds_next)
{
    REQUIRE(status[0] == expected, "status", status[0], expected);
    REQUIRE(status[1] == expected, "status of the twin", status[1], expected);
    const bool releases = expected == PVT_OK && s->held;
    REQUIRE(ready[0] == releases && ready[1] == releases, "ready", ready[0], releases);
    if (releases)
        compare_rows(&s->config, &row[0], &row[1]);
    if (expected == PVT_OK)
        s->held = holds_next;
}

static void push_or_skip(stream *s, input *in, bool skips)
{
    const plane ref = next_plane(in, &s->config);
    const bool identical = next(in) % 5 == 0;
    const plane dis = identical ? ref : next_plane(in, &s->config);
    pvt_features row[2];
    int ready[2] = {-1, -1};
    pvt_status status[2];
    if (skips) {
        status[0] = pvt_skip(s->context, ref.top, ref.stride, &row[0], &ready[0]);
        status[1] = pvt_skip(s->twin, ref.packed, ref.row, &row[1], &ready[1]);
    } else {
        status[0] = pvt_push(s->context, ref.top, ref.stride, dis.top, dis.stride, &row[0], &ready[0]);
        status[1] = pvt_push(s->twin, ref.packed, ref.row, dis.packed, dis.row, &row[1], &ready[1]);
    }
    const bool in_range = ref.in_range && (skips || dis.in_range);
    const pvt_status expected = s->flushed ? PVT_ERROR_FLUSHED
                                : in_range ? PVT_OK
                                           : PVT_ERROR_SAMPLE_RANGE;
    settle(s, expected, status, ready, row, !skips);
    plane_free(&ref);
    if (!identical)
        plane_free(&dis);
}

static void flush(stream *s)
{
    pvt_features row[2];
    int ready[2] = {-1, -1};
    const pvt_status status[2] = {pvt_flush(s->context, &row[0], &ready[0]),
                                  pvt_flush(s->twin, &row[1], &ready[1])};
    settle(s, PVT_OK, status, ready, row, false);
    s->flushed = true;
}

static void reset(stream *s)
{
    REQUIRE(pvt_reset(s->context) == PVT_OK, "reset", 0, 0);
    REQUIRE(pvt_reset(s->twin) == PVT_OK, "reset of the twin", 0, 0);
    s->flushed = s->held = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    stream s = {.config = next_config(&in)};
    const pvt_status expected = predict(&s.config);
    if (expected == PVT_OK && (s.config.width > LARGEST_SIDE || s.config.height > LARGEST_SIDE ||
                               s.config.threads > 4))
        return 0; /* right, but slow */
    const pvt_status status = pvt_create(&s.config, &s.context);
    REQUIRE(status == expected, "status of pvt_create", status, expected);
    REQUIRE((s.context != NULL) == (status == PVT_OK), "context", 0, status);
    if (status != PVT_OK)
        return 0;
    pvt_config plain = s.config;
    plain.cpu_mask = ~0u;
    plain.threads = 1;
    REQUIRE(pvt_create(&plain, &s.twin) == PVT_OK, "twin", 0, 0);
    for (int call = 0; call < MOST_CALLS && in.left > 0; call++) {
        const int kind = next(&in) % 16;
        if (kind < 11)
            push_or_skip(&s, &in, kind >= 9);
        else if (kind < 13)
            flush(&s);
        else
            reset(&s);
    }
    pvt_destroy(s.context);
    pvt_destroy(s.twin);
    return 0;
}
