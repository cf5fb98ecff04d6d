/*
 * The stream: feeds frames to libvmaf, hands rows out in order, and renews the context.
 *
 * libvmaf keeps every score of a context until it is closed. After config.period frames the next
 * one, k, goes into the old context and begins a new one; so does k+1. With that the old context
 * has all that the row of k needs, and the new one all that later rows need (the motion of k+1 is
 * the one between k and k+1 there, too). Then the old one is flushed, read to its end and closed.
 */
#include "fifo.h"
#include "scores.h"
#include "segment.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct pvl_stream {
    pvl_shared shared;
    pvl_names names;
    char *teacher;          /* the text that config.teacher points to */
    pvl_segment segment[2]; /* the second one is open between the two frames of a seam */
    uint64_t frames;        /* taken so far, skipped ones included */
    pvl_fifo due;           /* uint64_t: frames that were pushed and have no row yet */
    pvl_fifo rows;          /* pvl_row: complete */
    bool flushed, broken;
    pid_t owner;
    atomic_flag entered;
};

/* ---- making and freeing --------------------------------------------------------------------- */

static pvl_status check_config(const pvl_library *library, const pvl_config *c)
{
    if (c->width < 33 || c->height < 33)
        return PVL_ERROR_SIZE;
    if (c->bit_depth < 8 || c->bit_depth > 16 || c->threads < 0 || c->subsample < 1 || c->lag < 1 ||
        c->period < 2 || c->stall_ms < 1 || !isfinite(c->gain_limit) || c->gain_limit < 1.0 ||
        c->gain_limit > 100.0)
        return PVL_ERROR_ARGUMENT;
    if ((c->device == PVL_CUDA && !library->abilities.cuda) ||
        (c->device == PVL_SYCL && !library->abilities.sycl))
        return PVL_ERROR_DEVICE;
    return PVL_OK;
}

static void close_segments(pvl_stream *stream)
{
    for (int i = 0; i < 2; i++)
        if (stream->segment[i].context)
            pvl_segment_close(&stream->shared, &stream->segment[i]);
}

pvl_status pvl_create(pvl_library *library, const pvl_config *config, pvl_stream **out,
                      pvl_failure *failure)
{
    if (!out || !failure)
        return PVL_ERROR_ARGUMENT;
    *out = NULL;
    *failure = (pvl_failure){0};
    if (!library || !config)
        return PVL_ERROR_ARGUMENT;
    pvl_status status = check_config(library, config);
    if (status != PVL_OK)
        return status;
    pvl_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return PVL_ERROR_MEMORY;
    stream->shared.library = library;
    stream->shared.config = *config;
    stream->due.size = sizeof(uint64_t);
    stream->rows.size = sizeof(pvl_row);
    stream->owner = getpid();
    atomic_flag_clear(&stream->entered);
    pvl_names_init(&stream->names, config->gain_limit);
    if (config->teacher) {
        stream->teacher = strdup(config->teacher);
        stream->shared.config.teacher = stream->teacher;
        status = stream->teacher ? PVL_OK : PVL_ERROR_MEMORY;
    }
    if (status == PVL_OK)
        status = pvl_segment_open(&stream->shared, &stream->segment[0], 0);
    if (config->log_level) {
        stream->shared.config.log_level = 0;
        pvl_library_silence(library);
    }
    if (status != PVL_OK) {
        *failure = stream->shared.failure;
        pvl_destroy(stream);
        return status;
    }
    *out = stream;
    return PVL_OK;
}

