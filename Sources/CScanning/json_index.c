#include "CScanning.h"
#include "json_blocks.h"
#include "neon_blocks.h"
#include "utf8_tables.h"

/* ---- portable ---------------------------------------------------------------------------- */

static void portable_masks(const uint8_t *block, block_masks *masks) {
    block_masks found = {0};
    for (unsigned i = 0; i < 64; i++) {
        uint8_t byte = block[i];
        uint64_t bit = 1ull << i;
        if (byte == '"') found.quotes |= bit;
        if (byte == '\\') found.backslashes |= bit;
        if (byte == '{' || byte == '}' || byte == '[' || byte == ']' || byte == ':' || byte == ',')
            found.operators |= bit;
        if (byte < 0x20) found.controls |= bit;
        if (byte == '\n') found.line_feeds |= bit;
        if (byte >= 0x80) found.high |= bit;
    }
    *masks = found;
}

/* Unicode 15, table 3-7: the well-formed byte sequences. */
static int portable_is_utf8(const uint8_t *bytes, size_t length) {
    size_t i = 0;
    while (i < length) {
        uint8_t lead = bytes[i];
        if (lead < 0x80) { i++; continue; }
        size_t more;
        uint8_t low = 0x80, high = 0xbf;
        if (lead >= 0xc2 && lead <= 0xdf) more = 1;
        else if (lead >= 0xe0 && lead <= 0xef) {
            more = 2;
            if (lead == 0xe0) low = 0xa0;
            if (lead == 0xed) high = 0x9f;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            more = 3;
            if (lead == 0xf0) low = 0x90;
            if (lead == 0xf4) high = 0x8f;
        } else return 0;
        if (length - i <= more) return 0;
        if (bytes[i + 1] < low || bytes[i + 1] > high) return 0;
        for (size_t k = 2; k <= more; k++)
            if (bytes[i + k] < 0x80 || bytes[i + k] > 0xbf) return 0;
        i += more + 1;
    }
    return 1;
}

static size_t portable_json_index(
    const uint8_t *bytes, size_t length, uint32_t *positions, uint8_t *marks, int *is_utf8) {
    scan_state state = {0, 0};
    uint32_t *out = positions;
    uint64_t high = 0;
    uint8_t last[64];
    for (size_t at = 0; at < length; at += 64) {
        const uint8_t *block = block_at(bytes, length, at, last);
        block_masks masks;
        portable_masks(block, &masks);
        high |= masks.high;
        uint64_t escaping, quotes = real_quotes(&masks, &state, &escaping);
        uint64_t wanted = wanted_bits(&masks, quotes, escaping, prefix_parity(quotes), &state);
        out = write_offsets(out, wanted, (uint32_t)at);
    }
    *is_utf8 = high == 0 || portable_is_utf8(bytes, length);
    return write_marks(bytes, positions, (size_t)(out - positions), marks);
}

/* ---- x86-64 with AVX2 ---------------------------------------------------------------------- */

#if HAS_X86

/* The low nibble picks the operator a byte could be; with bit 5 set, [ and { as well as ] and }
 * are one. Bytes of 0x80 and more pick 0 and never match. */
AVX2 static inline __m256i is_operator(__m256i bytes) {
    const __m256i by_nibble = _mm256_setr_epi8(
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0);
    return _mm256_cmpeq_epi8(
        _mm256_shuffle_epi8(by_nibble, bytes), _mm256_or_si256(bytes, _mm256_set1_epi8(0x20)));
}

AVX2 static inline __m256i is_control(__m256i bytes) {
    const __m256i last = _mm256_set1_epi8(0x1f);
    return _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, last), last);
}

/* The look-up of `utf8_tables.h`. */
#define BOTH_LANES(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define TWICE(table) BOTH_LANES(table)

AVX2 static inline __m256i high_nibble(__m256i bytes) {
    return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
}

