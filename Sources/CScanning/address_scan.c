#include "CScanning.h"
#include "blocks.h"
#include "neon_blocks.h"

/* ---- dotted octets ------------------------------------------------------------------------ */

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
    const unsigned digits = masks->decimal & inside;
    const unsigned second = dots & (dots - 1), third = second & (second - 1);
    if ((dots | digits) != inside || !third || (third & (third - 1))) return 0;

    /* Bit i of `two`: a digit stands there and behind it; and so on. */
    const unsigned two = digits & digits >> 1, three = two & two >> 1;
    const unsigned begins = dots << 1 | 1;
    const unsigned is2 = masks->above1 & ~masks->above2, is5 = masks->above4 & ~masks->above5;
    const unsigned above255 =
        masks->above2 | (is2 & (masks->above5 >> 1 | (is5 >> 1 & masks->above5 >> 2)));
    if ((begins & ~digits) | (begins & masks->zeros & two) | (three & (three >> 1 | above255)))
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

/* ---- groups of hexadecimal digits --------------------------------------------------------- */

#if HAS_X86

/* The groups at the bottom of `groups`, `count` of them, as the address: those from number
 * `before` on stand at its end, zeros in the gap. */
static inline unsigned __int128 with_gap(
    unsigned __int128 groups, unsigned count, unsigned before) {
    const unsigned tail_bits = 16 * (count - before);
    const unsigned __int128 tail = groups & (((unsigned __int128)1 << tail_bits) - 1);
    /* In two steps, since one shift by all 128 bits is undefined. */
    return groups >> tail_bits << 8 * (8 - before) << 8 * (8 - before) | tail;
}

AVX512 static int avx512_groups(const uint8_t *bytes, size_t length, uint64_t halves[2]) {
    const uint64_t inside = (1ull << length) - 1;
    const __m512i text = _mm512_maskz_loadu_epi8(inside, bytes);
    const __m512i low = _mm512_and_si512(text, _mm512_set1_epi8(0x0f));
    const uint64_t colons = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(':'));
    const uint64_t decimal = _mm512_cmplt_epu8_mask(
        _mm512_sub_epi8(text, _mm512_set1_epi8('0')), _mm512_set1_epi8(10));
    const uint64_t letters = _mm512_cmplt_epu8_mask(
        _mm512_sub_epi8(_mm512_or_si512(text, _mm512_set1_epi8(0x20)), _mm512_set1_epi8('a')),
        _mm512_set1_epi8(6));
    const uint64_t digits = decimal | letters;
    if ((colons | digits) != inside) return 0;

    /* Bit i of `second`: the digit there and the one behind it are of one group; and so on. */
    const uint64_t second = digits & digits >> 1, third = second & second >> 1;
    const uint64_t fourth = third & third >> 1, ends = digits & ~second;
    const uint64_t doubled = colons & colons >> 1;
    const uint64_t outer = (colons & ~doubled & 1)
        | (colons & ~(doubled << 1) & 1ull << (length - 1));
    const unsigned count = (unsigned)__builtin_popcountll(ends);
    if ((fourth & fourth >> 1) || outer || (doubled & (doubled - 1)) || count == 0
        || (doubled ? count > 7 : count != 8))
        return 0;

    /* Each group gets four bytes of its own, its digits at their end. */
    const uint64_t places = _pdep_u64((1u << count) - 1, 0x88888888)
        | _pdep_u64(_pext_u64(second << 1, ends), 0x44444444)
        | _pdep_u64(_pext_u64(third << 2, ends), 0x22222222)
        | _pdep_u64(_pext_u64(fourth << 3, ends), 0x11111111);
    const __m512i values = _mm512_mask_add_epi8(low, letters, low, _mm512_set1_epi8(9));
    const __m256i spread = _mm512_castsi512_si256(_mm512_maskz_expand_epi8(
        places, _mm512_maskz_compress_epi8(digits, values)));
    const __m256i pairs = _mm256_maddubs_epi16(spread, _mm256_set1_epi16(0x0110));
    const __m128i packed = _mm256_cvtepi16_epi8(pairs);
    const unsigned __int128 groups =
        ((unsigned __int128)__builtin_bswap64((uint64_t)_mm_extract_epi64(packed, 0)) << 64
            | __builtin_bswap64((uint64_t)_mm_extract_epi64(packed, 1)))
        >> 16 * (8 - count);
    const unsigned before = doubled
        ? (unsigned)__builtin_popcountll(ends & (doubled - 1)) : count;
    const unsigned __int128 whole = with_gap(groups, count, before);
    halves[0] = (uint64_t)(whole >> 64);
    halves[1] = (uint64_t)whole;
    return 1;
}

#endif

int cscanning_groups(const uint8_t *bytes, size_t length, uint64_t halves[2], int choice) {
#if HAS_X86
    if (choice == CSCANNING_AUTOMATIC && length >= 2 && length <= 39 && has_avx512())
        return avx512_groups(bytes, length, halves);
#endif
    (void)bytes, (void)length, (void)halves, (void)choice;
    return 0;
}