void pvl_destroy(pvl_stream *stream)
{
    if (!stream)
        return;
    if (stream->owner == getpid()) {
        close_segments(stream);
        /* Contexts refer to the model until they are closed. */
        if (stream->shared.teacher)
            stream->shared.library->vmaf.model_destroy(stream->shared.teacher);
    }
    pvl_fifo_free(&stream->due);
    pvl_fifo_free(&stream->rows);
    free(stream->teacher);
    free(stream);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Moves the first due frame to the rows, if libvmaf has all of it. */
static pvl_status complete_first(pvl_stream *stream, bool last, bool *done)
{
    uint64_t frame;
    pvl_row row;
    memcpy(&frame, pvl_fifo_first(&stream->due), sizeof frame);
    *done = false;
    if (!pvl_fifo_reserve(&stream->rows))
        return PVL_ERROR_MEMORY;
    if (!pvl_row_read(&stream->shared, &stream->names, &stream->segment[0], frame, last, &row))
        return PVL_OK;
    pvl_fifo_push(&stream->rows, &row);
    pvl_fifo_pop(&stream->due);
    *done = true;
    return PVL_OK;
}

static bool is_due(const pvl_stream *stream, uint64_t before)
{
    uint64_t frame;
    if (stream->due.count == 0)
        return false;
    memcpy(&frame, pvl_fifo_first(&stream->due), sizeof frame);
    return frame < before;
}

/* Completes the due frames below `before` that libvmaf has. */
static pvl_status collect(pvl_stream *stream, uint64_t before, bool last)
{
    bool done = true;
    pvl_status status = PVL_OK;
    while (status == PVL_OK && done && is_due(stream, before))
        status = complete_first(stream, last, &done);
    return status;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* libvmaf's threads tell nobody when they are done, so ask, less and less often. */
static pvl_status wait_for(pvl_stream *stream, uint64_t before)
{
    const double patience = 1e-3 * stream->shared.config.stall_ms;
    double since = seconds();
    struct timespec pause = {0, 20000};
    for (;;) {
        const size_t due = stream->due.count;
        const pvl_status status = collect(stream, before, false);
        if (status != PVL_OK || !is_due(stream, before))
            return status;
        if (stream->due.count != due) {
            since = seconds();
            pause.tv_nsec = 20000;
        } else if (seconds() - since > patience) {
            return PVL_ERROR_STALLED;
        }
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 640000)
            pause.tv_nsec *= 2;
    }
}

/* After a frame: what is complete, and with threads what must not come later. The row of the frame
 * itself waits for the next one, even where it is known (frame 0): one rule for all rows. */
static pvl_status advance(pvl_stream *stream)
{
    const pvl_config *c = &stream->shared.config;
    const uint64_t lag = (uint64_t)c->lag;
    pvl_status status = collect(stream, stream->frames - 1, false);
    if (status == PVL_OK && c->threads > 0 && c->device == PVL_CPU && c->own_motion &&
        !c->late_teacher && stream->frames > lag)
        status = wait_for(stream, stream->frames - lag);
    return status;
}

/* ---- segments ------------------------------------------------------------------------------- */

/* The frame at hand begins a new segment; the old one takes this one and the next, too. */
static bool at_seam(const pvl_stream *stream)
{
    const pvl_config *c = &stream->shared.config;
    return !c->late_teacher && stream->segment[0].taken >= (unsigned)c->period &&
           stream->frames % (uint64_t)c->subsample == 0 && !stream->segment[1].context;
}

/* Reads the old segment to its end and lets the new one take over. */
static pvl_status end_seam(pvl_stream *stream)
{
    const uint64_t seam = stream->segment[1].first;
    pvl_status status = pvl_segment_flush(&stream->shared, &stream->segment[0]);
    if (status == PVL_OK)
        status = collect(stream, seam + 1, false);
    if (status == PVL_OK && is_due(stream, seam + 1))
        status = PVL_ERROR_NO_SCORE;
    if (status != PVL_OK)
        return status;
    pvl_segment_close(&stream->shared, &stream->segment[0]);
    stream->segment[0] = stream->segment[1];
    stream->segment[1] = (pvl_segment){0};
    return PVL_OK;
}

static pvl_status take_frame(pvl_stream *stream, const pvl_pair *pair)
{
    pvl_segment *old = &stream->segment[0], *new = &stream->segment[1];
    if (stream->flushed)
        return PVL_ERROR_FLUSHED;
    if (stream->broken)
        return PVL_ERROR_BROKEN;
    if (pair->dis && stream->frames % (uint64_t)stream->shared.config.subsample)
        return PVL_ERROR_SUBSAMPLE;
    if (!pvl_fifo_reserve(&stream->due))
        return PVL_ERROR_MEMORY;
    pvl_status status = PVL_OK;
    if (at_seam(stream))
        status = pvl_segment_open(&stream->shared, new, stream->frames);
    if (status != PVL_OK)
        return status;
    status = pvl_segment_read(&stream->shared, old, pair);
    if (status != PVL_OK) {
        stream->broken = status != PVL_ERROR_SAMPLE_RANGE && status != PVL_ERROR_CPU_MASK;
        if (new->context && new->taken == 0) /* the seam did not come about */
            pvl_segment_close(&stream->shared, new);
        return status;
    }
    const uint64_t frame = stream->frames++;
    if (pair->dis)
        pvl_fifo_push(&stream->due, &frame);
    if (new->context)
        status = pvl_segment_read(&stream->shared, new, pair);
    if (status == PVL_OK && new->taken == 2)
        status = end_seam(stream);
    if (status == PVL_OK)
        status = advance(stream);
    stream->broken = status != PVL_OK;
    return status;
}

/* ---- the interface -------------------------------------------------------------------------- */

static pvl_status enter(pvl_stream *stream)
{
    if (!stream)
        return PVL_ERROR_ARGUMENT;
    if (stream->owner != getpid())
        return PVL_ERROR_FORKED;
    if (atomic_flag_test_and_set_explicit(&stream->entered, memory_order_acquire))
        return PVL_ERROR_BUSY;
    return PVL_OK;
}

static pvl_status leave(pvl_stream *stream, pvl_status status)
{
    atomic_flag_clear_explicit(&stream->entered, memory_order_release);
    return status;
}

pvl_status pvl_push(pvl_stream *stream, const void *ref, ptrdiff_t ref_stride, const void *dis,
                    ptrdiff_t dis_stride)
{
    if (!ref || !dis)
        return PVL_ERROR_ARGUMENT;
    const pvl_status status = enter(stream);
    if (status != PVL_OK)
        return status;
    const pvl_pair pair = {ref, dis, ref_stride, dis_stride};
    return leave(stream, take_frame(stream, &pair));
}

pvl_status pvl_skip(pvl_stream *stream, const void *ref, ptrdiff_t ref_stride)
{
    if (!ref)
        return PVL_ERROR_ARGUMENT;
    const pvl_status status = enter(stream);
    if (status != PVL_OK)
        return status;
    const pvl_pair pair = {ref, NULL, ref_stride, 0};
    return leave(stream, take_frame(stream, &pair));
}

/* At the end the new segment of a seam, if there is one, has seen the last frame alone: its row is
 * the old segment's. */
static pvl_status finish(pvl_stream *stream)
{
    if (stream->flushed)
        return PVL_OK;
    stream->flushed = true;
    pvl_status status = pvl_segment_flush(&stream->shared, &stream->segment[0]);
    const pvl_failure failure = stream->shared.failure;
    pvl_status collected = collect(stream, stream->frames, true);
    if (collected == PVL_OK && stream->due.count)
        collected = PVL_ERROR_NO_SCORE;
    /* After a failure rows that cannot be completed are no news. */
    if (stream->broken && collected == PVL_ERROR_NO_SCORE)
        return PVL_OK;
    if (status != PVL_OK) {
        stream->shared.failure = failure;
        stream->broken = true;
        return status;
    }
    return collected;
}

pvl_status pvl_flush(pvl_stream *stream)
{
    const pvl_status status = enter(stream);
    return status == PVL_OK ? leave(stream, finish(stream)) : status;
}

pvl_status pvl_take(pvl_stream *stream, pvl_row *rows, int most, int *count)
{
    if (!rows || !count)
        return PVL_ERROR_ARGUMENT;
    *count = 0;
    const pvl_status status = enter(stream);
    if (status != PVL_OK)
        return status;
    for (; *count < most && stream->rows.count; ++*count) {
        memcpy(&rows[*count], pvl_fifo_first(&stream->rows), sizeof *rows);
        pvl_fifo_pop(&stream->rows);
    }
    return leave(stream, PVL_OK);
}

pvl_status pvl_reset(pvl_stream *stream)
{
    pvl_status status = enter(stream);
    if (status != PVL_OK)
        return status;
    close_segments(stream);
    pvl_fifo_free(&stream->due);
    pvl_fifo_free(&stream->rows);
    stream->frames = 0;
    stream->flushed = false;
    status = pvl_segment_open(&stream->shared, &stream->segment[0], 0);
    stream->broken = status != PVL_OK;
    return leave(stream, status);
}

pvl_failure pvl_stream_failure(const pvl_stream *stream) { return stream->shared.failure; }
