// Dequantization and activation quantization: the portable bodies against plain C, bit for bit.
#include "harness.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef void dequantize_body(const void *source, int count, float *y);
dequantize_body v128_dequantize_f16, v128_dequantize_bf16;
void v128_quantize(const float *x, int8_t *quants, float *scale, int32_t *sum);

enum { PATTERNS = 1 << 16 };

static float bfloat_to_single(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

// Every bit pattern, and lengths with every kind of tail.
static void check_all_patterns(const char *name, dequantize_body *body, float (*reference)(uint16_t)) {
    static uint16_t patterns[PATTERNS];
    static float y[PATTERNS];
    check c = begin(name);
    for (int i = 0; i < PATTERNS; i++) {
        patterns[i] = (uint16_t)i;
    }
    body(patterns, PATTERNS, y);
    for (int i = 0; i < PATTERNS; i++) {
        exact(&c, y[i], reference(patterns[i]));
    }
    for (int count = 0; count < 20; count++) {
        int first = (int)(next_random() % (PATTERNS - 32));
        for (int i = 0; i < 32; i++) {
            y[i] = -1;
        }
        body(patterns + first, count, y);
        for (int i = 0; i < 32; i++) {
            exact(&c, y[i], i < count ? reference(patterns[first + i]) : -1);
        }
    }
    finish(&c);
}

static void quantize_reference(const float *x, int8_t *quants, float *scale, int32_t *sum) {
    float magnitude = 0;
    for (int k = 0; k < GROUP; k++) {
        magnitude = isnan(x[k]) || isnan(magnitude) ? NAN : fmaxf(magnitude, fabsf(x[k]));
    }
    *scale = magnitude / 127;
    *scale = !isfinite(magnitude) ? NAN : *scale < 0x1p-126f ? 0 : *scale;
    *sum = 0;
    for (int k = 0; k < GROUP; k++) {
        quants[k] = *scale > 0 ? (int8_t)rintf(x[k] / *scale) : 0;
        *sum += quants[k];
    }
}

static void check_quantize(void) {
    check c = begin("QuantizeRows");
    for (int i = 0; i < 20000; i++) {
        float x[GROUP], scale, expected_scale, range = ldexpf(1, (int)(next_random() % 280) - 150);
        int8_t quants[GROUP], expected[GROUP];
        int32_t sum, expected_sum;
        for (int k = 0; k < GROUP; k++) {
            x[k] = i % 7 == 0 ? 0 : random_float(range);
        }
        int at = (int)(next_random() % GROUP);
        // A lone spike, exact ties, and what makes a scale NaN.
        x[at] = i % 11 == 0 ? 127 * range : i % 101 == 0 ? INFINITY : i % 103 == 0 ? NAN : x[at];
        if (i % 13 == 0) {
            for (int k = 0; k < GROUP; k++) {
                x[k] = k == at ? -127 : (float)(k - 16) + 0.5f;
            }
        }
        v128_quantize(x, quants, &scale, &sum);
        quantize_reference(x, expected, &expected_scale, &expected_sum);
        exact(&c, scale, expected_scale);
        bytes_equal(&c, quants, expected, GROUP);
        bytes_equal(&c, &sum, &expected_sum, sizeof sum);
    }
    finish(&c);
}

void check_conversions(void) {
    check_all_patterns("DequantizeRow F16", v128_dequantize_f16, half_to_single);
    check_all_patterns("DequantizeRow BF16", v128_dequantize_bf16, bfloat_to_single);
    check_quantize();
}
