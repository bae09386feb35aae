// Attention and its cache: the portable bodies against plain C, bit for bit.
#include "harness.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

scores_body v128_scores;
mix_body v128_mix;
bool v128_store_half(const float *x, int count, uint16_t *target);
int v128_magnitude_bits(const float *x);
void v128_cache_quantize(const float *x, float scale, int8_t *quants);
void v128_quants(const int8_t *source, int count, float *target);

enum { QUERIES = 3, TILE = 8, TILES = 7, POSITIONS = TILE * TILES, COLS_MAX = 130, GUARD = 8 };

static const float untouched = -77.5f;
static const int head_dims[] = {1, 3, 4, 5, 16, 17, 20, 32, 48, 63, 64, 80, 96, 128, 130};
enum { HEAD_DIMS = sizeof head_dims / sizeof *head_dims };

// Elements of all three types; a view of one says which.
static union {
    float f32[POSITIONS * COLS_MAX];
    uint16_t f16[POSITIONS * COLS_MAX];
    int8_t i8[POSITIONS * COLS_MAX];
} data;

// Queries, or weights of each group of columns: int8 values have other ones for each.
enum { GROUPS = (COLS_MAX + GROUP - 1) / GROUP };
static float factors[GROUPS * QUERIES][COLS_MAX + POSITIONS], results[QUERIES][COLS_MAX + POSITIONS + GUARD];

static float element(int type, long i) {
    return type == TYPE_F32 ? data.f32[i] : type == TYPE_F16 ? half_to_single(data.f16[i]) : (float)data.i8[i];
}

// Every float16 is finite: others are converted before a body sees them. Small ones are often subnormal.
static void fill(int type) {
    for (int i = 0; i < POSITIONS * COLS_MAX; i++) {
        uint32_t r = next_random();
        if (type == TYPE_F32) {
            data.f32[i] = random_float(4);
        } else if (type == TYPE_F16) {
            data.f16[i] = (uint16_t)((r >> 16 & 0x8000) | (r % 8 ? 0x2000 + r % 0x2400 : r % 0x7c00));
        } else {
            data.i8[i] = (int8_t)(r % 255 - 127);
        }
    }
    for (int row = 0; row < GROUPS * QUERIES; row++) {
        for (int i = 0; i < COLS_MAX + POSITIONS; i++) {
            factors[row][i] = random_float(2);
        }
    }
    for (int row = 0; row < QUERIES; row++) {
        for (int i = 0; i < COLS_MAX + POSITIONS + GUARD; i++) {
            results[row][i] = untouched;
        }
    }
}

static void check_scores(const char *name, int type, scores_body *body) {
    check c = begin(name);
    float *queries[] = {factors[0], factors[1], factors[2]}, *scores[] = {results[0], results[1], results[2]};
    for (int h = 0; h < HEAD_DIMS; h++) {
        for (int tiles = 1; tiles <= TILES; tiles++) {
            int cols = head_dims[h], rows = (h + tiles) % 2 ? 1 : QUERIES;
            fill(type);
            body(queries, rows, &data, type, cols, tiles, 0.125f, scores);
            for (int row = 0; row < QUERIES; row++) {
                for (int j = 0; j < POSITIONS + GUARD; j++) {
                    float sum = 0;
                    for (int d = 0; d < cols && j < tiles * TILE; d++) {
                        long at = ((long)(j / TILE) * cols + d) * TILE + j % TILE;
                        sum = fmaf(factors[row][d], element(type, at), sum);
                    }
                    exact(&c, results[row][j], row < rows && j < tiles * TILE ? sum * 0.125f : untouched);
                }
            }
        }
    }
    finish(&c);
}

static void check_mix(const char *name, int type, mix_body *body) {
    check c = begin(name);
    float *weights[GROUPS * QUERIES], *outputs[] = {results[0], results[1], results[2]};
    for (int i = 0; i < GROUPS * QUERIES; i++) {
        weights[i] = factors[i];
    }
    for (int h = 0; h < HEAD_DIMS; h++) {
        int cols = head_dims[h], count = 1 + (int)(next_random() % POSITIONS);
        for (int variant = 0; variant < 8; variant++) {
            int rows = variant % 2 ? 1 : QUERIES, stride = variant / 4 ? COLS_MAX : cols;
            int step = type == TYPE_I8 ? QUERIES : 0;
            bool accumulate = variant / 2 % 2;
            fill(type);
            body(weights, step, rows, &data, stride, type, cols, count, outputs, accumulate);
            for (int row = 0; row < QUERIES; row++) {
                for (int d = 0; d < COLS_MAX + GUARD; d++) {
                    float sum = accumulate ? untouched : 0;
                    for (int j = 0; j < count && d < cols; j++) {
                        float weight = factors[d / GROUP * step + row][j];
                        sum = fmaf(weight, element(type, (long)j * stride + d), sum);
                    }
                    exact(&c, results[row][d], row < rows && d < cols ? sum : untouched);
                }
            }
        }
    }
    finish(&c);
}

