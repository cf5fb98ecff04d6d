#include "scores.h"
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void score_name(char name[SCORE_NAME], const char *feature, const char *limit)
{
    if (limit[0] == 0) {
        snprintf(name, SCORE_NAME, "VMAF_integer_feature_%s_score", feature);
    } else {
        snprintf(name, SCORE_NAME, "integer_%s_egl_%s", feature, limit);
    }
}

static score_column *find(const score_table *table, const char *name)
{
    for (unsigned i = 0; i < table->count; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return (score_column *)&table->columns[i];
        }
    }
    return NULL;
}

bool score_write(score_table *table, const char *name, double value, unsigned index)
{
    score_column *column = find(table, name);
    if (column == NULL) {
        if (table->count == MOST_FEATURES) {
            abort();
        }
        column = &table->columns[table->count++];
        snprintf(column->name, sizeof column->name, "%s", name);
    }
    while (index >= column->capacity) {
        const unsigned capacity = column->capacity ? 2 * column->capacity : 8;
        column->values = realloc(column->values, capacity * sizeof *column->values);
        column->written = realloc(column->written, capacity * sizeof *column->written);
        memset(column->written + column->capacity, 0, capacity - column->capacity);
        column->capacity = capacity;
    }
    if (column->written[index]) {
        return false;
    }
    column->values[index] = value;
    column->written[index] = true;
    table->scores++;
    live.scores++;
    return true;
}

bool score_read(const score_table *table, const char *name, double *value, unsigned index)
{
    const score_column *column = find(table, name);
    if (column == NULL || index >= column->capacity || !column->written[index]) {
        return false;
    }
    *value = column->values[index];
    return true;
}

void scores_forget(score_table *table)
{
    for (unsigned i = 0; i < table->count; i++) {
        free(table->columns[i].values);
        free(table->columns[i].written);
    }
    live.scores -= (int)table->scores;
    memset(table, 0, sizeof *table);
}
