// The float32 operations on vectors: exact where KERNELS.md says so, within its tolerance elsewhere. Operations of
// several bodies are put together as Vector128Kernels.cs does it.
#include "harness.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void v128_dot4x2(const float *w, long w_stride, const float *x, long x_stride, int count, float *sums);
dense_body v128_dense_f32, v128_dense_f16, v128_dense_bf16;
void v128_dequantize_f16(const void *source, int count, float *y);
void v128_dequantize_bf16(const void *source, int count, float *y);
float v128_sum_of_squares(const float *x, int count);
void v128_scale_by(const float *x, const float *weight, float factor, int count, float *y);
void v128_rotate_halves(float *head, int half, const float *cosines, const float *sines);
void v128_rotate_neighbours(float *head, int half, const float *cosines, const float *sines);
void v128_swiglu(const float *gate, const float *up, int count, float *y);
float v128_max(const float *x, int count);
float v128_exponentials(float *x, int count, float max);
void v128_multiply(float *x, float factor, int count);
void v128_add(float *y, const float *x, int count);
void v128_add_scaled(float *y, const float *x, float scale, int count);
void v128_retention(float *state, long state_stride, int rows, float decay, const float *queries, long query_stride,
                    const float *keys, long key_stride, const float *values, long value_stride, float *output,
                    long output_stride, int tokens);
uint64_t v128_read_blocks(const void *data, long block_count);

// Roundings allowed to an exponential, as in KernelComparison.cs.
enum { EXPONENTIAL_ROUNDINGS = 16, LENGTH_MAX = 2048, DOT_ROWS = 4, DOT_TOKENS = 2 };

static const int lengths[] = {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 64, 100, 576, 961, 1536};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

static float x[LENGTH_MAX * DOT_TOKENS], z[LENGTH_MAX * DOT_ROWS], y[LENGTH_MAX];

static void fill(float *target, int count, float range) {
    for (int i = 0; i < count; i++) {
        target[i] = random_float(range);
    }
}

static void check_rms_norm(void) {
    check c = begin("RmsNorm");
    for (int l = 0; l < LENGTHS; l++) {
        int n = lengths[l];
        double squares = 0;
        fill(x, n, l % 2 ? 8 : 1e-3f);
        fill(z, n, 2);
        for (int i = 0; i < n; i++) {
            squares += (double)x[i] * x[i];
        }
        v128_scale_by(x, z, 1 / sqrtf(v128_sum_of_squares(x, n) / (float)n + 1e-5f), n, y);
        for (int i = 0; i < n; i++) {
            double expected = x[i] / sqrt(squares / n + 1e-5) * z[i];
            near(&c, y[i], expected, (n + 8) * ROUNDING * fabs(expected));
        }
    }
    finish(&c);
}

static void check_scale_by(void) {
    check c = begin("ScaleBy and Multiply");
    for (int l = 0; l < LENGTHS; l++) {
        int n = lengths[l];
        fill(x, n, 8);
        fill(z, n, 2);
        memcpy(y, x, sizeof *y * (size_t)n);
        v128_multiply(y, 0.7f, n);
        for (int i = 0; i < n; i++) {
            exact(&c, y[i], x[i] * 0.7f);
        }
        v128_scale_by(x, z, 0.7f, n, y);
        for (int i = 0; i < n; i++) {
            exact(&c, y[i], x[i] * 0.7f * z[i]);
        }
    }
    finish(&c);
}

static void check_rotary(void) {
    check c = begin("Rotary");
    for (int half = 1; half <= 64; half++) {
        float before[128];
        fill(before, 2 * half, 2);
        fill(z, half, 1);
        fill(y, half, 1);
        memcpy(x, before, sizeof before);
        v128_rotate_halves(x, half, z, y);
        for (int i = 0; i < half; i++) {
            float a = before[i], b = before[half + i];
            exact(&c, x[i], a * z[i] - b * y[i]);
            exact(&c, x[half + i], b * z[i] + a * y[i]);
        }
        memcpy(x, before, sizeof before);
        v128_rotate_neighbours(x, half, z, y);
        for (int i = 0; i < half; i++) {
            float a = before[2 * i], b = before[2 * i + 1];
            exact(&c, x[2 * i], a * z[i] - b * y[i]);
            exact(&c, x[2 * i + 1], b * z[i] + a * y[i]);
        }
    }
    finish(&c);
}

