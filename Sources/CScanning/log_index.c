#include "CScanning.h"
#include "blocks.h"
#include "neon_blocks.h"

typedef struct {
    uint64_t feeds, blanks, quotes, backslashes, nuls;
} log_masks;

/* Each form of the scan is this loop around its own way to the masks (`MASKS`) and to the list of
 * marks (`WRITE`). What stands behind the end of the text are spaces: no blanks of it. */
#define LOG_INDEX_BODY(MASKS, WRITE) \
    uint32_t *feed = feeds, *mark = marks; \
    uint64_t nuls = 0, backslashes = 0; \
    uint8_t last[64]; \
    for (size_t at = 0; at < length; at += 64, blocks++) { \
        log_masks masks; \
        MASKS(block_at(bytes, length, at, last), &masks); \
        uint64_t behind = length - at >= 64 ? 0 : ~0ull << (length - at); \
        blocks->blanks = masks.blanks & ~behind; \
        blocks->backslashes = masks.backslashes; \
        feed = write_sparse(feed, masks.feeds, (uint32_t)at); \
        mark = WRITE(mark, masks.quotes | masks.backslashes, (uint32_t)at); \
        backslashes |= masks.backslashes; \
        nuls |= masks.nuls; \
    } \
    memset(blocks, 0, 2 * sizeof *blocks); \
    text->feeds = (size_t)(feed - feeds); \
    text->marks = (size_t)(mark - marks); \
    text->has_backslashes = backslashes != 0; \
    text->has_nuls = nuls != 0;

/* ---- portable ---------------------------------------------------------------------------- */

static inline void portable_masks(const uint8_t *block, log_masks *masks) {
    log_masks found = {0};
    for (unsigned i = 0; i < 64; i++) {
        uint64_t bit = 1ull << i;
        if (block[i] == '\n') found.feeds |= bit;
        if (block[i] <= ' ') found.blanks |= bit;
        if (block[i] == '"') found.quotes |= bit;
        if (block[i] == '\\') found.backslashes |= bit;
        if (block[i] == 0) found.nuls |= bit;
    }
    *masks = found;
}

static void portable_log_index(
    const uint8_t *bytes, size_t length, sluice_log_block *blocks, uint32_t *feeds,
    uint32_t *marks, sluice_log_text *text) {
    LOG_INDEX_BODY(portable_masks, write_offsets)
}

#if HAS_X86

/* ---- x86-64 with AVX2 ---------------------------------------------------------------------- */

AVX2 static inline void avx2_masks(const uint8_t *block, log_masks *masks) {
    __m256i low = _mm256_loadu_si256((const __m256i *)block);
    __m256i high = _mm256_loadu_si256((const __m256i *)(block + 32));
    masks->feeds = equal_to(low, high, '\n');
    const __m256i space = _mm256_set1_epi8(' ');
    masks->blanks = mask_of(
        _mm256_cmpeq_epi8(_mm256_max_epu8(low, space), space),
        _mm256_cmpeq_epi8(_mm256_max_epu8(high, space), space));
    masks->quotes = equal_to(low, high, '"');
    masks->backslashes = equal_to(low, high, '\\');
    masks->nuls = equal_to(low, high, 0);
}

AVX2 static void avx2_log_index(
    const uint8_t *bytes, size_t length, sluice_log_block *blocks, uint32_t *feeds,
    uint32_t *marks, sluice_log_text *text) {
    LOG_INDEX_BODY(avx2_masks, write_offsets)
}

/* ---- x86-64 with AVX-512 ------------------------------------------------------------------- */

AVX512 static inline void avx512_masks(const uint8_t *bytes, log_masks *masks) {
    __m512i block = _mm512_loadu_si512(bytes);
    masks->feeds = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\n'));
    masks->blanks = _mm512_cmple_epu8_mask(block, _mm512_set1_epi8(' '));
    masks->quotes = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('"'));
    masks->backslashes = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\\'));
    masks->nuls = _mm512_testn_epi8_mask(block, block);
}

AVX512 static void avx512_log_index(
    const uint8_t *bytes, size_t length, sluice_log_block *blocks, uint32_t *feeds,
    uint32_t *marks, sluice_log_text *text) {
    LOG_INDEX_BODY(avx512_masks, wide_offsets)
}

#endif

/* ---- 64-bit ARM ---------------------------------------------------------------------------- */

#if HAS_NEON

static inline void neon_masks(const uint8_t *bytes, log_masks *masks) {
    uint8x16x4_t block = vld1q_u8_x4(bytes);
    masks->feeds = neon_equal(block, '\n');
    masks->blanks = neon_at_most(block, ' ');
    masks->quotes = neon_equal(block, '"');
    masks->backslashes = neon_equal(block, '\\');
    masks->nuls = neon_equal(block, 0);
}

static void neon_log_index(
    const uint8_t *bytes, size_t length, sluice_log_block *blocks, uint32_t *feeds,
    uint32_t *marks, sluice_log_text *text) {
    LOG_INDEX_BODY(neon_masks, write_offsets)
}

#endif

void cscanning_log_index(
    const uint8_t *bytes, size_t length, sluice_log_block *blocks, uint32_t *feeds,
    uint32_t *marks, sluice_log_text *text, int choice) {
#if HAS_X86
    if (choice == CSCANNING_AUTOMATIC && has_avx512())
        return avx512_log_index(bytes, length, blocks, feeds, marks, text);
    if (choice != CSCANNING_PORTABLE && has_avx2())
        return avx2_log_index(bytes, length, blocks, feeds, marks, text);
#elif HAS_NEON
    if (choice != CSCANNING_PORTABLE)
        return neon_log_index(bytes, length, blocks, feeds, marks, text);
#endif
    portable_log_index(bytes, length, blocks, feeds, marks, text);
}
