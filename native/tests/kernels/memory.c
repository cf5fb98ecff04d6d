/* Memory between inaccessible pages. See check.h. */
#include "kernels/check.h"
#include "arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

check_slot check_slot_make(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t inner = round_up(bytes, page);
    uint8_t *all = mmap(NULL, inner + 2 * page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED || mprotect(all, page, PROT_NONE) != 0 ||
        mprotect(all + page + inner, page, PROT_NONE) != 0) {
        perror("check_slot_make");
        exit(2);
    }
    return (check_slot){all + page, all + page + inner};
}

/* ---- the engine's rows ---------------------------------------------------------------------- */

enum {
    MAX_ROW_BYTES = 20 << 10,
    BEFORE = 256 /* bytes in front of index 0 that are watched */
};

static size_t reserved(const check_row *row)
{
    return round_up((size_t)row->elements * row->width + PVT_PAD, PVT_ALIGNMENT);
}

void *check_row_place(check_row *row, int elements, size_t width)
{
    if (!row->slot.start)
        row->slot = check_slot_make(MAX_ROW_BYTES);
    row->elements = elements;
    row->width = width;
    row->zero = row->slot.end - reserved(row);
    random_fill(&check_random, row->zero - BEFORE, BEFORE + reserved(row));
    return row->zero;
}

void check_rows_place(check_row row[SIDES], int elements, size_t width)
{
    check_row_place(&row[GOT], elements, width);
    check_row_place(&row[WANT], elements, width);
    memcpy(row[WANT].zero - BEFORE, row[GOT].zero - BEFORE, BEFORE + reserved(&row[GOT]));
}

/* Element `index` as text. */
static void element_text(const check_row *row, ptrdiff_t index, bool is_signed, char *text,
                         size_t size)
{
    uint64_t bits = 0; /* little-endian or not: only ever one width per row */
    int16_t s16;
    int32_t s32;
    uint16_t u16;
    const uint8_t *at = row->zero + index * (ptrdiff_t)row->width;
    if (row->width == sizeof u16 && is_signed) {
        memcpy(&s16, at, sizeof s16);
        snprintf(text, size, "%d", s16);
    } else if (row->width == sizeof u16) {
        memcpy(&u16, at, sizeof u16);
        snprintf(text, size, "%u", u16);
    } else if (row->width == sizeof s32) {
        memcpy(&s32, at, sizeof s32);
        snprintf(text, size, "%d", s32);
    } else {
        memcpy(&bits, at, row->width);
        snprintf(text, size, "%#llx", (unsigned long long)bits);
    }
}

void check_rows_equal(const char *what, const check_row row[SIDES], int first, int n,
                      bool is_signed)
{
    const ptrdiff_t width = (ptrdiff_t)row[GOT].width;
    const ptrdiff_t end = (ptrdiff_t)reserved(&row[GOT]);
    const ptrdiff_t stop = (first + n) * width, resume = n ? stop + PVT_PAD : stop;
    const uint8_t *got = row[GOT].zero, *want = row[WANT].zero;
    if (memcmp(got - BEFORE, want - BEFORE, (size_t)(stop + BEFORE)) == 0 &&
        (resume >= end || memcmp(got + resume, want + resume, (size_t)(end - resume)) == 0))
        return;
    ptrdiff_t at = -BEFORE;
    while (got[at] == want[at])
        at = at + 1 == stop ? resume : at + 1; /* ends: there is a difference */
    const ptrdiff_t index = at < 0 ? -((-at + width - 1) / width) : at / width;
    if (index < first || index >= first + n) {
        check_failed("%s: element %td, outside the output %d .. %d, is overwritten", what, index,
                     first, first + n - 1);
        return;
    }
    char got_text[32], want_text[32];
    element_text(&row[GOT], index, is_signed, got_text, sizeof got_text);
    element_text(&row[WANT], index, is_signed, want_text, sizeof want_text);
    check_failed("%s[%td] is %s, expected %s", what, index, got_text, want_text);
}

/* ---- callers' frames ------------------------------------------------------------------------ */

void check_frame_place(check_frame *frame, int rows, int samples, int sample_bytes)
{
    const size_t bytes = (size_t)samples * (size_t)sample_bytes;
    frame->samples = samples;
    frame->sample_bytes = sample_bytes;
    for (int y = 0; y < rows; y++) {
        check_slot *slot = &frame->slot[y];
        if (!slot->start)
            *slot = check_slot_make(CHECK_FRAME_SAMPLES * sizeof(uint16_t));
        const int slack = check_between(0, 3); /* 1 and 3: odd addresses */
        frame->row[y] = check_between(0, 3) ? slot->end - bytes - slack : slot->start + slack;
    }
}

void check_frame_set(check_frame *frame, int y, int x, uint32_t value)
{
    uint8_t *row = frame->slot[y].start + (frame->row[y] - frame->slot[y].start);
    if (frame->sample_bytes == 1) {
        row[x] = (uint8_t)value;
    } else {
        const uint16_t sample = (uint16_t)value;
        memcpy(row + 2 * (ptrdiff_t)x, &sample, sizeof sample);
    }
}
