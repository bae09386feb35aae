// What every test file shares: seeded data, comparison, reports. See README.md.
#pragma once
#include <stdint.h>

enum { GROUP = 32 };

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

void check_packed(void);
void check_neon(void);
void check_neon_dot(void);
void check_vectors(void);
void check_conversions(void);
void check_attention(void);
int count(const char *kernel, int repetitions);