// Values at, beside and between all float16, and any bit pattern.
static void check_store_half(void) {
    check c = begin("StoreKv F16");
    for (int i = 0; i < 30000; i++) {
        float x[21];
        uint16_t halves[21], expected[21];
        bool finite = true;
        int count = i % 20;
        for (int k = 0; k <= count; k++) {
            uint32_t r = next_random(), bits;
            float at = half_to_single((uint16_t)r);
            memcpy(&bits, &at, sizeof bits);
            bits = r >> 30 == 0 ? next_random() : bits + (r >> 28 & 1 ? 0x1000 : 0) + (r >> 26 & 3) - 1;
            memcpy(x + k, &bits, sizeof bits);
            halves[k] = expected[k] = single_to_half(x[k]);
        }
        halves[count] = 0x1234;
        expected[count] = 0x1234;
        bool stored_finite = v128_store_half(x, count, halves);
        for (int k = 0; k < count; k++) {
            finite &= (expected[k] & 0x7c00) != 0x7c00;
            if ((expected[k] & 0x7fff) > 0x7c00 && (halves[k] & 0x7fff) > 0x7c00) {
                expected[k] = halves[k];
            }
        }
        bytes_equal(&c, halves, expected, (count + 1) * (long)sizeof *halves);
        bytes_equal(&c, &stored_finite, &finite, sizeof finite);
    }
    finish(&c);
}

static void check_cache_quantize(void) {
    check c = begin("StoreKv Q8");
    for (int i = 0; i < 5000; i++) {
        float x[GROUP], magnitude = 0, range = ldexpf(1, (int)(next_random() % 30) - 12);
        int8_t quants[GROUP], expected[GROUP];
        for (int k = 0; k < GROUP; k++) {
            x[k] = random_float(range);
            magnitude = fmaxf(magnitude, fabsf(x[k]));
        }
        int bits = v128_magnitude_bits(x);
        bytes_equal(&c, &bits, &magnitude, sizeof bits);
        float scale = half_to_single(single_to_half(magnitude / 127));
        v128_cache_quantize(x, scale, quants);
        for (int k = 0; k < GROUP; k++) {
            expected[k] = (int8_t)rintf(x[k] / scale);
        }
        bytes_equal(&c, quants, expected, GROUP);
        x[i % GROUP] = NAN;
        bits = v128_magnitude_bits(x);
        bool lost = bits <= 0x7f800000, kept = false;
        bytes_equal(&c, &lost, &kept, sizeof lost);
    }
    finish(&c);
}

static void check_quants(void) {
    check c = begin("int8 to float32");
    for (int count = 0; count <= 70; count++) {
        static float target[70 + GUARD];
        fill(TYPE_I8);
        for (int i = 0; i < 70 + GUARD; i++) {
            target[i] = untouched;
        }
        v128_quants(data.i8, count, target);
        for (int i = 0; i < 70 + GUARD; i++) {
            exact(&c, target[i], i < count ? (float)data.i8[i] : untouched);
        }
    }
    finish(&c);
}

void check_attention_bodies(const char *const names[5], scores_body *scores, mix_body *mix) {
    check_scores(names[0], TYPE_F32, scores);
    check_scores(names[1], TYPE_F16, scores);
    check_mix(names[2], TYPE_F32, mix);
    check_mix(names[3], TYPE_F16, mix);
    check_mix(names[4], TYPE_I8, mix);
}

void check_attention(void) {
    static const char *const names[] = {"AttentionScores F32", "AttentionScores F16", "AttentionMix F32",
                                        "AttentionMix F16", "AttentionMix Q8"};
    check_attention_bodies(names, v128_scores, v128_mix);
    check_store_half();
    check_cache_quantize();
    check_quants();
}

long count_attention(scores_body *score, mix_body *mix, int type) {
    enum { HEAD_DIM = 64 };
    float *inputs[] = {factors[0], factors[1], factors[2]}, *outputs[] = {results[0], results[1], results[2]};
    if (score) {
        score(inputs, QUERIES, &data, type, HEAD_DIM, TILES - 1, 1, outputs);
        return (long)QUERIES * HEAD_DIM * (TILES - 1) * TILE;
    }
    mix(inputs, 0, QUERIES, &data, HEAD_DIM, type, HEAD_DIM, POSITIONS, outputs, true);
    return (long)QUERIES * HEAD_DIM * POSITIONS;
}