AVX2 static inline __m256i wrong_pairs(__m256i input, __m256i previous1) {
    const __m256i by_first_high = TWICE(BY_FIRST_HIGH);
    const __m256i by_first_low = TWICE(BY_FIRST_LOW);
    const __m256i by_second_high = TWICE(BY_SECOND_HIGH);
    __m256i a = _mm256_shuffle_epi8(by_first_high, high_nibble(previous1));
    __m256i b = _mm256_shuffle_epi8(
        by_first_low, _mm256_and_si256(previous1, _mm256_set1_epi8(0x0f)));
    __m256i c = _mm256_shuffle_epi8(by_second_high, high_nibble(input));
    return _mm256_and_si256(_mm256_and_si256(a, b), c);
}

/* The bytes `by` places earlier; `before` is the vector in front of `input`. */
#define EARLIER(input, before, by) \
    _mm256_alignr_epi8(input, _mm256_permute2x128_si256(before, input, 0x21), 16 - (by))

AVX2 static inline __m256i utf8_errors(__m256i input, __m256i before) {
    __m256i special = wrong_pairs(input, EARLIER(input, before, 1));
    __m256i third =
        _mm256_subs_epu8(EARLIER(input, before, 2), _mm256_set1_epi8((char)(0xe0 - 0x80)));
    __m256i fourth =
        _mm256_subs_epu8(EARLIER(input, before, 3), _mm256_set1_epi8((char)(0xf0 - 0x80)));
    __m256i must_continue =
        _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(must_continue, special);
}

/* Non-zero if the vector ends inside a sequence. */
AVX2 static inline __m256i open_sequence(__m256i input) {
    const __m256i largest = _mm256_setr_epi8(
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        (char)(0xf0 - 1), (char)(0xe0 - 1), (char)(0xc0 - 1));
    return _mm256_subs_epu8(input, largest);
}

typedef struct {
    __m256i error, before, open;
} utf8_state;

AVX2 static inline void check_utf8(utf8_state *state, __m256i low, __m256i high) {
    if (_mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0) {
        state->error = _mm256_or_si256(state->error, state->open);
        state->open = _mm256_setzero_si256();
    } else {
        state->error = _mm256_or_si256(state->error, utf8_errors(low, state->before));
        state->error = _mm256_or_si256(state->error, utf8_errors(high, low));
        state->open = open_sequence(high);
    }
    state->before = high;
}

AVX2 static inline int utf8_is_good(const utf8_state *state) {
    __m256i all = _mm256_or_si256(state->error, state->open);
    return _mm256_testz_si256(all, all);
}

AVX2 static size_t avx2_json_index(
    const uint8_t *bytes, size_t length, uint32_t *positions, uint8_t *marks, int *is_utf8) {
    scan_state state = {0, 0};
    utf8_state text = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
    uint32_t *out = positions;
    uint8_t last[64];
    for (size_t at = 0; at < length; at += 64) {
        const uint8_t *block = block_at(bytes, length, at, last);
        __m256i low = _mm256_loadu_si256((const __m256i *)block);
        __m256i high = _mm256_loadu_si256((const __m256i *)(block + 32));
        block_masks masks;
        masks.quotes = equal_to(low, high, '"');
        masks.backslashes = equal_to(low, high, '\\');
        masks.operators = mask_of(is_operator(low), is_operator(high));
        masks.controls = mask_of(is_control(low), is_control(high));
        masks.line_feeds = masks.controls ? equal_to(low, high, '\n') : 0;
        check_utf8(&text, low, high);
        uint64_t escaping, quotes = real_quotes(&masks, &state, &escaping);
        uint64_t wanted = wanted_bits(&masks, quotes, escaping, product_parity(quotes), &state);
        uint32_t *end = write_offsets(out, wanted, (uint32_t)at);
        /* Now, while they are near. */
        marks += write_marks(bytes, out, (size_t)(end - out), marks);
        out = end;
    }
    *is_utf8 = utf8_is_good(&text);
    return (size_t)(out - positions);
}

AVX2 static int avx2_is_utf8(const uint8_t *bytes, size_t length) {
    utf8_state text = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
    uint8_t last[64];
    for (size_t at = 0; at < length; at += 64) {
        const uint8_t *block = block_at(bytes, length, at, last);
        check_utf8(
            &text, _mm256_loadu_si256((const __m256i *)block),
            _mm256_loadu_si256((const __m256i *)(block + 32)));
    }
    return utf8_is_good(&text);
}