// In float32 like the reference: e^-gate overflows where gate is below -88.7.
static float swiglu(float gate, float up) { return gate / (1 + expf(-gate)) * up; }

static void check_swiglu(void) {
    check c = begin("SwiGlu");
    for (int l = 0; l < LENGTHS; l++) {
        int n = lengths[l];
        fill(x, n, l % 3 == 0 ? 120 : 8);
        fill(z, n, 3);
        v128_swiglu(x, z, n, y);
        for (int i = 0; i < n; i++) {
            float expected = swiglu(x[i], z[i]);
            near(&c, y[i], expected, EXPONENTIAL_ROUNDINGS * ROUNDING * fabs(expected));
        }
    }
    finish(&c);
}

static void check_softmax(void) {
    check c = begin("Softmax");
    for (int l = 0; l < LENGTHS; l++) {
        int n = lengths[l];
        float max = -INFINITY;
        double sum = 0;
        fill(x, n, l % 3 == 0 ? 90 : 8);
        for (int i = 0; i < n; i++) {
            max = fmaxf(max, x[i]);
        }
        for (int i = 0; i < n; i++) {
            sum += exp((double)(x[i] - max));
        }
        memcpy(y, x, sizeof *y * (size_t)n);
        float found = v128_max(y, n);
        exact(&c, found, max);
        v128_multiply(y, 1 / v128_exponentials(y, n, found), n);
        for (int i = 0; i < n; i++) {
            double expected = exp((double)(x[i] - max)) / sum;
            double allowed = (n + 2 * EXPONENTIAL_ROUNDINGS) * ROUNDING * expected + FLT_TRUE_MIN;
            near(&c, y[i], expected, allowed);
        }
    }
    finish(&c);
}

static void check_add(void) {
    check c = begin("Add and AddScaled");
    for (int l = 0; l < LENGTHS; l++) {
        int n = lengths[l];
        fill(x, n, 8);
        fill(z, n, 8);
        memcpy(y, z, sizeof *y * (size_t)n);
        v128_add(y, x, n);
        for (int i = 0; i < n; i++) {
            exact(&c, y[i], z[i] + x[i]);
        }
        memcpy(y, z, sizeof *y * (size_t)n);
        v128_add_scaled(y, x, 0.3f, n);
        for (int i = 0; i < n; i++) {
            exact(&c, y[i], fmaf(0.3f, x[i], z[i]));
        }
    }
    finish(&c);
}

static void check_dense_products(void) {
    check c = begin("MatMulDense");
    for (int l = 0; l < LENGTHS; l++) {
        int n = lengths[l];
        float sums[DOT_ROWS * DOT_TOKENS];
        fill(x, n * DOT_TOKENS, 2);
        fill(z, n * DOT_ROWS, 2);
        v128_dot4x2(z, n, x, n, n, sums);
        for (int i = 0; i < DOT_ROWS * DOT_TOKENS; i++) {
            double expected = 0, magnitude = 0;
            for (int k = 0; k < n; k++) {
                double product = (double)z[i % DOT_ROWS * n + k] * x[i / DOT_ROWS * n + k];
                expected += product;
                magnitude += fabs(product);
            }
            near(&c, sums[i], expected, (n + 1) * ROUNDING * magnitude);
        }
    }
    finish(&c);
}

// A lone token's body sums in the order of the body for two, bit for bit, whatever the weights are stored as.
void check_dense_body(const char *name, dense_body *body, int type) {
    check c = begin(name);
    for (int l = 0; l < LENGTHS; l++) {
        static uint16_t halves[LENGTH_MAX * DOT_ROWS];
        int n = lengths[l];
        float sums[DOT_ROWS], expected[DOT_ROWS * DOT_TOKENS];
        fill(x, n, 2);
        for (int i = 0; i < n * DOT_ROWS; i++) {
            z[i] = random_float(ldexpf(1, -(int)(next_random() % 20)));
            uint32_t bits;
            memcpy(&bits, &z[i], sizeof bits);
            halves[i] = type == TYPE_F16 ? single_to_half(z[i]) : (uint16_t)(bits >> 16);
        }
        if (type != TYPE_F32) {
            (type == TYPE_F16 ? v128_dequantize_f16 : v128_dequantize_bf16)(halves, n * DOT_ROWS, z);
        }
        const void *w = type == TYPE_F32 ? (const void *)z : halves;
        long stride = n * (type == TYPE_F32 ? (long)sizeof *z : (long)sizeof *halves);
        v128_dot4x2(z, n, x, 0, n, expected);
        exact(&c, body(w, stride, x, n, sums), true);
        for (int r = 0; r < DOT_ROWS; r++) {
            exact(&c, sums[r], expected[r]);
        }
        body(w, 0, x, n, sums);
        exact(&c, sums[DOT_ROWS - 1], expected[0]);
    }
    finish(&c);
}

