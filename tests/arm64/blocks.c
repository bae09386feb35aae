// Blocks of other people's files: unpacking, dequantization and products against plain C, bit for bit.
#include "harness.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

block_unpack v128_unpack_q8_0, v128_unpack_q4_0, v128_unpack_q4_1, v128_unpack_q5_0, v128_unpack_q5_1, v128_unpack_q4_k,
    v128_unpack_q5_k, v128_unpack_q6_k;
block_products v128_block_signed, v128_block_four, v128_block_five, v128_block_minimum, v128_block_six;
void v128_dequantize_group(uint8_t *quants, float first, float second, int8_t zero_point, float *y);
void v128_dequantize_group_minimum(uint8_t *quants, float scale, float minimum, float *y);

// As in BlockLayout.cs; ROWS_MAX and what is counted as in BlockDriver.cs.
enum { ROWS_MAX = 4, TILE_ROWS = 8, TOKEN_BATCH = 16, PART_CHUNKS = 2 };
enum { LANES = 8, CHUNK = 256, FACTORS = 16, TOKEN = CHUNK + 3 * LANES * 4, CHUNKS_MAX = 8, BLOCK_TOKENS_MAX = 17 };
enum { Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K, TYPES };

static const struct {
    const char *name;
    block_unpack *unpack;
    int length, bytes, zero_point, has_minimum, body;
} types[TYPES] = {
    {"Q8_0", v128_unpack_q8_0, 32, 34, 0, 0, 0},    {"Q4_0", v128_unpack_q4_0, 32, 18, 8, 0, 1},
    {"Q4_1", v128_unpack_q4_1, 32, 20, 0, 1, 3},    {"Q5_0", v128_unpack_q5_0, 32, 22, 16, 0, 2},
    {"Q5_1", v128_unpack_q5_1, 32, 24, 0, 1, 3},    {"Q4_K", v128_unpack_q4_k, 256, 144, 0, 1, 3},
    {"Q5_K", v128_unpack_q5_k, 256, 176, 0, 1, 3},  {"Q6_K", v128_unpack_q6_k, 256, 210, 32, 0, 4},
};

static uint8_t blocks[ROWS_MAX * (CHUNKS_MAX * LANES * 34 + 64)], quants[CHUNKS_MAX * CHUNK], panel[CHUNKS_MAX * BLOCK_TOKENS_MAX * TOKEN];
static float factors[CHUNKS_MAX * FACTORS], sums[BLOCK_TOKENS_MAX * LANES];
static int8_t x[BLOCK_TOKENS_MAX * CHUNKS_MAX * CHUNK];
static float xs[BLOCK_TOKENS_MAX * CHUNKS_MAX * LANES];

static float half_at(const uint8_t *p) { return half_to_single((uint16_t)(p[0] | p[1] << 8)); }

// A weight as the file states it: scale·(quant − zero point) + minimum.
static void weight(int type, int col, int *quant, float *scale, float *minimum) {
    const uint8_t *b = blocks + col / types[type].length * types[type].bytes;
    int k = col % types[type].length, g = k / 32, i = k % 32, large = types[type].length == 256;
    *scale = half_at(type == Q6_K ? b + 208 : b);
    *minimum = types[type].has_minimum ? half_at(b + 2) : 0;
    if (type == Q8_0) {
        *quant = (int8_t)b[2 + k];
    } else if (!large) {
        const uint8_t *q = b + (types[type].has_minimum ? 4 : 2);
        int high = 0;
        if (type == Q5_0 || type == Q5_1) {
            high = q[k / 8] >> k % 8 & 1;
            q += 4;
        }
        *quant = (k < 16 ? q[k] & 15 : q[k - 16] >> 4) | high << 4;
    } else if (type == Q6_K) {
        int half = k / 128, quarter = k % 128 / 32;
        int low = b[half * 64 + quarter % 2 * 32 + i] >> quarter / 2 * 4 & 15;
        *quant = low | (b[128 + half * 32 + i] >> quarter * 2 & 3) << 4;
        *scale *= (float)(int8_t)b[192 + k / 16];
    } else {
        const uint8_t *s = b + 4, *q = b + (type == Q5_K ? 48 : 16);
        *quant = (q[g / 2 * 32 + i] >> g % 2 * 4 & 15) | (type == Q5_K ? (b[16 + i] >> g & 1) << 4 : 0);
        *scale *= (float)(g < 4 ? s[g] & 63 : (s[g + 4] & 15) | s[g - 4] >> 6 << 4);
        *minimum *= -(float)(g < 4 ? s[g + 4] & 63 : s[g + 4] >> 4 | s[g] >> 6 << 4);
    }
}

