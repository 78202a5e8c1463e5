#include "CScanning.h"
#include "blocks.h"
#include "neon_blocks.h"

/* The index of regular CSV: where cells and rows end, 64 bytes at a time.
 *
 * In text whose quotes all stand where RFC 4180 wants them, whether a byte lies in a quoted cell
 * is the parity of the quotes before it: a doubled quote closes and opens again. So the quotes of a
 * block become a mask by one multiplication. Whether they do all stand there is checked at the same
 * time, for each quote by the byte before or behind it; if not, the caller reads the rows one by
 * one, by the rule of `csv_scan.h`, which gives the same for regular text. */

/* Bit i speaks of byte i of the block. */
typedef struct {
    uint64_t quotes, delimiters, line_feeds, returns, zeros;
} csv_masks;

/* What one block hands to the next, and what is known of all blocks so far. */
typedef struct {
    uint64_t inside;   /* all ones inside quotes, else 0 */
    uint64_t first;    /* 1 if the next byte is the first of a cell */
    uint64_t closed;   /* 1 if the last byte was a closing quote */
    uint64_t returned; /* 1 if the last byte was a carriage return behind a closing quote */
    uint64_t wrong, doubled, zeros;
} csv_state;

static csv_state csv_begin(void) {
    csv_state state = {0};
    state.first = 1;
    return state;
}

/* The ends of cells in a block. `parity` is the prefix parity of the quotes, `valid` has a bit for
 * each byte that belongs to the text. */
static inline uint64_t csv_ends(
    const csv_masks *masks, uint64_t parity, uint64_t valid, csv_state *state) {
    uint64_t inside = parity ^ state->inside;
    uint64_t opening = masks->quotes & inside, closing = masks->quotes & ~inside;
    uint64_t ends = (masks->delimiters | masks->line_feeds) & ~inside;
    uint64_t behind_closing = closing << 1 | state->closed;
    uint64_t returns = behind_closing & masks->returns;
    uint64_t ended = masks->quotes | masks->delimiters | masks->line_feeds | masks->returns;
    state->wrong |= (opening & ~(ends << 1 | state->first | behind_closing))
        | (behind_closing & valid & ~ended)
        | ((returns << 1 | state->returned) & valid & ~masks->line_feeds);
    state->doubled |= opening & behind_closing;
    state->zeros |= masks->zeros & valid;
    state->inside = (uint64_t)((int64_t)inside >> 63);
    state->first = ends >> 63;
    state->closed = closing >> 63;
    state->returned = returns >> 63;
    return ends;
}

static inline void csv_finish(const csv_state *state, sluice_csv_text *text) {
    text->is_regular = state->wrong == 0 && state->inside == 0;
    text->has_doubled_quotes = state->doubled != 0;
    text->has_zeros = state->zeros != 0;
}

/* A bit for each byte of the block at `at` that belongs to the text. */
static inline uint64_t bytes_at(size_t length, size_t at) {
    return length - at >= 64 ? ~0ull : (1ull << (length - at)) - 1;
}

/* Each form of the scan is this loop around its own way to the masks (`MASKS`), their parity
 * (`PARITY`) and the list (`WRITE`). */
#define CSV_INDEX_BODY(MASKS, PARITY, WRITE) \
    csv_state state = csv_begin(); \
    uint8_t last[64]; \
    uint32_t *end = cells, *row = rows; \
    for (size_t at = 0; at < length; at += 64) { \
        uint64_t valid = bytes_at(length, at); \
        const uint8_t *block = block_at(bytes, length, at, last); \
        csv_masks masks; \
        MASKS(block, delimiter, quote, &masks); \
        uint64_t ends = csv_ends(&masks, PARITY(masks.quotes), valid, &state) & valid; \
        end = WRITE(end, ends, (uint32_t)at); \
        row = WRITE(row, ends & masks.line_feeds, (uint32_t)at); \
    } \
    csv_finish(&state, text); \
    text->cells = (size_t)(end - cells); \
    text->rows = (size_t)(row - rows);

#define CSV_BORDER_BODY(MASKS, PARITY) \
    csv_state state = csv_begin(); \
    uint8_t last[64]; \
    size_t border = 0; \
    for (size_t at = 0; at < length; at += 64) { \
        uint64_t valid = bytes_at(length, at); \
        const uint8_t *block = block_at(bytes, length, at, last); \
        csv_masks masks; \
        MASKS(block, delimiter, quote, &masks); \
        uint64_t feeds = csv_ends(&masks, PARITY(masks.quotes), valid, &state) \
            & valid & masks.line_feeds; \
        size_t behind = at + 64 - (size_t)__builtin_clzll(feeds | 1); \
        border = feeds ? behind : border; \
    } \
    *is_regular = state.wrong == 0; \
    return border;

/* ---- portable ---------------------------------------------------------------------------- */

static inline void portable_masks(
    const uint8_t *block, uint8_t delimiter, int quote, csv_masks *masks) {
    csv_masks found = {0};
    for (unsigned i = 0; i < 64; i++) {
        uint64_t bit = 1ull << i;
        if (block[i] == quote) found.quotes |= bit;
        if (block[i] == delimiter) found.delimiters |= bit;
        if (block[i] == '\n') found.line_feeds |= bit;
        if (block[i] == '\r') found.returns |= bit;
        if (block[i] == 0) found.zeros |= bit;
    }
    *masks = found;
}

