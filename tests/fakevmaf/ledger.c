/* The ledger: every call in order, failures to inject, misuse seen, objects alive. What tests
 * read and set begins with fake_. */
#include "fake.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FUNCTIONS 64
#define MOST_VIOLATIONS 16384
#define BURIED 256

typedef struct function_ledger {
    char *name;
    int calls, fail_at, code;
} function_ledger;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static function_ledger functions[MOST_FUNCTIONS];
static char violations[MOST_VIOLATIONS];
static char *calls;
static size_t calls_length, calls_capacity;
static bool recording = true;
static int ids;
static fake_counts peaks;
static void *buried[BURIED];
static unsigned burials;

fake_counts live;
int score_lag;
bool gpu_present = true;
bool failure_takes_pictures;
bool motion_hidden;
enum VmafLogLevel log_level;

/* Called before and after a test, so nothing of one test reaches the next. Objects that the test
 * left alive are forgotten, not freed. */
EXPORT void fake_reset(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MOST_FUNCTIONS; i++)
        free(functions[i].name);
    memset(functions, 0, sizeof functions);
    memset(violations, 0, sizeof violations);
    memset(&live, 0, sizeof live);
    memset(&peaks, 0, sizeof peaks);
    calls_length = 0;
    recording = true;
    score_lag = 0;
    gpu_present = true;
    failure_takes_pictures = false;
    motion_hidden = false;
    log_level = VMAF_LOG_LEVEL_NONE;
    ids = 0;
    pthread_mutex_unlock(&lock);
}

void bury(void *object)
{
    free(buried[burials % BURIED]);
    buried[burials++ % BURIED] = object;
}

/* The calls so far, one a line: name(argument=value, ...). Valid until the next call. */
EXPORT const char *fake_calls(void) { return calls_length ? calls : ""; }

/* The misuse so far, one a line. */
EXPORT const char *fake_violations(void) { return violations; }

EXPORT fake_counts fake_live(void) { return live; }

EXPORT fake_counts fake_peaks(void) { return peaks; }

/* Endless streams are not recorded call by call. */
EXPORT void fake_record(int on) { recording = on != 0; }

/* Scores appear when so many more pairs have been read, or at the flush, or when somebody asks
 * for them that often: what libvmaf's threads and its GPU queues look like from outside. */
EXPORT void fake_set_lag(int pairs) { score_lag = pairs; }

/* Whether there is a device behind the CUDA and SYCL functions. */
EXPORT void fake_set_gpu(int present) { gpu_present = present != 0; }

/* What a failing vmaf_read_pictures() does with the pictures: Netflix's leaves them to the caller,
 * a fork's takes them. */
EXPORT void fake_failure_takes_pictures(int takes) { failure_takes_pictures = takes != 0; }

/* Whether motion2 is all that is published of motion. */
EXPORT void fake_hide_motion(int hide) { motion_hidden = hide != 0; }

static function_ledger *ledger_of(const char *function)
{
    for (int i = 0; i < MOST_FUNCTIONS; i++) {
        if (functions[i].name == NULL) {
            functions[i].name = strdup(function); /* until the reset */
        }
        if (strcmp(functions[i].name, function) == 0) {
            return &functions[i];
        }
    }
    abort();
}

/* How often the function was called. */
EXPORT int fake_count(const char *function)
{
    pthread_mutex_lock(&lock);
    const int count = ledger_of(function)->calls;
    pthread_mutex_unlock(&lock);
    return count;
}

/* The nth call of the function from the reset on, counted from 1, answers with the code. */
EXPORT void fake_fail(const char *function, int nth, int code)
{
    pthread_mutex_lock(&lock);
    function_ledger *ledger = ledger_of(function);
    ledger->fail_at = nth;
    ledger->code = code;
    pthread_mutex_unlock(&lock);
}

static void append(const char *line)
{
    const size_t length = strlen(line);
    if (calls_length + length + 1 > calls_capacity) {
        calls_capacity = 2 * (calls_length + length + 1);
        calls = realloc(calls, calls_capacity);
        if (calls == NULL) {
            abort();
        }
    }
    memcpy(calls + calls_length, line, length + 1);
    calls_length += length;
}

int enter(const char *function, const char *format, ...)
{
    pthread_mutex_lock(&lock);
    function_ledger *ledger = ledger_of(function);
    ledger->calls++;
    if (recording) {
        char arguments[256], line[384];
        va_list values;
        va_start(values, format);
        vsnprintf(arguments, sizeof arguments, format, values);
        va_end(values);
        snprintf(line, sizeof line, "%s(%s)\n", function, arguments);
        append(line);
    }
    if (ledger->calls != ledger->fail_at) {
        return 0;
    }
    if (log_level >= VMAF_LOG_LEVEL_ERROR) {
        fprintf(stderr, "libvmaf ERROR %s: injected failure\n", function);
    }
    return ledger->code;
}

int leave(int answer)
{
    note_peaks();
    pthread_mutex_unlock(&lock);
    return answer;
}

void violation(const char *format, ...)
{
    const size_t used = strlen(violations);
    va_list values;
    va_start(values, format);
    vsnprintf(violations + used, sizeof violations - used - 1, format, values);
    va_end(values);
    strcat(violations, "\n");
}

void note_peaks(void)
{
    const int *now = (const int *)&live;
    int *peak = (int *)&peaks;
    for (size_t i = 0; i < sizeof live / sizeof *now; i++) {
        peak[i] = now[i] > peak[i] ? now[i] : peak[i];
    }
}

int next_id(void) { return ++ids; }
