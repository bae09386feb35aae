// The packed products of the portable set, and the C reference for all sets, bit for bit.
#include "packed.h"
#include <math.h>
#include <stddef.h>

row_body v128_matvec_q8, v128_matvec_q4;

const float untouched = -77.5f;
const int group_counts[] = {1, 2, 3, 5, 18, 30, 80};
static const int tile_counts[] = {1, 2, 3, 4, 5};

uint8_t quants[TILES_MAX * GROUPS_MAX * ROWS * GROUP];
uint16_t scales[TILES_MAX * GROUPS_MAX * ROWS];
int8_t x[TOKENS_MAX * GROUPS_MAX * GROUP];
float xs[TOKENS_MAX * GROUPS_MAX];
int32_t sums[TOKENS_MAX * GROUPS_MAX];
float y[TOKENS_MAX * TILES_MAX * ROWS + GUARD];

// A scale is 0 or normal, of either sign: exponents 1 to 30 in rare cases, near 2^-7 in most.
static uint16_t random_scale(void) {
    uint32_t r = next_random(), kind = r % 16;
    if (kind == 0) {
        return 0;
    }
    uint32_t exponent = kind == 1 ? 1 : kind == 2 ? 30 : 6 + r / 16 % 6;
    return (uint16_t)((r >> 31) << 15 | exponent << 10 | (r >> 16 & 1023));
}

// Extremes first: with |q| = 127 everywhere an int16 sum that is one product too long overflows.
static int8_t random_quant(int mode) {
    int sign = next_random() & 1 ? 1 : -1;
    return (int8_t)(mode == 0 ? 127 : mode == 1 ? 127 * sign : (int)(next_random() % 255) - 127);
}

void fill(int tiles, int groups, int tokens, int q4, int mode) {
    int bytes = tiles * groups * ROWS * GROUP / (q4 ? 2 : 1);
    for (int i = 0; i < bytes; i++) {
        uint32_t r = next_random();
        quants[i] = !q4 ? (uint8_t)random_quant(mode) : mode == 0 ? 0xff : mode == 1 ? (r & 1 ? 0xf0 : 0) : (uint8_t)r;
    }
    for (int i = 0; i < tiles * groups * ROWS; i++) {
        scales[i] = random_scale();
    }
    for (int g = 0; g < tokens * groups; g++) {
        sums[g] = 0;
        for (int k = 0; k < GROUP; k++) {
            sums[g] += x[g * GROUP + k] = random_quant(mode);
        }
        uint32_t r = next_random();
        xs[g] = r % 32 == 0 ? 0 : r % 32 == 1 ? 3e6f : r % 32 == 2 ? 2e-38f : (float)(r % 10000 + 1) * 1.37e-5f;
    }
    for (size_t i = 0; i < sizeof y / sizeof *y; i++) {
        y[i] = untouched;
    }
}

static int quant(int q4, int groups, int row, int group, int k) {
    int quad = k / 4, lane = row % ROWS * 4 + k % 4;
    long tile_group = (long)(row / ROWS) * groups + group;
    if (!q4) {
        return (int8_t)quants[tile_group * 256 + quad * 32 + lane];
    }
    int pair = quants[tile_group * 128 + quad % 4 * 32 + lane];
    return (quad < 4 ? pair & 15 : pair >> 4) - 8;
}

static float reference(int q4, int groups, int row, int token) {
    float sum = 0;
    for (int group = 0; group < groups; group++) {
        int32_t integer = 0;
        for (int k = 0; k < GROUP; k++) {
            integer += quant(q4, groups, row, group, k) * x[((long)token * groups + group) * GROUP + k];
        }
        float scale = half_to_single(scales[((long)(row / ROWS) * groups + group) * ROWS + row % ROWS]);
        float product = scale * xs[(long)token * groups + group];
        sum = fmaf((float)integer, product, sum);
    }
    return sum;
}

// Elements behind the output must still be there.
void compare(check *c, int q4, int groups, int tiles, int tokens) {
    int stride = tiles * ROWS;
    for (int i = 0; i < tokens * stride + GUARD; i++) {
        exact(c, y[i], i < tokens * stride ? reference(q4, groups, i % stride, i / stride) : untouched);
    }
}

void check_matvec(const char *name, int q4, row_body *body) {
    check c = begin(name);
    int shape = 0;
    for (size_t t = 0; t < sizeof tile_counts / sizeof *tile_counts; t++) {
        for (size_t g = 0; g < GROUP_COUNTS; g++, shape++) {
            int tiles = tile_counts[t], groups = group_counts[g];
            fill(tiles, groups, 1, q4, shape % 5);
            body(quants, scales, x, xs, sums, groups, tiles, y);
            compare(&c, q4, groups, tiles, 1);
        }
    }
    finish(&c);
}

void check_packed(void) {
    check_matvec("vector128 matvec-q8", 0, v128_matvec_q8);
    check_matvec("vector128 matvec-q4", 1, v128_matvec_q4);
}