// Where the first half of a group begins; the second one is 32 bytes further.
static int at(int group) { return group / LANES * CHUNK + group % 4 * 64 + group / 4 % 2 * 16; }

// Any bits, so that scales are also infinities and NaN; mode 1 has the largest quants and ordinary scales.
static void fill_blocks(int type, int groups, int mode) {
    int count = groups * 32 / types[type].length;
    for (int i = 0; i < count * types[type].bytes; i++) {
        blocks[i] = mode == 1 ? (type == Q8_0 ? 0x80 : 0xff) : (uint8_t)next_random();
    }
    for (int i = 0; i < count && mode > 0; i++) {
        uint8_t *b = blocks + i * types[type].bytes, *d = type == Q6_K ? b + 208 : b;
        uint32_t r = next_random();
        d[0] = (uint8_t)r, d[1] = (uint8_t)(0x20 + r / 256 % 8);
        if (types[type].has_minimum) {
            // dmin is subtracted, and never negative; a minimum may be.
            int sign = types[type].length == 256 ? 0 : 0x80;
            b[2] = (uint8_t)(r >> 16), b[3] = (uint8_t)((0x20 | sign) + (r >> 24) % 8);
        }
    }
}

static void check_unpack(int type) {
    static float y[32];
    char name[64];
    snprintf(name, sizeof name, "DequantizeRow %s", types[type].name);
    check c = begin(name);
    for (int round = 0; round < 12; round++) {
        int step = types[type].length / 32, groups = step * (1 + (int)(next_random() % (CHUNKS_MAX * LANES / step)));
        fill_blocks(type, groups, round % 3);
        memset(quants, 0x55, sizeof quants);
        types[type].unpack(blocks, groups, quants, factors);
        for (int g = 0; g < (groups + LANES - 1) / LANES * LANES; g++) {
            float *f = factors + g / LANES * FACTORS + g % LANES;
            if (types[type].has_minimum) {
                v128_dequantize_group_minimum(quants + at(g), f[0], f[LANES], y);
            } else {
                v128_dequantize_group(quants + at(g), f[0], type == Q6_K ? f[LANES] : f[0],
                                      (int8_t)types[type].zero_point, y);
            }
            for (int k = 0; k < 32; k++) {
                int quant = 0;
                float scale = 0, minimum = 0;
                if (g < groups) {
                    weight(type, g * 32 + k, &quant, &scale, &minimum);
                    float product = scale * (float)(quant - types[type].zero_point);
                    exact(&c, y[k], types[type].has_minimum ? product + minimum : product);
                }
                int stored = quants[at(g) + k / 16 * 32 + k % 16];
                exact(&c, (float)(type == Q8_0 ? (int8_t)stored : stored), (float)quant);
            }
        }
    }
    finish(&c);
}

// Against the portable bodies, which check_unpack compares with plain C: the bytes of whole chunks.
void check_block_unpack(const char *name_of_set, const block_set *set) {
    static uint8_t actual[sizeof quants];
    static float actual_factors[CHUNKS_MAX * FACTORS];
    for (int type = 0; type < TYPES; type++) {
        char name[64];
        snprintf(name, sizeof name, "%s unpacks %s", name_of_set, types[type].name);
        check c = begin(name);
        for (int groups = 1; groups <= CHUNKS_MAX * LANES; groups++) {
            if (groups % (types[type].length / 32) != 0) {
                continue;
            }
            int chunks = (groups + LANES - 1) / LANES;
            fill_blocks(type, groups, groups % 3);
            types[type].unpack(blocks, groups, quants, factors);
            set->unpack[type](blocks, groups, actual, actual_factors);
            bytes_equal(&c, actual, quants, (long)chunks * CHUNK);
            for (int i = 0; i < chunks * FACTORS; i++) {
                // Without minimums the second half is not read, but of Q6_K.
                if (i % FACTORS < LANES || types[type].has_minimum || type == Q6_K) {
                    exact(&c, actual_factors[i], factors[i]);
                }
            }
        }
        finish(&c);
    }
}