static void portable_csv_index(
    const uint8_t *bytes, size_t length, uint8_t delimiter, int quote, uint32_t *cells,
    uint32_t *rows, sluice_csv_text *text) {
    CSV_INDEX_BODY(portable_masks, prefix_parity, write_offsets)
}

static size_t portable_csv_border(
    const uint8_t *bytes, size_t length, uint8_t delimiter, int quote, bool *is_regular) {
    CSV_BORDER_BODY(portable_masks, prefix_parity)
}

/* ---- x86-64 with AVX2 ---------------------------------------------------------------------- */

#if HAS_X86

AVX2 static inline void avx2_masks(
    const uint8_t *block, uint8_t delimiter, int quote, csv_masks *masks) {
    __m256i low = _mm256_loadu_si256((const __m256i *)block);
    __m256i high = _mm256_loadu_si256((const __m256i *)(block + 32));
    masks->quotes = quote < 0 ? 0 : equal_to(low, high, (uint8_t)quote);
    masks->delimiters = equal_to(low, high, delimiter);
    masks->line_feeds = equal_to(low, high, '\n');
    masks->returns = equal_to(low, high, '\r');
    masks->zeros = equal_to(low, high, 0);
}

AVX2 static void avx2_csv_index(
    const uint8_t *bytes, size_t length, uint8_t delimiter, int quote, uint32_t *cells,
    uint32_t *rows, sluice_csv_text *text) {
    CSV_INDEX_BODY(avx2_masks, product_parity, write_offsets)
}

AVX2 static size_t avx2_csv_border(
    const uint8_t *bytes, size_t length, uint8_t delimiter, int quote, bool *is_regular) {
    CSV_BORDER_BODY(avx2_masks, product_parity)
}

/* ---- x86-64 with AVX-512 ------------------------------------------------------------------- */

AVX512 static inline void avx512_masks(
    const uint8_t *bytes, uint8_t delimiter, int quote, csv_masks *masks) {
    __m512i block = _mm512_loadu_si512(bytes);
    masks->quotes =
        quote < 0 ? 0 : _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8((char)quote));
    masks->delimiters = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8((char)delimiter));
    masks->line_feeds = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\n'));
    masks->returns = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\r'));
    masks->zeros = _mm512_testn_epi8_mask(block, block);
}

AVX512 static void avx512_csv_index(
    const uint8_t *bytes, size_t length, uint8_t delimiter, int quote, uint32_t *cells,
    uint32_t *rows, sluice_csv_text *text) {
    CSV_INDEX_BODY(avx512_masks, product_parity, wide_offsets)
}

AVX512 static size_t avx512_csv_border(
    const uint8_t *bytes, size_t length, uint8_t delimiter, int quote, bool *is_regular) {
    CSV_BORDER_BODY(avx512_masks, product_parity)
}

#endif

/* ---- 64-bit ARM ---------------------------------------------------------------------------- */

#if HAS_NEON

static inline void neon_masks(
    const uint8_t *bytes, uint8_t delimiter, int quote, csv_masks *masks) {
    uint8x16x4_t block = vld1q_u8_x4(bytes);
    masks->quotes = quote < 0 ? 0 : neon_equal(block, (uint8_t)quote);
    masks->delimiters = neon_equal(block, delimiter);
    masks->line_feeds = neon_equal(block, '\n');
    masks->returns = neon_equal(block, '\r');
    masks->zeros = neon_equal(block, 0);
}

static void neon_csv_index(
    const uint8_t *bytes, size_t length, uint8_t delimiter, int quote, uint32_t *cells,
    uint32_t *rows, sluice_csv_text *text) {
    CSV_INDEX_BODY(neon_masks, prefix_parity, write_offsets)
}

static size_t neon_csv_border(
    const uint8_t *bytes, size_t length, uint8_t delimiter, int quote, bool *is_regular) {
    CSV_BORDER_BODY(neon_masks, prefix_parity)
}

#endif

void sluice_csv_index(
    const uint8_t *bytes, size_t length, uint8_t delimiter, bool quotes, uint32_t *cells,
    uint32_t *rows, sluice_csv_text *text, int choice) {
    int quote = quotes ? '"' : -1;
    text->is_utf8 = cscanning_is_utf8(bytes, length, choice) != 0;
#if HAS_X86
    if (choice == CSCANNING_AUTOMATIC && has_avx512())
        return avx512_csv_index(bytes, length, delimiter, quote, cells, rows, text);
    if (choice != CSCANNING_PORTABLE && has_avx2())
        return avx2_csv_index(bytes, length, delimiter, quote, cells, rows, text);
#elif HAS_NEON
    if (choice != CSCANNING_PORTABLE)
        return neon_csv_index(bytes, length, delimiter, quote, cells, rows, text);
#endif
    portable_csv_index(bytes, length, delimiter, quote, cells, rows, text);
}

size_t sluice_csv_border(
    const uint8_t *bytes, size_t length, uint8_t delimiter, bool *is_regular, int choice) {
#if HAS_X86
    if (choice == CSCANNING_AUTOMATIC && has_avx512())
        return avx512_csv_border(bytes, length, delimiter, '"', is_regular);
    if (choice != CSCANNING_PORTABLE && has_avx2())
        return avx2_csv_border(bytes, length, delimiter, '"', is_regular);
#elif HAS_NEON
    if (choice != CSCANNING_PORTABLE)
        return neon_csv_border(bytes, length, delimiter, '"', is_regular);
#endif
    return portable_csv_border(bytes, length, delimiter, '"', is_regular);
}