/* ---- x86-64 with AVX-512 ------------------------------------------------------------------- */

AVX512 static inline void wide_masks(__m512i block, block_masks *masks) {
    const __m512i by_nibble = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0));
    masks->quotes = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('"'));
    masks->backslashes = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\\'));
    masks->controls = _mm512_cmplt_epu8_mask(block, _mm512_set1_epi8(0x20));
    masks->line_feeds = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\n'));
    /* As `is_operator` above. */
    masks->operators = _mm512_cmpeq_epi8_mask(
        _mm512_shuffle_epi8(by_nibble, block),
        _mm512_or_si512(block, _mm512_set1_epi8(0x20)));
}

AVX512 static size_t avx512_json_index(
    const uint8_t *bytes, size_t length, uint32_t *positions, uint8_t *marks, int *is_utf8) {
    scan_state state = {0, 0};
    utf8_state text = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
    uint32_t *out = positions;
    uint8_t last[64];
    for (size_t at = 0; at < length; at += 64) {
        __m512i block = _mm512_loadu_si512(block_at(bytes, length, at, last));
        block_masks masks;
        wide_masks(block, &masks);
        check_utf8(&text, _mm512_castsi512_si256(block), _mm512_extracti64x4_epi64(block, 1));
        uint64_t escaping, quotes = real_quotes(&masks, &state, &escaping);
        uint64_t wanted = wanted_bits(&masks, quotes, escaping, product_parity(quotes), &state);
        uint32_t *end = wide_offsets(out, wanted, (uint32_t)at);
        _mm512_storeu_si512(marks, _mm512_maskz_compress_epi8(wanted, block));
        marks += end - out;
        out = end;
    }
    *is_utf8 = utf8_is_good(&text);
    return (size_t)(out - positions);
}

#endif

/* ---- 64-bit ARM ---------------------------------------------------------------------------- */

#if HAS_NEON

/* As in the form for AVX2. */
static inline uint64_t neon_operators(uint8x16x4_t block) {
    static const uint8_t by_nibble[16] = {[10] = ':', [11] = '{', [12] = ',', [13] = '}'};
    const uint8x16_t table = vld1q_u8(by_nibble);
    uint8x16x4_t found;
    for (int i = 0; i < 4; i++) {
        uint8x16_t bytes = block.val[i];
        found.val[i] = vceqq_u8(
            vqtbl1q_u8(table, vandq_u8(bytes, vdupq_n_u8(0x0f))),
            vorrq_u8(bytes, vdupq_n_u8(0x20)));
    }
    return neon_mask(found);
}

static inline uint8x16_t neon_wrong_pairs(uint8x16_t input, uint8x16_t previous1) {
    static const char tables[3][16] = {{BY_FIRST_HIGH}, {BY_FIRST_LOW}, {BY_SECOND_HIGH}};
#define LOOK_UP(number, index) vqtbl1q_u8(vld1q_u8((const uint8_t *)tables[number]), index)
    uint8x16_t a = LOOK_UP(0, vshrq_n_u8(previous1, 4));
    uint8x16_t b = LOOK_UP(1, vandq_u8(previous1, vdupq_n_u8(0x0f)));
    uint8x16_t c = LOOK_UP(2, vshrq_n_u8(input, 4));
#undef LOOK_UP
    return vandq_u8(vandq_u8(a, b), c);
}

/* `before` is the vector in front of `input`. */
static inline uint8x16_t neon_utf8_errors(uint8x16_t input, uint8x16_t before) {
    uint8x16_t special = neon_wrong_pairs(input, vextq_u8(before, input, 15));
    uint8x16_t third = vqsubq_u8(vextq_u8(before, input, 14), vdupq_n_u8(0xe0 - 0x80));
    uint8x16_t fourth = vqsubq_u8(vextq_u8(before, input, 13), vdupq_n_u8(0xf0 - 0x80));
    return veorq_u8(vandq_u8(vorrq_u8(third, fourth), vdupq_n_u8(0x80)), special);
}

