// The NEON sets: packed products against the C reference, bit for bit, and the counting of their instructions.
#include "packed.h"
#include <stdio.h>
#include <string.h>

typedef void block_body(uint8_t *w, uint16_t *ws, int8_t *x, float *xs, int32_t *sums, int groups, float *y,
                        long stride);
typedef void panel_body(uint8_t *w, uint16_t *ws, int8_t *x, float *xs, int32_t *sums, int groups, int tokens,
                        float *y);

row_body neon_matvec_q8, neon_matvec_q4, dot_matvec_q8, dot_matvec_q4;
block_body neon_matmul_q8, neon_matmul_q4;
panel_body dot_matmul_q8, dot_matmul_q4;
block_products neon_block_signed, neon_block_four, neon_block_five, neon_block_minimum, neon_block_six;
block_products dot_block_signed, dot_block_four, dot_block_five, dot_block_minimum, dot_block_six;
block_unpack neon_unpack_q8_0, neon_unpack_q4_0, neon_unpack_q4_1, neon_unpack_q5_0, neon_unpack_q5_1,
    neon_unpack_q4_k, neon_unpack_q5_k, neon_unpack_q6_k;
block_rows neon_one_q8_0, neon_one_q4_0, neon_one_q4_1, neon_one_q5_0, neon_one_q5_1, neon_one_q4_k, neon_one_q5_k,
    neon_one_q6_k;
block_rows dot_one_q8_0, dot_one_q4_0, dot_one_q4_1, dot_one_q5_0, dot_one_q5_1, dot_one_q4_k, dot_one_q5_k,
    dot_one_q6_k;
block_turn neon_turn;
block_tile dot_tile_signed, dot_tile_four, dot_tile_five, dot_tile_minimum, dot_tile_six;
dense_body neon_dense_f32, neon_dense_f16, neon_dense_bf16;
static dense_body *const dense_bodies[] = {neon_dense_f32, neon_dense_f16, neon_dense_bf16};
scores_body neon_scores, v128_scores;
mix_body neon_mix, v128_mix;

#define NEON_UNPACK \
    {neon_unpack_q8_0, neon_unpack_q4_0, neon_unpack_q4_1, neon_unpack_q5_0, neon_unpack_q5_1, neon_unpack_q4_k, \
     neon_unpack_q5_k, neon_unpack_q6_k}
static const block_set block_sets[] = {
    {NEON_UNPACK,
     {neon_block_signed, neon_block_four, neon_block_five, neon_block_minimum, neon_block_six},
     {neon_one_q8_0, neon_one_q4_0, neon_one_q4_1, neon_one_q5_0, neon_one_q5_1, neon_one_q4_k, neon_one_q5_k,
      neon_one_q6_k},
     0,
     {0}},
    {NEON_UNPACK,
     {dot_block_signed, dot_block_four, dot_block_five, dot_block_minimum, dot_block_six},
     {dot_one_q8_0, dot_one_q4_0, dot_one_q4_1, dot_one_q5_0, dot_one_q5_1, dot_one_q4_k, dot_one_q5_k,
      dot_one_q6_k},
     neon_turn,
     {dot_tile_signed, dot_tile_four, dot_tile_five, dot_tile_minimum, dot_tile_six}},
};

static int8_t panel[TOKENS_MAX * GROUPS_MAX * GROUP];
static float panel_xs[TOKENS_MAX * GROUPS_MAX];
static int32_t panel_sums[TOKENS_MAX * GROUPS_MAX];

// The way PackedDriver walks: blocks of four tokens, then one by one; every tile by itself.
static void check_blocks(const char *name, int q4, row_body *row, block_body *block) {
    check c = begin(name);
    int shape = 0;
    for (int tokens = 1; tokens <= 9; tokens++) {
        for (size_t g = 0; g < GROUP_COUNTS; g++, shape++) {
            int tiles = 1 + shape % TILES_MAX, groups = group_counts[g], stride = tiles * ROWS;
            fill(tiles, groups, tokens, q4, shape % 5);
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
            compare(&c, q4, groups, tiles, tokens);
        }
    }
    finish(&c);
}

// As PackedPanelDriver fills a panel: [group][token], the tokens padded with zeros to a multiple of four.
static int fill_panel(int groups, int tokens) {
    int padded = (tokens + 3) / 4 * 4;
    for (int group = 0; group < groups; group++) {
        for (int token = 0; token < padded; token++) {
            int to = group * padded + token, from = token * groups + group;
            if (token < tokens) {
                memcpy(panel + to * GROUP, x + from * GROUP, GROUP);
            } else {
                memset(panel + to * GROUP, 0, GROUP);
            }
            panel_xs[to] = token < tokens ? xs[from] : 0;
            panel_sums[to] = token < tokens ? sums[from] : 0;
        }
    }
    return padded;
}

