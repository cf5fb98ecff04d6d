/*
 * What the kernel checks share.
 *
 * A check compares two kernel tables routine by routine: the scalar tier with the definition
 * (define.h), every other tier with the scalar one. It lays hostile input into guarded memory,
 * runs the routine of both tables, and compares what they wrote, surroundings included.
 */
#ifndef PVT_CHECK_H
#define PVT_CHECK_H

#include "kernels/kernels.h"
#include "random.h"

/* ---- routines ------------------------------------------------------------------------------- */

/* Which of the two tables a run belongs to; each has its own outputs. */
enum { GOT, WANT, SIDES };

/* One routine of the table. A list of them ends with a NULL name. */
typedef struct check_routine {
    const char *name;
    size_t entry; /* offset of its pointer in pvt_kernels */
    /* Compares the routine of two tables on many inputs. */
    void (*check)(const pvt_kernels *got, const pvt_kernels *want);
    /* For timing: lays out a typical input; runs the routine on it and returns its samples. */
    void (*prepare)(void);
    int (*run)(const pvt_kernels *kernels, int side);
} check_routine;

extern const check_routine vif_columns_routines[], vif_statistics_routines[],
    adm_columns_routines[], adm_rows_routines[], adm_decouple_routines[], adm_pool_routines[],
    whole_row_routines[];

/* Times the routine in every table, interleaved, and prints nanoseconds per sample. */
void check_time(const check_routine *routine, const pvt_kernels *tables, int count);

/* Widths worth trying, `index` 0 upwards: 1 .. 70, around 128 and longer; 0 at the end. */
int check_width(int index);

/* ---- report --------------------------------------------------------------------------------- */

extern test_random check_random;

/* Only one in so many cases is run (1: all of them). */
extern int check_thinning;

int check_between(int low, int high);

/* Starts a routine of a tier. */
void check_start(const char *routine, const char *tier);

/* Describes the case at hand, for the messages; false when it is to be left out. */
bool check_case(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Notes that the case at hand failed. */
void check_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs the check; a fault (memory, instruction) ends it and counts as a failure. */
void check_guarded(const check_routine *routine, const pvt_kernels *got, const pvt_kernels *want);

/* Failures of the routine since check_start, and of all; cases of all. */
int check_failures(void);
int check_total_failures(void);
long check_total_cases(void);

/* ---- guarded memory ------------------------------------------------------------------------- */

/* A piece of memory between inaccessible pages. */
typedef struct check_slot {
    uint8_t *start, *end;
} check_slot;

/* `bytes` that touch neither, or either, of the inaccessible pages as the case may be. */
check_slot check_slot_make(size_t bytes);

/*
 * A row of the engine's own memory: index 0 is aligned as in the engine, the last element is
 * followed by PVT_PAD bytes that a routine may read and write, and soon after by the guard.
 */
typedef struct check_row {
    check_slot slot;
    uint8_t *zero; /* index 0 */
    size_t width;  /* bytes of an element */
    int elements;
} check_row;

/* Lays out a row and fills it, and what surrounds it, with noise. */
void *check_row_place(check_row *row, int elements, size_t width);

/* The same twice: one row per side, same noise. */
void check_rows_place(check_row row[SIDES], int elements, size_t width);

/* Compares the rows of both sides, elements first .. first+n-1 being the output: all must be
 * equal but the PVT_PAD bytes after the output. With n = 0 nothing may have been written. */
void check_rows_equal(const char *what, const check_row row[SIDES], int first, int n,
                      bool is_signed);

/* A row of a caller's frame: any address, no reserve. */
enum { CHECK_FRAME_ROWS = VIF_TILE_ROWS + 2 * VIF_MAX_RADIUS, CHECK_FRAME_SAMPLES = 2048 };

typedef struct check_frame {
    check_slot slot[CHECK_FRAME_ROWS];
    const uint8_t *row[CHECK_FRAME_ROWS];
    int samples, sample_bytes;
} check_frame;

/* Lays out rows that end at the guard, or start at it, or an odd distance away. */
void check_frame_place(check_frame *frame, int rows, int samples, int sample_bytes);
void check_frame_set(check_frame *frame, int y, int x, uint32_t value);

/* ---- content -------------------------------------------------------------------------------- */

/* Samples 0 .. maximum, as a function of the position. */
typedef struct check_content {
    int kind;
    uint32_t maximum;
    int period, phase;
    uint32_t level, amplitude;
} check_content;

/* Draws one of the hostile kinds; what a frame usually looks like, for timing. */
check_content check_content_draw(uint32_t maximum);
check_content check_content_typical(uint32_t maximum);
const char *check_content_name(const check_content *content);
uint32_t check_content_at(const check_content *content, int y, int x);

/* The same for -limit .. limit: made from a maximum of 2 * limit. */
int32_t check_content_signed_at(const check_content *content, int y, int x);

/* A second sample that depends on a first one: equal, noisy, amplified, ... */
typedef struct check_relation {
    int kind;
    int gain;
    uint32_t noise;
    check_content other;
} check_relation;

check_relation check_relation_draw(uint32_t maximum);
check_relation check_relation_typical(uint32_t maximum);
const char *check_relation_name(const check_relation *relation);
uint32_t check_relation_at(const check_relation *relation, uint32_t sample, int y, int x);

/* ---- gain limits ---------------------------------------------------------------------------- */

/* One limit, or several in any order, equal ones too: whole numbers alone, or of any kind. */
pvt_limits check_limits_draw(void);
const char *check_limits_name(const pvt_limits *limits);

#endif
