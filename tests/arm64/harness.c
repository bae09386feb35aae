// Runs every body on the processor that qemu pretends to be. See README.md.
#include "harness.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __aarch64__
#include <asm/hwcap.h>
#include <sys/auxv.h>
typedef __fp16 half;
static int has_dot_product(void) { return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0; }
#else
typedef _Float16 half;
#endif

static uint32_t state;
static int passed, failed;
static const char *cpu;

void seed(uint32_t value) { state = value * 2654435761u | 1; }

uint32_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

float random_float(float range) { return ((float)(next_random() >> 8) / (1 << 23) - 1) * range; }

check begin(const char *name) {
    check c = {name, 0, 0, 0, 14695981039346656037u};
    seed((uint32_t)strlen(name) * 131 + (uint8_t)name[0]);
    return c;
}

static void hash(check *c, const void *data, long count) {
    for (long i = 0; i < count; i++) {
        c->hash = (c->hash ^ ((const uint8_t *)data)[i]) * 1099511628211u;
    }
}

// Which NaN comes out of two depends on the order in which a compiler adds them: all count as one.
static void hash_float(check *c, float value) {
    float same = isnan(value) ? NAN : value;
    hash(c, &same, sizeof same);
}

void exact(check *c, float actual, float expected) {
    c->cases++;
    hash_float(c, actual);
    c->wrong += memcmp(&actual, &expected, sizeof actual) != 0 && !(isnan(actual) && isnan(expected));
}

void near(check *c, float actual, double expected, double allowed) {
    c->cases++;
    hash_float(c, actual);
    if (actual == expected || (isnan(actual) && isnan(expected))) {
        return;
    }
    double ratio = fabs(actual - expected) / allowed;
    c->worst = ratio > c->worst ? ratio : c->worst;
    c->wrong += !(ratio <= 1);
}

void bytes_equal(check *c, const void *actual, const void *expected, long count) {
    c->cases += count;
    hash(c, actual, count);
    for (long i = 0; i < count; i++) {
        c->wrong += ((const uint8_t *)actual)[i] != ((const uint8_t *)expected)[i];
    }
}

void finish(check *c) {
    int ok = c->wrong == 0 && c->cases > 0;
    printf("%s arm64 %s %s: %ld of %ld values differ", ok ? "ok" : "FAILED", cpu, c->name, c->wrong, c->cases);
    if (c->worst > 0) {
        printf(", worst %.2f of the tolerance", c->worst);
    }
    printf(", hash %016llx\n", (unsigned long long)c->hash);
    ok ? passed++ : failed++;
}

float half_to_single(uint16_t bits) {
    half value;
    memcpy(&value, &bits, sizeof value);
    return (float)value;
}

uint16_t single_to_half(float value) {
    half rounded = (half)value;
    uint16_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    return bits;
}

int main(int argc, char **argv) {
#ifdef __aarch64__
    if (argc == 4 && strcmp(argv[1], "count") == 0) {
        return count(argv[2], atoi(argv[3]));
    }
#endif
    cpu = argc > 1 ? argv[1] : "host";
    check_conversions();
    check_vectors();
    check_attention();
    check_packed();
    check_file_blocks();
#ifdef __aarch64__
    check_neon();
    if (has_dot_product()) {
        check_neon_dot();
    } else {
        printf("-- arm64 %s has no dot product: the neon-dot set is not run\n", cpu);
    }
#endif
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