static void fill_tokens(int type, int groups, int tokens, int mode) {
    int chunks = (groups + LANES - 1) / LANES;
    memset(panel, 0, sizeof panel);
    for (int token = 0; token < tokens; token++) {
        for (int g = 0; g < groups; g++) {
            uint8_t *record = panel + (g / LANES * tokens + token) * TOKEN;
            int sum = 0, first = 0, lane = g % LANES, index = token * chunks * LANES + g;
            for (int k = 0; k < 32; k++) {
                int value = mode == 1 ? (token % 2 ? -127 : 127) : (int)(next_random() % 255) - 127;
                x[index * 32 + k] = (int8_t)value;
                record[at(lane) + k / 16 * 32 + k % 16] = (uint8_t)value;
                sum += value;
                first += k < 16 ? value : 0;
            }
            float scale = xs[index] = (float)(next_random() % 10000) * 1.37e-5f, scaled = scale * (float)sum;
            memcpy(record + CHUNK + 4 * lane, &scale, 4);
            memcpy(record + CHUNK + 32 + 4 * lane, types[type].has_minimum ? (void *)&scaled : (void *)&sum, 4);
            memcpy(record + CHUNK + 64 + 4 * lane, &first, 4);
        }
    }
}

// Group g in lane g % 8, in ascending order; Q6_K in halves.
static float reference(int type, int groups, int token, int lane) {
    int chunks = (groups + LANES - 1) / LANES, part = type == Q6_K ? 16 : 32;
    float result = 0;
    for (int g = lane; g < groups; g += LANES) {
        int index = token * chunks * LANES + g, sum = 0, quant;
        float scale = 0, minimum = 0;
        for (int start = 0; start < 32; start += part) {
            int integer = 0;
            for (int k = start; k < start + part; k++) {
                weight(type, g * 32 + k, &quant, &scale, &minimum);
                integer += (quant - types[type].zero_point) * x[index * 32 + k];
                sum += x[index * 32 + k];
            }
            float product = scale * xs[index];
            result = fmaf((float)integer, product, result);
        }
        if (types[type].has_minimum) {
            float product = xs[index] * (float)sum;
            result = fmaf(minimum, product, result);
        }
    }
    return result;
}

void check_block_products(const char *set, block_products *const bodies[5]) {
    static const int token_counts[] = {1, 2, 3, 5, 17};
    for (int type = 0; type < TYPES; type++) {
        char name[64];
        snprintf(name, sizeof name, "%s blocks %s", set, types[type].name);
        check c = begin(name);
        for (int round = 0; round < 15; round++) {
            int step = types[type].length / 32, tokens = token_counts[round % 5];
            int groups = step * (1 + (int)(next_random() % (CHUNKS_MAX * LANES / step)));
            fill_blocks(type, groups, round % 3);
            fill_tokens(type, groups, tokens, round % 3);
            types[type].unpack(blocks, groups, quants, factors);
            memset(sums, 0, sizeof sums);
            bodies[types[type].body](quants, factors, panel, (groups + LANES - 1) / LANES, tokens, sums);
            for (int i = 0; i < BLOCK_TOKENS_MAX * LANES; i++) {
                exact(&c, sums[i], i < tokens * LANES ? reference(type, groups, i / LANES, i % LANES) : 0);
            }
        }
        finish(&c);
    }
}

void check_file_blocks(void) {
    for (int type = 0; type < TYPES; type++) {
        check_unpack(type);
    }
    block_products *const bodies[] = {v128_block_signed, v128_block_four, v128_block_five, v128_block_minimum,
                                      v128_block_six};
    check_block_products("vector128", bodies);
}

// Any factors that a body must know: zeros, subnormal and negative ones too.
static void make_finite(int type, int groups) {
    for (int i = 0; i < groups * 32 / types[type].length; i++) {
        uint8_t *b = blocks + i * types[type].bytes, *d = type == Q6_K ? b + 208 : b;
        d[1] = (d[1] & 0x7c) == 0x7c ? d[1] ^ 0x40 : d[1];
        b[3] = types[type].has_minimum && (b[3] & 0x7c) == 0x7c ? b[3] ^ 0x40 : b[3];
        if (type == Q4_K || type == Q5_K) {
            d[1] &= 0x7f, b[3] &= 0x7f;
        }
    }
}

