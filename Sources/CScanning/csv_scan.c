#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "csv_scan.h"
#include "neon_blocks.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static const uint8_t quote_byte = '"';

#if defined(__SSE2__)
static inline uint64_t equal_mask(const uint8_t *bytes, __m128i wanted) {
    uint64_t mask = 0;
    for (int part = 0; part < 4; part++) {
        __m128i word = _mm_loadu_si128((const __m128i *)(const void *)(bytes + 16 * part));
        uint64_t bits = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(word, wanted));
        mask |= bits << (16 * part);
    }
    return mask;
}
static inline uint64_t find(const uint8_t *bytes, uint8_t wanted) {
    return equal_mask(bytes, _mm_set1_epi8((char)wanted));
}
#elif HAS_NEON
static inline uint64_t find(const uint8_t *bytes, uint8_t wanted) {
    return neon_equal(vld1q_u8_x4(bytes), wanted);
}
#else
/* The compiler turns this into vector code where it can. */
static inline uint64_t find(const uint8_t *bytes, uint8_t wanted) {
    uint64_t mask = 0;
    for (int at = 0; at < 64; at++) mask |= (uint64_t)(bytes[at] == wanted) << at;
    return mask;
}
#endif

static inline void load(sluice_csv_scanner *s) {
    uint8_t padded[64];
    const uint8_t *bytes = s->bytes + s->block;
    size_t rest = s->length - s->block;
    if (rest < 64) {
        memset(padded, 0, sizeof padded);
        memcpy(padded, bytes, rest);
        bytes = padded;
    }
    s->quote = s->quotes ? find(bytes, quote_byte) : 0;
    s->special = s->quote | find(bytes, s->delimiter) | find(bytes, '\n');
}

/* Drops all specials before `position`. */
static inline void seek(sluice_csv_scanner *s, size_t position) {
    size_t block = position & ~(size_t)63;
    if (block != s->block) {
        s->block = block;
        if (block >= s->length) {
            s->special = 0;
            s->quote = 0;
            return;
        }
        load(s);
    }
    s->special &= ~(uint64_t)0 << (position & 63);
}

static inline size_t next_special(sluice_csv_scanner *s) {
    while (s->special == 0) {
        if (s->length - s->block <= 64) return s->length;
        s->block += 64;
        load(s);
    }
    size_t position = s->block + (size_t)__builtin_ctzll(s->special);
    s->special &= s->special - 1;
    return position;
}

/* The first quote at or behind `from`, which lies in this block or behind it. */
static inline size_t next_quote(sluice_csv_scanner *s, size_t from) {
    if (from >= s->length) return s->length;
    seek(s, from);
    uint64_t quotes = s->quote & (~(uint64_t)0 << (from & 63));
    while (quotes == 0) {
        if (s->length - s->block <= 64) return s->length;
        s->block += 64;
        load(s);
        quotes = s->quote;
    }
    return s->block + (size_t)__builtin_ctzll(quotes);
}

void sluice_csv_open(
    sluice_csv_scanner *s, const uint8_t *bytes, size_t length, uint8_t delimiter, bool quotes,
    size_t limit) {
    s->bytes = bytes;
    s->length = length;
    s->limit = limit;
    s->delimiter = delimiter;
    s->quotes = quotes;
    s->block = 0;
    s->special = 0;
    s->quote = 0;
    if (length > 0) load(s);
}

static inline void put(
    sluice_csv_row *row, sluice_csv_cell *cells, size_t capacity, size_t start, size_t end,
    uint32_t kind) {
    if (row->cells < capacity) {
        cells[row->cells].start = (uint32_t)start;
        cells[row->cells].packed = ((uint32_t)(end - start) & 0x0fffffffu) | kind << 28;
    }
    row->cells++;
}

static inline size_t without_return(const uint8_t *bytes, size_t start, size_t end) {
    return end > start && bytes[end - 1] == '\r' ? end - 1 : end;
}

/* The offset behind the single quote that closes the cell opened at `open`, or 0 when none does
 * before `horizon`. */
static inline size_t close_of(
    sluice_csv_scanner *s, size_t open, size_t horizon, uint32_t *kind) {
    size_t from = open + 1;
    for (;;) {
        size_t at = next_quote(s, from);
        if (at >= horizon) return 0;
        if (at + 1 >= horizon || s->bytes[at + 1] != quote_byte) return at + 1;
        *kind = 3;
        from = at + 2;
    }
}

/* Ends a row whose quote at `open` is never closed. */
static void give_up(sluice_csv_scanner *s, size_t start, size_t open, sluice_csv_row *row) {
    const uint8_t *feed = memchr(s->bytes + open, '\n', s->length - open);
    size_t end = feed ? (size_t)(feed - s->bytes) : s->length;
    row->end = without_return(s->bytes, start, end);
    row->next = feed ? end + 1 : end;
    row->bad = true;
    s->block = SIZE_MAX; /* the way back must bring back what was dropped on the way forth */
    seek(s, row->next);
}

