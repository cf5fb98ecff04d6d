/* The scores of a context, by name and frame. */
#ifndef FAKE_SCORES_H
#define FAKE_SCORES_H

#include <stdbool.h>

#define SCORE_NAME 64
#define MOST_FEATURES 32
#define SAD_NAME "VMAF_integer_feature_motion_sad_score"

typedef struct score_column {
    char name[SCORE_NAME];
    double *values;
    bool *written;
    unsigned capacity;
} score_column;

typedef struct score_table {
    score_column columns[MOST_FEATURES];
    unsigned count, scores;
} score_table;

/* libvmaf's name of a feature; a gain limit that is not the default becomes part of it. */
void score_name(char name[SCORE_NAME], const char *feature, const char *limit);

/* False when it is there already: libvmaf keeps the first one. */
bool score_write(score_table *table, const char *name, double value, unsigned index);

/* False when it is not there. */
bool score_read(const score_table *table, const char *name, double *value, unsigned index);

void scores_forget(score_table *table);

#endif