// Infinities, NaN, and a negative d or dmin, which no quantizer writes.
static bool has_special(int type, int groups) {
    bool special = false;
    for (int i = 0; i < groups * 32 / types[type].length; i++) {
        const uint8_t *b = blocks + i * types[type].bytes, *d = type == Q6_K ? b + 208 : b;
        special |= (d[1] & 0x7c) == 0x7c || (types[type].has_minimum && (b[3] & 0x7c) == 0x7c);
        special |= (type == Q4_K || type == Q5_K) && ((d[1] | b[3]) & 0x80);
    }
    return special;
}

// Rows lie behind each other, with a gap; a body may leave only rows whose factors are special.
static void check_row(check *c, int type, block_rows *body, int rows, int chunks, int round) {
    enum { GAP = 6 };
    static uint8_t matrix[sizeof blocks + GAP * ROWS_MAX];
    static float expected[ROWS_MAX * LANES], actual[ROWS_MAX * LANES + 4];
    int groups = chunks * LANES, bytes = groups * 32 / types[type].length * types[type].bytes;
    bool special = false;
    fill_tokens(type, groups, 1, round % 3);
    for (int row = 0; row < rows; row++) {
        fill_blocks(type, groups, round % 3);
        if (round % 4 != 0) {
            make_finite(type, groups);
        }
        special |= has_special(type, groups);
        memcpy(matrix + row * (bytes + GAP), blocks, (size_t)bytes);
        for (int lane = 0; lane < LANES; lane++) {
            expected[row * LANES + lane] = reference(type, groups, 0, lane);
        }
    }
    memset(actual, 0, sizeof actual);
    bool known = body(matrix, bytes + GAP, rows, chunks, panel, actual);
    // Factors of any size may, together, be a false alarm.
    exact(c, known, special ? false : round % 3 > 0 ? true : known);
    for (int i = 0; i < rows * LANES && known; i++) {
        exact(c, actual[i], expected[i]);
    }
    for (int i = rows * LANES; i < rows * LANES + 4; i++) {
        exact(c, actual[i], 0);
    }
}

void check_block_rows(const char *set, block_rows *const bodies[8]) {
    for (int type = 0; type < TYPES; type++) {
        char name[64];
        snprintf(name, sizeof name, "%s rows of %s, one token", set, types[type].name);
        check c = begin(name);
        for (int round = 0; round < 4 * CHUNKS_MAX; round++) {
            check_row(&c, type, bodies[type], 1 << round / 2 % 3, 1 + round % CHUNKS_MAX, round);
        }
        finish(&c);
    }
}

// As BlockPanelDriver lays out a chunk of tokens, padded with zeros.
static void fill_record(int type, int chunks, int chunk, int tokens, int padded, uint8_t *record) {
    int8_t *values = (int8_t *)record;
    float *scales = (float *)(void *)(record + padded * CHUNK), *scaled = scales + padded * LANES;
    int32_t *totals = (int32_t *)(void *)scaled, *firsts = totals + padded * LANES;
    memset(record, 0, (size_t)(padded * TOKEN));
    for (int i = 0; i < LANES * padded; i++) {
        int index = (i % padded * chunks + chunk) * LANES + i / padded, sum = 0;
        for (int k = 0; k < 32 && i % padded < tokens; k++) {
            values[i * 32 + k] = x[index * 32 + k];
            sum += x[index * 32 + k];
            firsts[i] += k < 16 ? x[index * 32 + k] : 0;
        }
        scales[i] = i % padded < tokens ? xs[index] : 0;
        if (types[type].has_minimum) {
            scaled[i] = scales[i] * (float)sum;
        } else {
            totals[i] = sum;
        }
    }
}

