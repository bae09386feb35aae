// Data and reference of the packed products, shared by all sets.
#pragma once
#include "harness.h"

typedef void row_body(uint8_t *w, uint16_t *ws, int8_t *x, float *xs, int32_t *sums, int groups, int tiles, float *y);

enum { ROWS = 8, TILES_MAX = 5, GROUPS_MAX = 80, TOKENS_MAX = 64, GUARD = 16, GROUP_COUNTS = 7 };

extern const int group_counts[GROUP_COUNTS];
extern const float untouched;

// Packed weights as KERNELS.md draws them, and quantized tokens.
extern uint8_t quants[TILES_MAX * GROUPS_MAX * ROWS * GROUP];
extern uint16_t scales[TILES_MAX * GROUPS_MAX * ROWS];
extern int8_t x[TOKENS_MAX * GROUPS_MAX * GROUP];
extern float xs[TOKENS_MAX * GROUPS_MAX];
extern int32_t sums[TOKENS_MAX * GROUPS_MAX];
extern float y[TOKENS_MAX * TILES_MAX * ROWS + GUARD];

// New weights and tokens; mode 0 and 1 are extremes. y is set to `untouched`.
void fill(int tiles, int groups, int tokens, int q4, int mode);

// y (tokens, tiles·8) and what lies behind it.
void compare(check *c, int q4, int groups, int tiles, int tokens);

void check_matvec(const char *name, int q4, row_body *body);