// As DenseDriver walks four rows of 2,048 columns: float32 in one piece.
long count_dense(int type, dense_body *body, int repetitions) {
    enum { COLUMNS = 2048, CHUNK = 512 };
    int columns = type == TYPE_F32 ? COLUMNS : CHUNK;
    float sums[DOT_ROWS];
    for (int i = 0; i < repetitions * COLUMNS / columns; i++) {
        body(z, 0, x, columns, sums);
    }
    return (long)repetitions * DOT_ROWS * COLUMNS;
}

// R = fma(k, v, decay * R), o = fma(q, R, o), for 16 columns as RetentionDriver.cs hands them over.
static void check_retention(void) {
    enum { COLUMNS = 16, STRIDE = 20, ROWS_MAX = 9, TOKENS_MAX = 7 };
    check c = begin("Retention");
    for (int rows = 1; rows <= ROWS_MAX; rows++) {
        for (int tokens = 1; tokens <= TOKENS_MAX; tokens++) {
            static float state[ROWS_MAX * STRIDE], expected[ROWS_MAX * STRIDE], q[TOKENS_MAX * STRIDE],
                k[TOKENS_MAX * STRIDE], v[TOKENS_MAX * STRIDE], o[TOKENS_MAX * STRIDE];
            fill(state, rows * STRIDE, 4);
            fill(q, tokens * STRIDE, 1);
            fill(k, tokens * STRIDE, 1);
            fill(v, tokens * STRIDE, 1);
            memset(o, 0, sizeof o);
            memcpy(expected, state, sizeof state);
            v128_retention(state, STRIDE, rows, 0.96875f, q, STRIDE, k, STRIDE, v, STRIDE, o, STRIDE, tokens);
            for (int t = 0; t < tokens; t++) {
                for (int e = 0; e < COLUMNS; e++) {
                    float sum = 0;
                    for (int d = 0; d < rows; d++) {
                        float *r = &expected[d * STRIDE + e];
                        *r = fmaf(k[t * STRIDE + d], v[t * STRIDE + e], 0.96875f * *r);
                        sum = fmaf(q[t * STRIDE + d], *r, sum);
                    }
                    exact(&c, o[t * STRIDE + e], sum);
                }
            }
            for (int i = 0; i < rows * STRIDE; i++) {
                exact(&c, state[i], expected[i]);
            }
        }
    }
    finish(&c);
}

static void check_read_blocks(void) {
    check c = begin("ReadBytes");
    for (long blocks = 0; blocks < 40; blocks++) {
        static uint64_t words[80];
        uint64_t expected = 0;
        for (int i = 0; i < 80; i++) {
            words[i] = (uint64_t)next_random() << 32 | next_random();
            expected ^= i < 2 * blocks ? words[i] : 0;
        }
        uint64_t actual = v128_read_blocks(words, blocks);
        bytes_equal(&c, &actual, &expected, sizeof actual);
    }
    finish(&c);
}

void check_vectors(void) {
    check_rms_norm();
    check_scale_by();
    check_rotary();
    check_swiglu();
    check_softmax();
    check_add();
    check_dense_products();
    check_dense_body("MatMulDense F32, one token", v128_dense_f32, TYPE_F32);
    check_dense_body("MatMulDense F16, one token", v128_dense_f16, TYPE_F16);
    check_dense_body("MatMulDense BF16, one token", v128_dense_bf16, TYPE_BF16);
    check_retention();
    check_read_blocks();
}
