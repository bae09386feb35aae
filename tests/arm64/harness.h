// What every test file shares: seeded data, comparison, reports. See README.md.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { GROUP = 32 };

// The values of ElementType.
enum { TYPE_F32 = 0, TYPE_F16 = 1, TYPE_I8 = 24, TYPE_BF16 = 30 };

typedef void scores_body(float **queries, int rows, void *keys, int type, int cols, int tiles, float scale,
                         float **scores);
typedef void mix_body(float **weights, int step, int rows, void *values, int stride, int type, int cols, int count,
                      float **outputs, bool accumulate);

// The error of one float32 rounding, as in KernelComparison.cs.
#define ROUNDING (1.0 / (1 << 24))

// xorshift32; every test starts from its own seed, so that one more test changes no other.
void seed(uint32_t value);
uint32_t next_random(void);

// Uniform in [-range, range).
float random_float(float range);

// A comparison in progress: what differs, and a hash of all results, which must not depend on the core.
typedef struct {
    const char *name;
    long cases, wrong;
    double worst;
    uint64_t hash;
} check;

check begin(const char *name);

// Equal bits, or two NaN.
void exact(check *c, float actual, float expected);

// A difference of at most `allowed`; the largest ratio is reported.
void near(check *c, float actual, double expected, double allowed);

void bytes_equal(check *c, const void *actual, const void *expected, long count);

void finish(check *c);

float half_to_single(uint16_t bits);
uint16_t single_to_half(float value);

// Products with an unpacked row of blocks: signed, zero point 8, zero point 16, minimums, halves of six bits.
typedef void block_products(uint8_t *quants, float *factors, uint8_t *panel, int chunks, int tokens, float *sums);

// Four rows of floats and one token.
typedef bool dense_body(const void *w, long stride, const float *x, int count, float *sums);

// Unpacks groups of a row, of the same types as the rows below.
typedef void block_unpack(uint8_t *blocks, int groups, uint8_t *quants, float *factors);

// Rows of blocks and one token: Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K.
typedef bool block_rows(uint8_t *blocks, long stride, int rows, int chunks, uint8_t *panel, float *sums);

// 8 unpacked rows to a tile, and its products with many tokens; the same bodies as block_products.
typedef void block_turn(uint8_t *quants, float *factors, uint8_t *tile, float *turned);
typedef void block_tile(uint8_t *tile, float *factors, uint8_t *record, int tokens, float *sums);

// The bodies of blocks of a set; turn is null where tiles are not used.
typedef struct {
    block_unpack *unpack[8];
    block_products *products[5];
    block_rows *one[8];
    block_turn *turn;
    block_tile *tile[5];
} block_set;

void check_file_blocks(void);
void check_block_products(const char *set, block_products *const bodies[5]);
void check_block_unpack(const char *name_of_set, const block_set *set);
void check_block_rows(const char *set, block_rows *const bodies[8]);
void check_block_tiles(const char *name_of_set, const block_set *set);

// One token, or 64, and rows of 2,048 columns of a type of blocks, or of floats, for counting; the
// multiply-adds of all repetitions.
long count_blocks(const block_set *set, const char *type_name, int tokens, int repetitions);
long count_dense(int type, dense_body *body, int repetitions);
void check_packed(void);
void check_neon(void);
void check_neon_dot(void);
void check_dense_body(const char *name, dense_body *body, int type);
void check_vectors(void);
void check_conversions(void);
void check_attention(void);
void check_attention_bodies(const char *const names[5], scores_body *scores, mix_body *mix);

// One call for three queries, for counting; returns its multiply-adds. One of the bodies is null.
long count_attention(scores_body *scores, mix_body *mix, int type);
int count(const char *kernel, int repetitions);