typedef struct {
    uint8x16_t error, before, open;
} neon_utf8_state;

static inline neon_utf8_state neon_begin_utf8(void) {
    const uint8x16_t none = vdupq_n_u8(0);
    neon_utf8_state state = {none, none, none};
    return state;
}

static inline void neon_check_utf8(neon_utf8_state *state, uint8x16x4_t block) {
    /* Larger bytes than these begin a sequence that the vector does not end. */
    static const uint8_t largest[16] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        0xf0 - 1, 0xe0 - 1, 0xc0 - 1};
    uint8x16_t all = vorrq_u8(
        vorrq_u8(block.val[0], block.val[1]), vorrq_u8(block.val[2], block.val[3]));
    if (vmaxvq_u8(all) < 0x80) {
        state->error = vorrq_u8(state->error, state->open);
        state->open = vdupq_n_u8(0);
        state->before = block.val[3];
        return;
    }
    for (int i = 0; i < 4; i++) {
        state->error =
            vorrq_u8(state->error, neon_utf8_errors(block.val[i], state->before));
        state->before = block.val[i];
    }
    state->open = vqsubq_u8(block.val[3], vld1q_u8(largest));
}

static inline int neon_utf8_is_good(const neon_utf8_state *state) {
    return vmaxvq_u8(vorrq_u8(state->error, state->open)) == 0;
}

static size_t neon_json_index(
    const uint8_t *bytes, size_t length, uint32_t *positions, uint8_t *marks, int *is_utf8) {
    scan_state state = {0, 0};
    neon_utf8_state text = neon_begin_utf8();
    uint32_t *out = positions;
    uint8_t last[64];
    for (size_t at = 0; at < length; at += 64) {
        uint8x16x4_t block = vld1q_u8_x4(block_at(bytes, length, at, last));
        block_masks masks;
        masks.quotes = neon_equal(block, '"');
        masks.backslashes = neon_equal(block, '\\');
        masks.operators = neon_operators(block);
        masks.controls = neon_at_most(block, 0x1f);
        masks.line_feeds = masks.controls ? neon_equal(block, '\n') : 0;
        neon_check_utf8(&text, block);
        uint64_t escaping, quotes = real_quotes(&masks, &state, &escaping);
        uint64_t wanted = wanted_bits(&masks, quotes, escaping, prefix_parity(quotes), &state);
        uint32_t *end = write_offsets(out, wanted, (uint32_t)at);
        marks += write_marks(bytes, out, (size_t)(end - out), marks);
        out = end;
    }
    *is_utf8 = neon_utf8_is_good(&text);
    return (size_t)(out - positions);
}

static int neon_is_utf8(const uint8_t *bytes, size_t length) {
    neon_utf8_state text = neon_begin_utf8();
    uint8_t last[64];
    for (size_t at = 0; at < length; at += 64)
        neon_check_utf8(&text, vld1q_u8_x4(block_at(bytes, length, at, last)));
    return neon_utf8_is_good(&text);
}

#endif

size_t cscanning_json_index(
    const uint8_t *bytes, size_t length, uint32_t *positions, uint8_t *marks, int *is_utf8,
    int choice) {
#if HAS_X86
    if (choice == CSCANNING_AUTOMATIC && has_avx512())
        return avx512_json_index(bytes, length, positions, marks, is_utf8);
    if (choice != CSCANNING_PORTABLE && has_avx2())
        return avx2_json_index(bytes, length, positions, marks, is_utf8);
#elif HAS_NEON
    if (choice != CSCANNING_PORTABLE)
        return neon_json_index(bytes, length, positions, marks, is_utf8);
#endif
    return portable_json_index(bytes, length, positions, marks, is_utf8);
}

int cscanning_is_utf8(const uint8_t *bytes, size_t length, int choice) {
#if HAS_X86
    if (choice != CSCANNING_PORTABLE && has_avx2()) return avx2_is_utf8(bytes, length);
#elif HAS_NEON
    if (choice != CSCANNING_PORTABLE) return neon_is_utf8(bytes, length);
#endif
    return portable_is_utf8(bytes, length);
}
