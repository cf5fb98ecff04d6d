/*
 * Features from the totals, on the device: what native/src does after its sums, the same doubles.
 *
 * A frame's motion2 needs the motion of the next frame. So the rows of a batch begin with the last
 * frame of the batch before, whose totals are still where they were, and end with the last frame
 * but one; that one comes when the stream ends. One work group makes one row of six: the first
 * dimension of the grid is the frame, the second one the pair.
 */
enum { ADM_NORMS = 24, VIF_TOTALS = 16, PAIR_TOTALS = VIF_TOTALS + ADM_NORMS, ROW = 6 };

/* One per norm of ADM, in the order of the totals. */
typedef struct norm_params {
    int exponent;  /* the total counts units of 2^-exponent */
    int positions; /* band positions that are pooled */
} norm_params;

typedef struct row_params {
    int pixels;
    int starts;        /* 1: the first row is frame 0 */
    int continues;     /* 1: the first row is the last frame of the batch before */
    int frames_before; /* of that batch */
    int frames;        /* of this batch */
} row_params;

/* Cubes of the contrast sensitivities, by level, for bands h and v, and for d. */
CONSTANT double sensitivity3[4][2] = {
    {0x1.60682e40ca298p-18, 0x1.b6f67955c18e8p-23},
    {0x1.127cb41f44aabp-15, 0x1.88675620541cbp-19},
    {0x1.5638de3f6e459p-14, 0x1.e740af5557bdcp-17},
    {0x1.8f9f6fa0b6d35p-14, 0x1.018b80fefe987p-15},
};

/* A numerator (bands 0 to 2) or denominator (3 to 5) of a level: cube root of the pooled energy,
 * plus that of the noise constant 1/32 per position. */
INLINE float adm_norm(int level, int band, GLOBAL const norm_params *p, i64 total)
{
    const double scale = power_of_two(-p->exponent);
    float energy;
    if (band >= 3)
        energy = (float)((double)total * scale * sensitivity3[level][band == 5]);
    else if (level == 0)
        energy = (float)((double)total * scale);
    else /* rounded once, to single precision */
        energy = (float)((double)(float)total * scale);
    return cube_root(energy) + cube_root((float)((double)p->positions * 0.03125));
}

INLINE double adm_feature(LOCAL const float *norms)
{
    double num = 0.0, den = 0.0;
    for (int level = 0; level < 4; level++, norms += 6) {
        num += (double)((norms[0] + norms[1]) + norms[2]);
        den += (double)((norms[3] + norms[4]) + norms[5]);
    }
    return num / den;
}

/* `totals` are the sums of logarithms of numerator and denominator, and power and number of what
 * is flat. */
INLINE double vif_feature(GLOBAL const i64 *totals)
{
    const double count = (double)totals[3];
    const double num =
        (double)totals[0] / 2048.0 + (count - ((double)totals[2] / 16384.0) / 65025.0);
    const double den = (double)totals[1] / 2048.0 + count;
    /* A quotient in single precision, which OpenCL only promises to come near. */
    return (double)(float)((double)(float)num / (double)(float)den);
}

INLINE double motion_feature(u64 total, int pixels)
{
    return (double)total / 256.0 / (double)pixels;
}

KERNEL features(GLOBAL const row_params *p, GLOBAL const norm_params *norm_table,
                GLOBAL const i64 *pairs_before, GLOBAL const u64 *motion_before,
                GLOBAL const i64 *pairs, GLOBAL const u64 *motion, GLOBAL double *rows)
{
    SHARED float norms[ADM_NORMS];
    const int item = item_id(), row = group_x(), pair = group_y(), count = groups_y();
    const int before = row < p->continues;
    const int frame = before ? p->frames_before - 1 : row - p->continues;
    GLOBAL const i64 *totals =
        (before ? pairs_before : pairs) + PAIR_TOTALS * (frame * count + pair);
    GLOBAL double *out = rows + ROW * (row * count + pair);
    if (item < ADM_NORMS)
        norms[item] = adm_norm(item / 6, item % 6, norm_table + item, totals[VIF_TOTALS + item]);
    if (item < 4)
        out[1 + item] = vif_feature(totals + 4 * item);
    group_barrier();
    if (item != 0)
        return;
    out[0] = adm_feature(norms);
    double own = 0.0; /* frame 0 has none before it */
    if (row > 0 || !p->starts)
        own = motion_feature((before ? motion_before : motion)[frame], p->pixels);
    const int next = row + 1 - p->continues;
    if (next < p->frames) {
        const double other = motion_feature(motion[next], p->pixels);
        own = other < own ? other : own;
    }
    out[5] = own;
}
