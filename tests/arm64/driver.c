// Runs the product's ARM64 kernels against a plain C reference, bit for bit. See README.md.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>

enum { ROWS = 8, GROUP = 32, TILES_MAX = 5, GROUPS_MAX = 80, TOKENS_MAX = 9, GUARD = 16 };

typedef void row_body(uint8_t *w, uint16_t *ws, int8_t *x, float *xs, int32_t *sums, int groups, int tiles, float *y);
typedef void block_body(uint8_t *w, uint16_t *ws, int8_t *x, float *xs, int32_t *sums, int groups, float *y,
                        long stride);

row_body neon_matvec_q8, neon_matvec_q4, dot_matvec_q8, dot_matvec_q4;
block_body neon_matmul_q8, neon_matmul_q4, dot_matmul_q8, dot_matmul_q4;

static uint32_t state = 20240607;

static uint32_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

static int passed, failed;

static void report(int ok, const char *cpu, const char *name, const char *detail) {
    printf("%s arm64 %s %s %s\n", ok ? "ok" : "FAILED", cpu, name, detail);
    ok ? passed++ : failed++;
}

// ---- packed matrices ----

static uint8_t quants[TILES_MAX * GROUPS_MAX * ROWS * GROUP];
static uint16_t scales[TILES_MAX * GROUPS_MAX * ROWS];
static int8_t x[TOKENS_MAX * GROUPS_MAX * GROUP];
static float xs[TOKENS_MAX * GROUPS_MAX];
static int32_t sums[TOKENS_MAX * GROUPS_MAX];
static float y[TOKENS_MAX * TILES_MAX * ROWS + GUARD];

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

