#include "CScanning.h"
#include "blocks.h"

/* The block of the last, fewer than 64 bytes, or of all of them where nothing better is had. */
static int plain_block(const uint8_t *bytes, size_t length, sluice_log_block *block) {
    sluice_log_block found = {0};
    int has_nul = 0;
    for (size_t i = 0; i < length; i++) {
        uint64_t bit = 1ull << i;
        if (bytes[i] == '\n') found.feeds |= bit;
        if (bytes[i] <= ' ') found.blanks |= bit;
        if (bytes[i] == '"' || bytes[i] == '\\') found.marks |= bit;
        if (bytes[i] == '\\') found.backslashes |= bit;
        has_nul |= bytes[i] == 0;
    }
    *block = found;
    return has_nul;
}

static int portable_log_blocks(const uint8_t *bytes, size_t length, sluice_log_block *blocks) {
    size_t at = 0;
    int has_nul = 0;
    for (; length - at >= 64; at += 64) has_nul |= plain_block(bytes + at, 64, blocks++);
    return has_nul | plain_block(bytes + at, length - at, blocks);
}

#if HAS_X86

AVX2 static int avx2_log_blocks(
    const uint8_t *bytes, size_t length, sluice_log_block *blocks) {
    const __m256i feed = _mm256_set1_epi8('\n'), space = _mm256_set1_epi8(' ');
    const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\');
    __m256i nuls = _mm256_setzero_si256();
    size_t at = 0;
    for (; length - at >= 64; at += 64, blocks++) {
        uint64_t feeds[2], blanks[2], marks[2], slashes[2];
        for (int half = 0; half < 2; half++) {
            __m256i text = _mm256_loadu_si256((const __m256i *)(bytes + at + 32 * half));
            __m256i is_slash = _mm256_cmpeq_epi8(text, slash);
            __m256i is_mark = _mm256_or_si256(_mm256_cmpeq_epi8(text, quote), is_slash);
            __m256i is_blank = _mm256_cmpeq_epi8(_mm256_min_epu8(text, space), text);
            nuls = _mm256_or_si256(nuls, _mm256_cmpeq_epi8(text, _mm256_setzero_si256()));
            feeds[half] = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(text, feed));
            blanks[half] = (uint32_t)_mm256_movemask_epi8(is_blank);
            marks[half] = (uint32_t)_mm256_movemask_epi8(is_mark);
            slashes[half] = (uint32_t)_mm256_movemask_epi8(is_slash);
        }
        blocks->feeds = feeds[0] | feeds[1] << 32;
        blocks->blanks = blanks[0] | blanks[1] << 32;
        blocks->marks = marks[0] | marks[1] << 32;
        blocks->backslashes = slashes[0] | slashes[1] << 32;
    }
    return plain_block(bytes + at, length - at, blocks) | (_mm256_movemask_epi8(nuls) != 0);
}

AVX512 static int avx512_log_blocks(
    const uint8_t *bytes, size_t length, sluice_log_block *blocks) {
    const __m512i feed = _mm512_set1_epi8('\n'), space = _mm512_set1_epi8(' ');
    const __m512i quote = _mm512_set1_epi8('"'), slash = _mm512_set1_epi8('\\');
    uint64_t nuls = 0;
    size_t at = 0;
    for (; length - at >= 64; at += 64, blocks++) {
        __m512i text = _mm512_loadu_si512(bytes + at);
        uint64_t slashes = _mm512_cmpeq_epi8_mask(text, slash);
        blocks->feeds = _mm512_cmpeq_epi8_mask(text, feed);
        blocks->blanks = _mm512_cmple_epu8_mask(text, space);
        blocks->marks = _mm512_cmpeq_epi8_mask(text, quote) | slashes;
        blocks->backslashes = slashes;
        nuls |= _mm512_testn_epi8_mask(text, text);
    }
    return plain_block(bytes + at, length - at, blocks) | (nuls != 0);
}

#endif

int cscanning_log_blocks(
    const uint8_t *bytes, size_t length, sluice_log_block *blocks, int choice) {
#if HAS_X86
    if (choice == CSCANNING_AUTOMATIC && has_avx512())
        return avx512_log_blocks(bytes, length, blocks);
    if (choice != CSCANNING_PORTABLE && has_avx2())
        return avx2_log_blocks(bytes, length, blocks);
#endif
    return portable_log_blocks(bytes, length, blocks);
}
