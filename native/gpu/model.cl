/*
 * A tiny network on feature rows. One work group scores one row, layer by layer, in double
 * precision from single-precision weights. All values of all layers, VALUES at most, lie side by
 * side.
 */
enum layer_operation {
    LAYER_CONSTANT, /* the weights */
    LAYER_LINEAR,   /* weights: a matrix, inputs by outputs, then the biases */
    LAYER_ADD,
    LAYER_SUB,
    LAYER_MUL,
    LAYER_DIV,
    LAYER_RELU,
    LAYER_LEAKY_RELU, /* weight: the slope below zero */
    LAYER_SIGMOID,
    LAYER_TANH,
    LAYER_CLIP,      /* weights: the least and the largest */
    LAYER_QUANTIZE,  /* weights: scale, zero point, the least and the largest integer */
    LAYER_DEQUANTIZE /* weights: scale, zero point */
};

typedef struct layer_params {
    int operation;
    int first, second, out; /* where its inputs and its outputs begin; second -1: there is none */
    int inputs, outputs;    /* how many these are: alike, but for a linear layer */
    int weights;
} layer_params;

typedef struct model_params {
    int layers;
    int score; /* which of the values it is */
} model_params;

/* What no feature comes near, as in model/rows.py: no score comes of it. */
#define LARGEST_FEATURE 1e9

/* The largest single-precision number. */
#define LARGEST_SCORE 0x1.fffffep127

INLINE double quantized(double x, GLOBAL const float *w)
{
    /* In single precision, as ONNX has it: which integer it becomes depends on that. */
    const float steps = (float)((double)(float)x / (double)w[0]);
    const double q = rint((double)steps) + (double)w[1];
    return q < (double)w[2] ? (double)w[2] : q > (double)w[3] ? (double)w[3] : q;
}

INLINE double linear(LOCAL const double *x, GLOBAL const float *w, int inputs, int outputs, int out)
{
    double sum = 0.0;
    for (int i = 0; i < inputs; i++)
        sum += x[i] * (double)w[i * outputs + out];
    return sum + (double)w[inputs * outputs + out];
}

/* Comparisons are such that NaN stays NaN. */
INLINE double layer_value(GLOBAL const layer_params *p, GLOBAL const float *w,
                          LOCAL const double *values, int i)
{
    LOCAL const double *first = values + p->first;
    if (p->operation == LAYER_CONSTANT)
        return (double)w[i];
    if (p->operation == LAYER_LINEAR)
        return linear(first, w, p->inputs, p->outputs, i);
    const double x = first[i], y = p->second < 0 ? 0.0 : values[p->second + i];
    switch (p->operation) {
    case LAYER_ADD:
        return x + y;
    case LAYER_SUB:
        return x - y;
    case LAYER_MUL:
        return x * y;
    case LAYER_DIV:
        return x / y;
    case LAYER_RELU:
        return x < 0.0 ? 0.0 : x;
    case LAYER_LEAKY_RELU:
        return x < 0.0 ? x * (double)w[0] : x;
    case LAYER_SIGMOID:
        return 1.0 / (1.0 + exponential(-x));
    case LAYER_TANH:
        return 1.0 - 2.0 / (exponential(2.0 * x) + 1.0);
    case LAYER_CLIP:
        return x < (double)w[0] ? (double)w[0] : x > (double)w[1] ? (double)w[1] : x;
    case LAYER_QUANTIZE:
        return quantized(x, w);
    default:
        return (x - (double)w[1]) * (double)w[0];
    }
}

KERNEL model(GLOBAL const model_params *p, GLOBAL const layer_params *layers,
             GLOBAL const float *weights, GLOBAL const double *rows, GLOBAL float *scores)
{
    SHARED double values[VALUES];
    const int item = item_id(), row = group_x();
    GLOBAL const double *features = rows + ROW * row;
    if (item < ROW)
        values[item] = (double)(float)features[item];
    for (int l = 0; l < p->layers; l++) {
        GLOBAL const layer_params *layer = layers + l;
        group_barrier();
        for (int i = item; i < layer->outputs; i += ITEMS)
            values[layer->out + i] = layer_value(layer, weights + layer->weights, values, i);
    }
    if (item != 0) /* which has made the score: that is the first value of its layer */
        return;
    const double score = values[p->score];
    int sound = score >= -LARGEST_SCORE && score <= LARGEST_SCORE;
    for (int i = 0; i < ROW; i++)
        sound = sound && features[i] >= -LARGEST_FEATURE && features[i] <= LARGEST_FEATURE;
    scores[row] = sound ? (float)score : float_of(0x7fc00000u);
}
