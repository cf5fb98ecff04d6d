/* What a context holds; only the files that make, feed and read contexts look inside. */
#ifndef FAKE_CONTEXT_H
#define FAKE_CONTEXT_H

#include "fake.h"

#define CONTEXT 0x636f6e74u
#define MOST_EXTRACTORS 16
#define MOST_WAITING 256

enum feature { ADM, VIF, MOTION };

typedef struct extractor {
    enum feature feature;
    enum gpu gpu;
    char limit[16];
} extractor;

typedef struct pair {
    VmafPicture ref, dis; /* without references where the sums are known */
    uint64_t ref_sum, dis_sum;
    unsigned w, h, index;
} pair;

struct VmafContext {
    unsigned kind;
    int id;
    VmafConfiguration configuration;
    extractor extractors[MOST_EXTRACTORS];
    unsigned extractor_count;
    pair waiting[MOST_WAITING];
    unsigned waiting_count;
    VmafPicture before[2]; /* 3.2 keeps the last two reference pictures */
    score_table scores;
    double last_mean, last_sad;
    int read, processed; /* the last index read, the last one processed; -1 before the first */
    bool flushed;
    picture_pool *pool;
    enum gpu gpu;
    void *gpu_state;
};

#endif