static void fill(int tiles, int groups, int tokens, int q4, int mode) {
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
        xs[g] = r % 32 == 0 ? 0 : r % 32 == 1 ? 3e6f : (float)(r % 10000 + 1) * 1.37e-5f;
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

static float half_to_single(uint16_t bits) {
    __fp16 value;
    memcpy(&value, &bits, sizeof value);
    return (float)value;
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

static int same(float actual, float expected) { return memcmp(&actual, &expected, sizeof actual) == 0; }

static const int tile_counts[] = {1, 2, 3, 4, 5}, group_counts[] = {1, 2, 3, 5, 18, 30, 80};

// Counts the elements that differ, those written outside the output included.
static long compare(int q4, int groups, int tiles, int tokens, long stride, long written) {
    long wrong = 0;
    for (long i = 0; i < written + GUARD; i++) {
        long token = i / stride, row = i % stride;
        float expected = token < tokens && row < tiles * ROWS ? reference(q4, groups, (int)row, (int)token) : -77.5f;
        wrong += !same(y[i], expected);
    }
    return wrong;
}

static void clear(void) {
    for (size_t i = 0; i < sizeof y / sizeof *y; i++) {
        y[i] = -77.5f;
    }
}

static void check_matvec(const char *cpu, const char *name, int q4, row_body *body) {
    long wrong = 0, shapes = 0;
    for (size_t t = 0; t < sizeof tile_counts / sizeof *tile_counts; t++) {
        for (size_t g = 0; g < sizeof group_counts / sizeof *group_counts; g++, shapes++) {
            int tiles = tile_counts[t], groups = group_counts[g];
            fill(tiles, groups, 1, q4, (int)(shapes % 5));
            clear();
            body(quants, scales, x, xs, sums, groups, tiles, y);
            wrong += compare(q4, groups, tiles, 1, tiles * ROWS, tiles * ROWS);
        }
    }
    char detail[64];
    snprintf(detail, sizeof detail, "%ld shapes, %ld elements differ", shapes, wrong);
    report(wrong == 0, cpu, name, detail);
}

// The way PackedDriver walks: blocks of four tokens, then one by one; every tile by itself.
static void check_matmul(const char *cpu, const char *name, int q4, row_body *row, block_body *block) {
    long wrong = 0, shapes = 0;
    for (int tokens = 1; tokens <= TOKENS_MAX; tokens++) {
        for (size_t g = 0; g < sizeof group_counts / sizeof *group_counts; g++, shapes++) {
            int tiles = 1 + (int)(shapes % TILES_MAX), groups = group_counts[g], stride = tiles * ROWS;
            fill(tiles, groups, tokens, q4, (int)(shapes % 5));
            clear();
            for (int tile = 0; tile < tiles; tile++) {
                uint8_t *w = quants + (long)tile * groups * (q4 ? 128 : 256);
                uint16_t *ws = scales + (long)tile * groups * ROWS;
                for (int token = 0; token < tokens;) {
                    int8_t *xt = x + (long)token * groups * GROUP;
                    float *xst = xs + (long)token * groups, *yt = y + (long)token * stride + tile * ROWS;
                    int32_t *st = sums + (long)token * groups;
                    if (tokens - token >= 4) {
                        block(w, ws, xt, xst, st, groups, yt, stride);
                        token += 4;
                    } else {
                        row(w, ws, xt, xst, st, groups, 1, yt);
                        token++;
                    }
                }
            }
            wrong += compare(q4, groups, tiles, tokens, stride, (long)tokens * stride);
        }
    }
    char detail[64];
    snprintf(detail, sizeof detail, "%ld shapes, %ld elements differ", shapes, wrong);
    report(wrong == 0, cpu, name, detail);
}

// ---- one call, for counting instructions ----

// count KERNEL REPETITIONS: 2 tiles, or 4 tokens of 1 tile, 30 groups; prints the multiply-adds it did.
static int count(const char *name, int repetitions) {
    static const struct { const char *name; int q4; row_body *row; block_body *block; } kernels[] = {
        {"neon-matvec-q8", 0, neon_matvec_q8, 0}, {"neon-matvec-q4", 1, neon_matvec_q4, 0},
        {"neon-matmul-q8", 0, 0, neon_matmul_q8}, {"neon-matmul-q4", 1, 0, neon_matmul_q4},
        {"dot-matvec-q8", 0, dot_matvec_q8, 0},   {"dot-matvec-q4", 1, dot_matvec_q4, 0},
        {"dot-matmul-q8", 0, 0, dot_matmul_q8},   {"dot-matmul-q4", 1, 0, dot_matmul_q4},
    };
    enum { COUNT_GROUPS = 30 };
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        if (strcmp(name, kernels[i].name) == 0) {
            fill(2, COUNT_GROUPS, 4, kernels[i].q4, 2);
            for (int r = 0; r < repetitions; r++) {
                if (kernels[i].row) {
                    kernels[i].row(quants, scales, x, xs, sums, COUNT_GROUPS, 2, y);
                } else {
                    kernels[i].block(quants, scales, x, xs, sums, COUNT_GROUPS, y, ROWS);
                }
            }
            printf("%ld\n", (long)repetitions * COUNT_GROUPS * GROUP * ROWS * (kernels[i].row ? 2 : 4));
            return 0;
        }
    }
    fprintf(stderr, "no such kernel: %s\n", name);
    return 2;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "count") == 0) {
        return count(argv[2], atoi(argv[3]));
    }
    const char *cpu = argc > 1 ? argv[1] : "host";
    check_matvec(cpu, "neon matvec-q8", 0, neon_matvec_q8);
    check_matvec(cpu, "neon matvec-q4", 1, neon_matvec_q4);
    check_matmul(cpu, "neon matmul-q8", 0, neon_matvec_q8, neon_matmul_q8);
    check_matmul(cpu, "neon matmul-q4", 1, neon_matvec_q4, neon_matmul_q4);
    if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) {
        check_matvec(cpu, "neon-dot matvec-q8", 0, dot_matvec_q8);
        check_matvec(cpu, "neon-dot matvec-q4", 1, dot_matvec_q4);
        check_matmul(cpu, "neon-dot matmul-q8", 0, dot_matvec_q8, dot_matmul_q8);
        check_matmul(cpu, "neon-dot matmul-q4", 1, dot_matvec_q4, dot_matmul_q4);
    } else {
        printf("-- arm64 %s has no dot product: the neon-dot set is not run\n", cpu);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