// Eight rows of up to three chunks, the last of which need not be whole.
static void check_tile(check *c, int type, const block_set *set, int chunks, int tokens, int mode) {
    enum { TILE_CHUNKS = 3, PADDED_MAX = 20 };
    static uint8_t rows[TILE_CHUNKS][TILE_ROWS * CHUNK], tile[TILE_ROWS * CHUNK], record[PADDED_MAX * TOKEN];
    static float row_factors[TILE_CHUNKS][TILE_ROWS * FACTORS], turned[TILE_ROWS * FACTORS];
    static float expected[LANES][PADDED_MAX][TILE_ROWS], actual[LANES * PADDED_MAX * TILE_ROWS];
    int step = types[type].length / 32, padded = (tokens + 3) / 4 * 4;
    int groups = chunks * LANES - (step == 1 ? tokens % LANES : 0);
    fill_tokens(type, groups, tokens, mode);
    for (int row = 0; row < TILE_ROWS; row++) {
        fill_blocks(type, groups, mode);
        types[type].unpack(blocks, groups, quants, factors);
        for (int chunk = 0; chunk < chunks; chunk++) {
            memcpy(rows[chunk] + row * CHUNK, quants + chunk * CHUNK, CHUNK);
            memcpy(row_factors[chunk] + row * FACTORS, factors + chunk * FACTORS, FACTORS * sizeof(float));
        }
        for (int i = 0; i < LANES * tokens; i++) {
            expected[i % LANES][i / LANES][row] = reference(type, groups, i / LANES, i % LANES);
        }
    }
    memset(actual, 0, sizeof actual);
    for (int chunk = 0; chunk < chunks; chunk++) {
        set->turn(rows[chunk], row_factors[chunk], tile, turned);
        fill_record(type, chunks, chunk, tokens, padded, record);
        set->tile[types[type].body](tile, turned, record, padded, actual);
    }
    for (int i = 0; i < LANES * tokens * TILE_ROWS; i++) {
        int lane = i / (tokens * TILE_ROWS), token = i / TILE_ROWS % tokens, row = i % TILE_ROWS;
        exact(c, actual[(lane * padded + token) * TILE_ROWS + row], expected[lane][token][row]);
    }
}

void check_block_tiles(const char *name_of_set, const block_set *set) {
    for (int type = 0; type < TYPES; type++) {
        char name[64];
        snprintf(name, sizeof name, "%s tiles of %s", name_of_set, types[type].name);
        check c = begin(name);
        for (int tokens = 1; tokens <= BLOCK_TOKENS_MAX; tokens++) {
            check_tile(&c, type, set, 1 + tokens % 3, tokens, tokens % 4 == 0 ? 0 : 1 + tokens % 2);
        }
        finish(&c);
    }
}

// As BlockPanelDriver walks eight rows of two chunks, for 64 tokens.
static long count_tiles(int type, const block_set *set, int repetitions) {
    enum { COUNT_TOKENS = 64, COUNT_CHUNKS = 2 };
    static uint8_t tile[TILE_ROWS * CHUNK], record[COUNT_TOKENS * TOKEN];
    static float turned[TILE_ROWS * FACTORS], tile_sums[COUNT_TOKENS * LANES * TILE_ROWS];
    for (int i = 0; i < repetitions * COUNT_CHUNKS; i++) {
        for (int row = 0; row < TILE_ROWS; row++) {
            set->unpack[type](blocks, LANES, quants + row * CHUNK, factors + row * FACTORS);
        }
        set->turn(quants, factors, tile, turned);
        set->tile[types[type].body](tile, turned, record, COUNT_TOKENS, tile_sums);
    }
    return (long)repetitions * COUNT_CHUNKS * TILE_ROWS * CHUNK * COUNT_TOKENS;
}

// As BlockDriver walks a matrix: one token meets ROWS_MAX rows side by side, 16 tokens parts of one row at a time.
// Zeros will do: no body branches on data. Returns the multiply-adds.
long count_blocks(const block_set *set, const char *type_name, int tokens, int repetitions) {
    int type = 0, rows = tokens == 1 ? ROWS_MAX : 1, batch = tokens < TOKEN_BATCH ? tokens : TOKEN_BATCH;
    while (strcmp(types[type].name, type_name) != 0) {
        type++;
    }
    if (tokens > 1 && set->turn) {
        return count_tiles(type, set, repetitions);
    }
    long stride = CHUNKS_MAX * CHUNK / types[type].length * types[type].bytes;
    for (int i = 0; i < repetitions * tokens / batch; i++) {
        if (tokens == 1) {
            set->one[type](blocks, stride, rows, CHUNKS_MAX, panel, sums);
            continue;
        }
        for (int chunk = 0; chunk < CHUNKS_MAX; chunk += PART_CHUNKS) {
            set->unpack[type](blocks, PART_CHUNKS * LANES, quants, factors);
            set->products[types[type].body](quants, factors, panel, PART_CHUNKS, batch, sums);
        }
    }
    return (long)repetitions * rows * CHUNKS_MAX * CHUNK * tokens;
}