void sluice_csv_next(
    sluice_csv_scanner *s, size_t start, sluice_csv_cell *cells, size_t capacity,
    sluice_csv_row *row) {
    const uint8_t *bytes = s->bytes;
    size_t length = s->length;
    size_t quotes_end = length - start > s->limit ? start + s->limit : length;
    size_t cell = start;
    row->cells = 0;
    row->bad = false;
    for (;;) {
        size_t at = next_special(s);
        if (at == length || bytes[at] == '\n') {
            size_t end = without_return(bytes, cell, at);
            put(row, cells, capacity, cell, end, 2);
            row->end = end;
            row->next = at == length ? length : at + 1;
            return;
        }
        if (bytes[at] == s->delimiter) {
            put(row, cells, capacity, cell, at, 2);
            cell = at + 1;
            continue;
        }
        if (at >= quotes_end) continue;
        if (at != cell) {
            row->bad = true;
            continue;
        }
        uint32_t kind = 2;
        size_t behind = close_of(s, at, quotes_end, &kind);
        if (behind == 0) {
            give_up(s, start, at, row);
            return;
        }
        seek(s, behind);
        size_t last = behind - 1;
        if (behind < length && bytes[behind] == s->delimiter) {
            put(row, cells, capacity, at + 1, last, kind);
            s->special &= s->special - 1;
            cell = behind + 1;
            continue;
        }
        size_t end = behind;
        if (end < length && bytes[end] == '\r') end++;
        if (end == length || bytes[end] == '\n') {
            put(row, cells, capacity, at + 1, last, kind);
            row->end = behind;
            row->next = end == length ? length : end + 1;
            seek(s, row->next);
            return;
        }
        row->bad = true;
    }
}

/* A step of the splitter inside quotes: 0 when more bytes are needed, else the offset behind the
 * closing quote, or behind the line feed that ends the row of an unclosed quote. */
static size_t split_quoted(
    const uint8_t *bytes, size_t length, size_t start, size_t limit, size_t *border,
    sluice_csv_split_state *state) {
    size_t horizon = length - start > limit ? start + limit : length;
    bool final = length - start >= limit;
    for (;;) {
        size_t from = state->position;
        const uint8_t *found =
            from < horizon ? memchr(bytes + from, quote_byte, horizon - from) : NULL;
        if (!found) break;
        size_t at = (size_t)(found - bytes);
        if (at + 1 < horizon && bytes[at + 1] == quote_byte) {
            state->position = at + 2;
            continue;
        }
        if (at + 1 == length && !final) {
            state->position = at;
            return 0;
        }
        state->opened = 0;
        return at + 1;
    }
    if (!final) {
        if (state->position < length) state->position = length;
        return 0;
    }
    size_t open = state->opened - 1;
    const uint8_t *feed = memchr(bytes + open, '\n', length - open);
    if (!feed) return 0;
    state->opened = 0;
    *border = (size_t)(feed - bytes) + 1;
    return *border;
}

size_t sluice_csv_split(
    const uint8_t *bytes, size_t length, uint8_t delimiter, size_t limit,
    sluice_csv_split_state *state) {
    size_t border = 0;
    while (state->position < length || state->opened) {
        if (state->opened) {
            size_t behind = split_quoted(bytes, length, border, limit, &border, state);
            if (behind == 0) break;
            state->position = behind;
            continue;
        }
        size_t from = state->position;
        const uint8_t *found = memchr(bytes + from, quote_byte, length - from);
        size_t at = found ? (size_t)(found - bytes) : length;
        const uint8_t *feed = memrchr(bytes + from, '\n', at - from);
        if (feed) border = (size_t)(feed - bytes) + 1;
        if (!found) {
            state->position = length;
            break;
        }
        bool first = at == border || bytes[at - 1] == delimiter;
        state->position = at + 1;
        if (at - border >= limit) {
            feed = memchr(bytes + at, '\n', length - at);
            if (!feed) {
                state->position = at;
                break;
            }
            border = (size_t)(feed - bytes) + 1;
            state->position = border;
        } else if (first) {
            state->opened = at + 1;
        }
    }
    if (border > 0) {
        state->position = 0;
        state->opened = 0;
    }
    return border;
}

ptrdiff_t sluice_last_byte(const uint8_t *bytes, size_t length, uint8_t wanted) {
    const uint8_t *found = memrchr(bytes, wanted, length);
    return found ? found - bytes : -1;
}

int sluice_csv_text_class(const uint8_t *bytes, size_t length) {
    uint8_t all = 0;
    uint8_t zero = 0;
    for (size_t at = 0; at < length; at++) {
        all |= bytes[at];
        zero |= bytes[at] == 0;
    }
    return (zero ? 1 : 0) | (all & 0x80 ? 2 : 0);
}

static inline bool follows(uint8_t byte) { return (byte & 0xc0) == 0x80; }

/* The length of the sequence of two to four bytes at `bytes`, or 0. RFC 3629, section 4. */
static inline size_t sequence(const uint8_t *bytes, size_t rest) {
    uint8_t lead = bytes[0];
    if (lead < 0xc2 || rest < 2) return 0;
    if (lead < 0xe0) return follows(bytes[1]) ? 2 : 0;
    if (lead < 0xf0) {
        if (rest < 3 || !follows(bytes[1]) || !follows(bytes[2])) return 0;
        if (lead == 0xe0 && bytes[1] < 0xa0) return 0;
        return lead == 0xed && bytes[1] > 0x9f ? 0 : 3;
    }
    if (lead > 0xf4 || rest < 4) return 0;
    if (!follows(bytes[1]) || !follows(bytes[2]) || !follows(bytes[3])) return 0;
    if (lead == 0xf0 && bytes[1] < 0x90) return 0;
    return lead == 0xf4 && bytes[1] > 0x8f ? 0 : 4;
}

bool sluice_csv_is_utf8(const uint8_t *bytes, size_t length) {
    size_t at = 0;
    while (at < length) {
        if (length - at >= 8) {
            uint64_t word;
            memcpy(&word, bytes + at, 8);
            if ((word & 0x8080808080808080u) == 0) {
                at += 8;
                continue;
            }
        }
        if (bytes[at] < 0x80) {
            at++;
            continue;
        }
        size_t count = sequence(bytes + at, length - at);
        if (count == 0) return false;
        at += count;
    }
    return true;
}
