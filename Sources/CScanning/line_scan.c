#include "CScanning.h"
#include "blocks.h"
#include "neon_blocks.h"

/* ---- line feeds -------------------------------------------------------------------------- */

static size_t portable_line_feeds(const uint8_t *bytes, size_t length, uint32_t *offsets) {
    size_t count = 0;
    for (size_t at = 0; at < length; at++)
        if (bytes[at] == '\n') offsets[count++] = (uint32_t)at;
    return count;
}

/* The loop around each way to the mask of a block. */
#define LINE_FEEDS_BODY(MASK) \
    uint32_t *out = offsets; \
    uint8_t last[64]; \
    for (size_t at = 0; at < length; at += 64) \
        out = write_sparse(out, MASK(block_at(bytes, length, at, last)), (uint32_t)at); \
    return (size_t)(out - offsets);

#if HAS_X86

AVX2 static inline uint64_t avx2_feeds(const uint8_t *block) {
    return equal_to(
        _mm256_loadu_si256((const __m256i *)block),
        _mm256_loadu_si256((const __m256i *)(block + 32)), '\n');
}

AVX2 static size_t avx2_line_feeds(const uint8_t *bytes, size_t length, uint32_t *offsets) {
    LINE_FEEDS_BODY(avx2_feeds)
}

AVX512 static inline uint64_t avx512_feeds(const uint8_t *block) {
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(block), _mm512_set1_epi8('\n'));
}

AVX512 static size_t avx512_line_feeds(
    const uint8_t *bytes, size_t length, uint32_t *offsets) {
    LINE_FEEDS_BODY(avx512_feeds)
}

#elif HAS_NEON

static inline uint64_t neon_feeds(const uint8_t *block) {
    return neon_equal(vld1q_u8_x4(block), '\n');
}

static size_t neon_line_feeds(const uint8_t *bytes, size_t length, uint32_t *offsets) {
    LINE_FEEDS_BODY(neon_feeds)
}

#endif

size_t cscanning_line_feeds(
    const uint8_t *bytes, size_t length, uint32_t *offsets, int choice) {
#if HAS_X86
    if (choice == CSCANNING_AUTOMATIC && has_avx512())
        return avx512_line_feeds(bytes, length, offsets);
    if (choice != CSCANNING_PORTABLE && has_avx2())
        return avx2_line_feeds(bytes, length, offsets);
#elif HAS_NEON
    if (choice != CSCANNING_PORTABLE) return neon_line_feeds(bytes, length, offsets);
#endif
    return portable_line_feeds(bytes, length, offsets);
}
