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
        out = write_few(out, MASK(block_at(bytes, length, at, last)), (uint32_t)at); \
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

/* ---- dotted addresses -------------------------------------------------------------------- */

static uint32_t plain_dots(const uint8_t *bytes, size_t length) {
    uint32_t dots = 0;
    size_t at = 0;
    for (unsigned octet = 0; octet < 4; octet++) {
        size_t start = at;
        unsigned value = 0;
        for (; at < length && bytes[at] >= '0' && bytes[at] <= '9'; at++) {
            value = value * 10 + (bytes[at] - '0');
            if (at - start == 3 || value > 255) return 0;
        }
        if (at == start || (at - start > 1 && bytes[start] == '0')) return 0;
        if (octet == 3) break;
        if (at == length || bytes[at] != '.') return 0;
        dots |= (uint32_t)at << 8 * octet;
        at++;
    }
    return at == length ? dots : 0;
}

#if HAS_X86 || HAS_NEON

/* What is known of each of up to sixteen bytes; bit i of a mask speaks of byte i. */
typedef struct {
    unsigned dots, decimal, zeros, above1, above2, above4, above5; /* digits above 1, ... */
} dot_masks;

/* The answer for 8 to 15 bytes; masks may say anything of what lies behind them. */
static inline uint32_t dots_of(const dot_masks *masks, size_t length) {
    const unsigned inside = (1u << length) - 1, dots = masks->dots & inside;
    if ((dots | (masks->decimal & inside)) != inside) return 0;
    const unsigned second = dots & (dots - 1), third = second & (second - 1);
    if (!third || (third & (third - 1))) return 0;

    /* Where octets begin, and where one behind the end would. */
    const unsigned begins = dots << 1 | 1 | 1u << (length + 1);
    const unsigned one = begins & begins >> 2, two = begins & begins >> 3 & ~one;
    const unsigned three = begins & begins >> 4 & ~(one | two);
    if ((begins & begins >> 1) || (one | two | three) != (begins & inside)) return 0;
    if (masks->zeros & (two | three)) return 0;
    const unsigned is2 = masks->above1 & ~masks->above2, is5 = masks->above4 & ~masks->above5;
    if (three & (masks->above2 | (is2 & (masks->above5 >> 1 | (is5 >> 1 & masks->above5 >> 2)))))
        return 0;
    return (uint32_t)__builtin_ctz(dots) | (uint32_t)__builtin_ctz(second) << 8
        | (uint32_t)__builtin_ctz(third) << 16;
}

/* The 8 to 15 bytes as two words, zeros behind them. */
static inline void two_words(const uint8_t *bytes, size_t length, uint64_t words[2]) {
    uint64_t high;
    memcpy(&words[0], bytes, 8);
    memcpy(&high, bytes + length - 8, 8);
    /* The second word overlaps the first: what it repeats goes. In two steps, since one shift by
     * all 64 bits is undefined. */
    words[1] = high >> 1 >> (8 * (16 - length) - 1);
}

#endif

#if HAS_X86

static inline uint32_t sse2_dots(const uint8_t *bytes, size_t length) {
    uint64_t words[2];
    two_words(bytes, length, words);
    const __m128i text = _mm_set_epi64x((long long)words[1], (long long)words[0]);
    const __m128i digits = _mm_sub_epi8(text, _mm_set1_epi8('0'));
#define MASK(vector) ((unsigned)_mm_movemask_epi8(vector))
#define ABOVE(digit) MASK(_mm_cmpgt_epi8(digits, _mm_set1_epi8(digit)))
    const dot_masks masks = {
        .dots = MASK(_mm_cmpeq_epi8(text, _mm_set1_epi8('.'))),
        .decimal = MASK(_mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits)),
        .zeros = MASK(_mm_cmpeq_epi8(text, _mm_set1_epi8('0'))),
        .above1 = ABOVE(1), .above2 = ABOVE(2), .above4 = ABOVE(4), .above5 = ABOVE(5),
    };
#undef ABOVE
#undef MASK
    return dots_of(&masks, length);
}

#elif HAS_NEON

static inline uint32_t neon_dots(const uint8_t *bytes, size_t length) {
    uint64_t words[2];
    two_words(bytes, length, words);
    const uint8x16_t text = vreinterpretq_u8_u64(vld1q_u64(words));
    const uint8x16_t digits = vsubq_u8(text, vdupq_n_u8('0'));
#define ABOVE(digit) vcgtq_u8(digits, vdupq_n_u8(digit))
    /* Four masks of sixteen bytes are one of 64. */
    const uint8x16x4_t kinds = {{
        vceqq_u8(text, vdupq_n_u8('.')), vcleq_u8(digits, vdupq_n_u8(9)),
        vceqq_u8(digits, vdupq_n_u8(0)), ABOVE(1)}};
    const uint8x16x4_t sizes = {{ABOVE(2), ABOVE(4), ABOVE(5), text}};
#undef ABOVE
    const uint64_t kind = neon_mask(kinds), size = neon_mask(sizes);
    const dot_masks masks = {
        .dots = kind & 0xffff, .decimal = kind >> 16 & 0xffff, .zeros = kind >> 32 & 0xffff,
        .above1 = (unsigned)(kind >> 48), .above2 = size & 0xffff,
        .above4 = size >> 16 & 0xffff, .above5 = size >> 32 & 0xffff,
    };
    return dots_of(&masks, length);
}

#endif

uint32_t cscanning_dots(const uint8_t *bytes, size_t length, int choice) {
#if HAS_X86
    if (choice != CSCANNING_PORTABLE && length >= 8 && length <= 15)
        return sse2_dots(bytes, length);
#elif HAS_NEON
    if (choice != CSCANNING_PORTABLE && length >= 8 && length <= 15)
        return neon_dots(bytes, length);
#endif
    return plain_dots(bytes, length);
}
