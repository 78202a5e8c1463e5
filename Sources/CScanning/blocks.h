/* What the scans share: blocks of 64 bytes, masks of them, and which processors have what. */
#ifndef SLUICE_BLOCKS_H
#define SLUICE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The 64 bytes at `at`, which is below `length`; those behind the end are spaces, in `last`. */
static inline const uint8_t *block_at(
    const uint8_t *bytes, size_t length, size_t at, uint8_t *last) {
    if (length - at >= 64) return bytes + at;
    memset(last, ' ', 64);
    memcpy(last, bytes + at, length - at);
    return last;
}

/* Bit i of the result is the parity of bits 0..i. */
static inline uint64_t prefix_parity(uint64_t bits) {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;
    return bits;
}

/* Writes `base` plus the place of each bit, and up to seven entries too many. Returns the end of
 * what was wanted. */
static inline uint32_t *write_offsets(uint32_t *out, uint64_t bits, uint32_t base) {
    unsigned count = (unsigned)__builtin_popcountll(bits);
    uint32_t *end = out + count;
    while (out < end) {
        for (int k = 0; k < 8; k++) {
            out[k] = base + (uint32_t)__builtin_ctzll(bits | 1ull << 63);
            bits &= bits - 1;
        }
        out += 8;
    }
    return end;
}

/* The same for masks with two bits at most, more often than not: those cost no branch. Writes up
 * to two entries too many. */
static inline uint32_t *write_few(uint32_t *out, uint64_t bits, uint32_t base) {
    uint32_t *end = out + __builtin_popcountll(bits);
    out[0] = base + (uint32_t)__builtin_ctzll(bits | 1ull << 63);
    bits &= bits - 1;
    out[1] = base + (uint32_t)__builtin_ctzll(bits | 1ull << 63);
    for (bits &= bits - 1, out += 2; __builtin_expect(bits != 0, 0); bits &= bits - 1)
        *out++ = base + (uint32_t)__builtin_ctzll(bits);
    return end;
}

/* The same for masks with one bit at most, nearly always: a branch is cheaper there than the work
 * for a second. Writes up to two entries too many. */
static inline uint32_t *write_sparse(uint32_t *out, uint64_t bits, uint32_t base) {
    if (__builtin_expect((bits & (bits - 1)) != 0, 0)) return write_few(out, bits, base);
    *out = base + (uint32_t)__builtin_ctzll(bits | 1ull << 63);
    return out + (bits != 0);
}

#if defined(__x86_64__)
#include <immintrin.h>
#define HAS_X86 1

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul,lzcnt")))
#define AVX512 \
    __attribute__((target( \
        "avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,popcnt,pclmul,lzcnt")))

/* What the processor has, the runtime of the compiler finds out just before `main`. */
static inline int has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")
        && __builtin_cpu_supports("bmi2")
        && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
}

static inline int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2");
}

/* Bit i is the uppermost bit of byte i of the block. */
AVX2 static inline uint64_t mask_of(__m256i low, __m256i high) {
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(low)
        | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

AVX2 static inline uint64_t equal_to(__m256i low, __m256i high, uint8_t byte) {
    __m256i wanted = _mm256_set1_epi8((char)byte);
    return mask_of(_mm256_cmpeq_epi8(low, wanted), _mm256_cmpeq_epi8(high, wanted));
}

/* As `prefix_parity`: a product without carries by all ones. */
AVX2 static inline uint64_t product_parity(uint64_t bits) {
    __m128i product = _mm_clmulepi64_si128(
        _mm_set_epi64x(0, (long long)bits), _mm_set1_epi8(-1), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

/* As `write_offsets`, with up to 64 entries too many. */
AVX512 static inline uint32_t *wide_offsets(uint32_t *out, uint64_t bits, uint32_t base) {
    const __m512i places = _mm512_set_epi8(
        63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48,
        47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
        31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
        15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    unsigned count = (unsigned)__builtin_popcountll(bits);
    __m512i first = _mm512_set1_epi32((int)base);
    __m512i found = _mm512_maskz_compress_epi8(bits, places);
#define WRITE_QUARTER(at) \
    _mm512_storeu_si512( \
        out + 16 * (at), \
        _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(found, at)), first))
    WRITE_QUARTER(0);
    if (count > 16) {
        WRITE_QUARTER(1);
        if (__builtin_expect(count > 32, 0)) {
            WRITE_QUARTER(2);
            WRITE_QUARTER(3);
        }
    }
#undef WRITE_QUARTER
    return out + count;
}

#endif
#endif
