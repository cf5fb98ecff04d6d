/* Counting, failing and surviving. See check.h. */
#include "kernels/check.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

enum { SHOWN = 5 }; /* failures printed per routine and tier */

test_random check_random = {1};
int check_thinning = 1;

static const char *routine_name, *tier_name;
static char case_text[400];
static int failures, total_failures;
static long total_cases;
static sigjmp_buf recovery;

int check_between(int low, int high)
{
    return (int)random_between(&check_random, low, high);
}

void check_start(const char *routine, const char *tier)
{
    routine_name = routine;
    tier_name = tier;
    failures = 0;
    case_text[0] = '\0';
}

bool check_case(const char *format, ...)
{
    if (check_thinning > 1 && check_between(1, check_thinning) != 1)
        return false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(case_text, sizeof case_text, format, arguments);
    va_end(arguments);
    total_cases++;
    return true;
}

void check_failed(const char *format, ...)
{
    total_failures++;
    if (++failures > SHOWN)
        return;
    printf("FAILED %s, tier %s\n       case: %s\n       ", routine_name, tier_name, case_text);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n%s", failures == SHOWN ? "       (further ones of this routine are counted only)\n" : "");
}

static void on_fault(int number)
{
    siglongjmp(recovery, number);
}

static void handle_faults(void (*handler)(int))
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigaction(faults[i], &action, NULL);
}

void check_guarded(const check_routine *routine, const pvt_kernels *got, const pvt_kernels *want)
{
    const int fault = sigsetjmp(recovery, 1);
    if (fault == 0) {
        handle_faults(on_fault);
        routine->check(got, want);
    } else {
        check_failed("stopped by signal %d%s; the routine's other cases are left out", fault,
                     fault == SIGSEGV || fault == SIGBUS ? " (memory it must not touch)" : "");
    }
    handle_faults(SIG_DFL);
}

int check_failures(void)
{
    return failures;
}

int check_total_failures(void)
{
    return total_failures;
}

long check_total_cases(void)
{
    return total_cases;
}

int check_width(int index)
{
    static const int longer[] = {127, 128, 129, 130, 191, 255, 256, 257, 511, 963};
    if (index < 70)
        return index + 1;
    index -= 70;
    return index < (int)(sizeof longer / sizeof longer[0]) ? longer[index] : 0;
}