// The way PackedPanelDriver walks: all tokens in one call, long rows in two.
static void check_panels(const char *name, int q4, panel_body *body) {
    static const int token_counts[] = {2, 4, 5, 7, 12, 63};
    static float output[TOKENS_MAX * ROWS + GUARD];
    check c = begin(name);
    int shape = 0;
    for (size_t t = 0; t < sizeof token_counts / sizeof *token_counts; t++) {
        for (size_t g = 0; g < GROUP_COUNTS; g++, shape++) {
            int tokens = token_counts[t], tiles = 1 + shape % 2, groups = group_counts[g], half = groups / 2;
            fill(tiles, groups, tokens, q4, shape % 5);
            int padded = fill_panel(groups, tokens);
            for (int tile = 0; tile < tiles; tile++) {
                uint8_t *w = quants + (long)tile * groups * (q4 ? 128 : 256);
                uint16_t *ws = scales + (long)tile * groups * ROWS;
                for (int i = 0; i < padded * ROWS + GUARD; i++) {
                    output[i] = i < padded * ROWS ? 0 : untouched;
                }
                body(w, ws, panel, panel_xs, panel_sums, half, padded, output);
                body(w + (long)half * (q4 ? 128 : 256), ws + half * ROWS, panel + half * padded * GROUP,
                     panel_xs + half * padded, panel_sums + half * padded, groups - half, padded, output);
                for (int i = 0; i < GUARD; i++) {
                    exact(&c, output[padded * ROWS + i], untouched);
                }
                for (int i = 0; i < tokens * ROWS; i++) {
                    y[i / ROWS * tiles * ROWS + tile * ROWS + i % ROWS] = output[i];
                }
            }
            compare(&c, q4, groups, tiles, tokens);
        }
    }
    finish(&c);
}

// An infinity or NaN among whole pieces of four rows, or an input that cannot be scaled, is left to the other way.
static void check_half_special(void) {
    enum { COLUMNS = 48, HALF_ROWS = 4 };
    static uint16_t w[HALF_ROWS * COLUMNS];
    float inputs[COLUMNS], out[HALF_ROWS];
    check c = begin("neon MatMulDense F16, what it leaves");
    for (int i = 0; i < HALF_ROWS * COLUMNS; i++) {
        for (int k = 0; k < HALF_ROWS * COLUMNS; k++) {
            w[k] = single_to_half(random_float(1));
            inputs[k % COLUMNS] = random_float(1);
        }
        exact(&c, neon_dense_f16(w, COLUMNS * 2, inputs, COLUMNS, out), true);
        inputs[i % COLUMNS] = i % 2 ? 1e30f : -3e38f;
        exact(&c, neon_dense_f16(w, COLUMNS * 2, inputs, COLUMNS, out), false);
        inputs[i % COLUMNS] = 0;
        w[i] = (uint16_t)(0x7c00 | (next_random() & 0x83ff));
        exact(&c, neon_dense_f16(w, COLUMNS * 2, inputs, COLUMNS, out), false);
    }
    finish(&c);
}

void check_neon(void) {
    check_half_special();
    check_matvec("neon matvec-q8", 0, neon_matvec_q8);
    check_matvec("neon matvec-q4", 1, neon_matvec_q4);
    check_blocks("neon matmul-q8", 0, neon_matvec_q8, neon_matmul_q8);
    check_blocks("neon matmul-q4", 1, neon_matvec_q4, neon_matmul_q4);
    static const char *const names[] = {"neon AttentionScores F32", "neon AttentionScores F16", "neon AttentionMix F32",
                                        "neon AttentionMix F16", "neon AttentionMix Q8"};
    check_attention_bodies(names, neon_scores, neon_mix);
    check_dense_body("neon MatMulDense F32, one token", neon_dense_f32, TYPE_F32);
    check_dense_body("neon MatMulDense F16, one token", neon_dense_f16, TYPE_F16);
    check_dense_body("neon MatMulDense BF16, one token", neon_dense_bf16, TYPE_BF16);
    check_block_unpack("neon", &block_sets[0]);
    check_block_products("neon", block_sets[0].products);
    check_block_rows("neon", block_sets[0].one);
}

