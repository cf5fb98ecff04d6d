/*
 * Checks every routine of the kernel table: the scalar tier against the definition, and every
 * other tier that this CPU has against the scalar one. Bit for bit, on hostile input, in guarded
 * memory.
 *
 *   check_kernels [--seed N] [--only NAME] [--thin N] [--bench]
 *
 * NAME is a part of a routine's name. --thin runs one case in N, as does PVT_TEST_THIN=N in the
 * environment. --bench times instead of checking. Exit status 1 when something failed.
 */
#include "kernels/check.h"
#include "kernels/define.h"
#include "thinning.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_TIERS = 8 };

typedef struct options {
    uint64_t seed;
    const char *only;
    bool bench;
} options;

static const check_routine *const groups[] = {
    vif_columns_routines, vif_statistics_routines, adm_columns_routines, adm_rows_routines,
    adm_decouple_routines, adm_pool_routines, whole_row_routines,
};
enum { GROUPS = sizeof groups / sizeof groups[0] };

typedef void (*routine_pointer)(void);

static routine_pointer pointer_of(const pvt_kernels *kernels, size_t entry)
{
    routine_pointer pointer;
    memcpy(&pointer, (const uint8_t *)kernels + entry, sizeof pointer);
    return pointer;
}

/* The tables that this CPU offers, scalar first, each with a routine of its own. */
static int find_tiers(pvt_kernels tiers[MOST_TIERS])
{
    static const uint32_t masks[] = {
        ~0u,
        PVT_CPU_AVX512 | PVT_CPU_AVX512ICL,
        PVT_CPU_AVX512ICL,
        0,
    };
    int count = 0;
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        pvt_kernels *tier = &tiers[count];
        memset(tier, 0, sizeof *tier);
        pvt_kernels_init(tier, masks[i]);
        bool is_new = true;
        for (int t = 0; t < count; t++)
            if (memcmp(&tiers[t].vif, &tier->vif, sizeof *tier - offsetof(pvt_kernels, vif)) == 0)
                is_new = false;
        count += is_new;
    }
    return count;
}

/* Each of the statistics routines of VIF brings the other one along: see check_vif_statistics.c. */
static bool is_paired(const check_routine *routine)
{
    return routine->entry == offsetof(pvt_kernels, vif.reference_statistics) ||
           routine->entry == offsetof(pvt_kernels, vif.pair_statistics);
}

/* True when an earlier tier has the very same routine. */
static bool seen_before(const check_routine *routine, const pvt_kernels *tiers, int tier)
{
    for (int t = 0; t < tier; t++) {
        bool same = pointer_of(&tiers[t], routine->entry) == pointer_of(&tiers[tier], routine->entry);
        if (is_paired(routine))
            same = tiers[t].vif.reference_statistics == tiers[tier].vif.reference_statistics &&
                   tiers[t].vif.pair_statistics == tiers[tier].vif.pair_statistics;
        if (same)
            return true;
    }
    return false;
}

static pvt_kernels definition(void)
{
    pvt_kernels kernels = {.tier = "definition"};
    define_vif(&kernels.vif);
    define_adm_wavelet(&kernels.adm);
    define_adm_decouple(&kernels.adm);
    define_adm_pool(&kernels.adm);
    define_whole_rows(&kernels);
    return kernels;
}

static void check_routine_in(const check_routine *routine, const pvt_kernels *tiers, int count)
{
    const pvt_kernels defined = definition();
    printf("%-27s", routine->name);
    for (int t = 0; t < count; t++) {
        if (seen_before(routine, tiers, t))
            continue;
        check_start(routine->name, tiers[t].tier);
        check_guarded(routine, &tiers[t], t == 0 ? &defined : &tiers[0]);
        printf(" %s %s", tiers[t].tier, check_failures() ? "FAILED" : "ok");
        fflush(stdout);
    }
    printf("\n");
}

static void time_routine_in(const check_routine *routine, const pvt_kernels *tiers, int count)
{
    pvt_kernels distinct[MOST_TIERS];
    int n = 0;
    for (int t = 0; t < count; t++)
        if (!seen_before(routine, tiers, t))
            distinct[n++] = tiers[t];
    check_time(routine, distinct, n);
}

/* A routine that nobody checks is a failure too. */
static void check_completeness(void)
{
    for (size_t entry = offsetof(pvt_kernels, vif); entry + sizeof(routine_pointer) <= sizeof(pvt_kernels);
         entry += sizeof(routine_pointer)) {
        bool found = false;
        for (int g = 0; g < GROUPS; g++)
            for (const check_routine *r = groups[g]; r->name; r++)
                found = found || r->entry == entry;
        check_start("kernel table", "any");
        check_case("entry %zu of pvt_kernels", (entry - offsetof(pvt_kernels, vif)) / sizeof(routine_pointer));
        if (!found)
            check_failed("has no check: add it to native/tests/kernels");
    }
}

static options parse(int argc, char **argv)
{
    options o = {.seed = 1};
    for (int i = 1; i < argc; i++) {
        const bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--bench") == 0)
            o.bench = true;
        else if (strcmp(argv[i], "--seed") == 0 && has_value)
            o.seed = strtoull(argv[++i], NULL, 0);
        else if (strcmp(argv[i], "--only") == 0 && has_value)
            o.only = argv[++i];
        else if (strcmp(argv[i], "--thin") == 0 && has_value && atoi(argv[i + 1]) > 0)
            check_thinning = atoi(argv[++i]);
        else {
            fprintf(stderr, "usage: %s [--seed N] [--only NAME] [--thin N] [--bench]\n", argv[0]);
            exit(2);
        }
    }
    return o;
}

int main(int argc, char **argv)
{
    check_thinning = test_thinning();
    const options o = parse(argc, argv);
    pvt_kernels tiers[MOST_TIERS];
    const int count = find_tiers(tiers);
    int routines = 0;
    for (int g = 0; g < GROUPS; g++)
        for (const check_routine *r = groups[g]; r->name; r++) {
            if (o.only && !strstr(r->name, o.only))
                continue;
            check_random.state = o.seed; /* every routine starts alike, alone or not */
            if (o.bench)
                time_routine_in(r, tiers, count);
            else
                check_routine_in(r, tiers, count);
            routines++;
        }
    if (o.bench)
        return 0;
    check_completeness();
    printf("%d routines, tiers", routines);
    for (int t = 0; t < count; t++)
        printf(" %s", tiers[t].tier);
    printf(", seed %llu: %d failures in %ld cases\n", (unsigned long long)o.seed,
           check_total_failures(), check_total_cases());
    return check_total_failures() > 0 || routines == 0;
}
