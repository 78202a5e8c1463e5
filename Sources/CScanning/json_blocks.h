/* What all forms of the structural scan of JSON Lines share: from the masks of a block to
 * offsets. */
#ifndef SLUICE_JSON_BLOCKS_H
#define SLUICE_JSON_BLOCKS_H

#include "blocks.h"

/* One block is 64 bytes; bit i of a mask speaks of byte i. */
typedef struct {
    uint64_t quotes, backslashes, operators, controls, line_feeds, high;
} block_masks;

/* What one block hands to the next. */
typedef struct {
    uint64_t in_string;   /* all ones inside a string, else 0 */
    uint64_t is_escaped;  /* 1 if the first byte of the next block follows an escaping backslash */
} scan_state;

static inline uint64_t bits_above(unsigned bit) { return bit == 63 ? 0 : ~0ull << (bit + 1); }

/* Backslashes pair up from the left: the first of each pair escapes the second byte. Returns the
 * escaping backslashes and sets `*escaped` to the bytes they escape. */
static inline uint64_t find_escapes(uint64_t backslashes, scan_state *state, uint64_t *escaped) {
    uint64_t hit = state->is_escaped, escaping = 0;
    backslashes &= ~hit;
    state->is_escaped = 0;
    while (backslashes) {
        uint64_t first = backslashes & (0 - backslashes);
        escaping |= first;
        hit |= first << 1;
        if (first >> 63) state->is_escaped = 1;
        backslashes &= ~(first | first << 1);
    }
    *escaped = hit;
    return escaping;
}

/* The quotes of a block that stand for themselves; `*escaping` gets its escaping backslashes. */
static inline uint64_t real_quotes(
    const block_masks *masks, scan_state *state, uint64_t *escaping) {
    uint64_t escaped = 0;
    *escaping = 0;
    if (masks->backslashes | state->is_escaped)
        *escaping = find_escapes(masks->backslashes, state, &escaped);
    return masks->quotes & ~escaped;
}

/* The offsets wanted from one block, as a mask; `parity` is the prefix parity of `quotes`. */
static inline uint64_t wanted_bits(
    const block_masks *masks, uint64_t quotes, uint64_t escaping, uint64_t parity,
    scan_state *state) {
    uint64_t in_string = parity ^ state->in_string;
    uint64_t broken = masks->line_feeds & in_string;
    while (__builtin_expect(broken != 0, 0)) {
        /* A line feed ends the line whatever the quotes say: start afresh behind it. */
        unsigned at = (unsigned)__builtin_ctzll(broken);
        uint64_t behind = bits_above(at);
        in_string = (in_string & ~behind) | (prefix_parity(quotes & behind) & behind);
        broken = masks->line_feeds & in_string & behind;
    }
    /* A line feed that ends a block also ends an escape that would reach into the next one. */
    if (masks->line_feeds >> 63) state->is_escaped = 0;
    state->in_string = (uint64_t)((int64_t)in_string >> 63);
    if (masks->line_feeds >> 63) state->in_string = 0;
    return (masks->operators & ~in_string) | quotes | (escaping & in_string)
        | (masks->controls & in_string) | masks->line_feeds;
}

static inline size_t write_marks(
    const uint8_t *bytes, const uint32_t *positions, size_t count, uint8_t *marks) {
    for (size_t i = 0; i < count; i++) marks[i] = bytes[positions[i]];
    return count;
}

#endif