void check_neon_dot(void) {
    check_matvec("neon-dot matvec-q8", 0, dot_matvec_q8);
    check_matvec("neon-dot matvec-q4", 1, dot_matvec_q4);
    check_panels("neon-dot matmul-q8", 0, dot_matmul_q8);
    check_panels("neon-dot matmul-q4", 1, dot_matmul_q4);
    check_block_products("neon-dot", block_sets[1].products);
    check_block_rows("neon-dot", block_sets[1].one);
    check_block_tiles("neon-dot", &block_sets[1]);
}

// SET-matvec-TYPE for one token and SET-matmul-TYPE for 64 are blocks, neon-dense-TYPE floats; 0 for another name.
static long count_file_type(const char *kernel, int repetitions) {
    char set[8], work[8], type[8];
    if (sscanf(kernel, "%7[^-]-%7[^-]-%7[BFQ0-9_K]", set, work, type) != 3) {
        return 0;
    }
    if (type[0] != 'Q') {
        int float_type = type[0] == 'B' ? TYPE_BF16 : strcmp(type, "F16") == 0 ? TYPE_F16 : TYPE_F32;
        return count_dense(float_type, dense_bodies[float_type == TYPE_F32 ? 0 : float_type == TYPE_F16 ? 1 : 2],
                           repetitions);
    }
    return count_blocks(&block_sets[strcmp(set, "dot") == 0], type, strcmp(work, "matvec") == 0 ? 1 : 64, repetitions);
}

// One call, for counting instructions: 2 tiles for one token, or 1 tile for 64 tokens, of 960 columns. Zeros will
// do: no kernel branches on data. Prints the multiply-adds of all repetitions.
int count(const char *kernel, int repetitions) {
    static const struct {
        const char *name;
        row_body *row;
        block_body *block;
        panel_body *panel;
        scores_body *scores;
        mix_body *mix;
        int type;
    } kernels[] = {
        {"neon-matvec-q8", neon_matvec_q8, 0, 0, 0, 0, 0}, {"neon-matvec-q4", neon_matvec_q4, 0, 0, 0, 0, 0},
        {"neon-matmul-q8", 0, neon_matmul_q8, 0, 0, 0, 0}, {"neon-matmul-q4", 0, neon_matmul_q4, 0, 0, 0, 0},
        {"dot-matvec-q8", dot_matvec_q8, 0, 0, 0, 0, 0},   {"dot-matvec-q4", dot_matvec_q4, 0, 0, 0, 0, 0},
        {"dot-matmul-q8", 0, 0, dot_matmul_q8, 0, 0, 0},   {"dot-matmul-q4", 0, 0, dot_matmul_q4, 0, 0, 0},
        {"neon-scores-f16", 0, 0, 0, neon_scores, 0, TYPE_F16}, {"neon-mix-f16", 0, 0, 0, 0, neon_mix, TYPE_F16},
        {"neon-mix-q8", 0, 0, 0, 0, neon_mix, TYPE_I8}, {"v128-scores-f16", 0, 0, 0, v128_scores, 0, TYPE_F16},
        {"v128-mix-f16", 0, 0, 0, 0, v128_mix, TYPE_F16}, {"v128-mix-q8", 0, 0, 0, 0, v128_mix, TYPE_I8},
    };
    enum { COUNT_GROUPS = 30, COUNT_TOKENS = 64 };
    long file_products = count_file_type(kernel, repetitions);
    if (file_products > 0) {
        printf("%ld\n", file_products);
        return 0;
    }
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        if (strcmp(kernel, kernels[i].name) == 0) {
            long products = (long)COUNT_GROUPS * GROUP * ROWS * (kernels[i].row ? 2 : COUNT_TOKENS);
            for (int r = 0; r < repetitions; r++) {
                if (kernels[i].scores || kernels[i].mix) {
                    products = count_attention(kernels[i].scores, kernels[i].mix, kernels[i].type);
                } else if (kernels[i].row) {
                    kernels[i].row(quants, scales, x, xs, sums, COUNT_GROUPS, 2, y);
                } else if (kernels[i].panel) {
                    kernels[i].panel(quants, scales, panel, panel_xs, panel_sums, COUNT_GROUPS, COUNT_TOKENS, y);
                } else {
                    for (int token = 0; token < COUNT_TOKENS; token += 4) {
                        kernels[i].block(quants, scales, x + (long)token * COUNT_GROUPS * GROUP,
                                         xs + token * COUNT_GROUPS, sums + token * COUNT_GROUPS, COUNT_GROUPS,
                                         y + token * ROWS, ROWS);
                    }
                }
            }
            printf("%ld\n", repetitions * products);
            return 0;
        }
    }
    fprintf(stderr, "no such kernel: %s\n", kernel);
    return 2;
}
