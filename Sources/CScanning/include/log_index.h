#ifndef SLUICE_LOG_INDEX_H
#define SLUICE_LOG_INDEX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands in 64 bytes of an access log: bit i of a mask speaks of byte i. */
typedef struct {
    uint64_t blanks;      /* the space and all bytes below it */
    uint64_t backslashes;
} sluice_log_block;

/* What the index says of a text as a whole. */
typedef struct {
    size_t feeds; /* number of line feeds */
    size_t marks; /* number of quotation marks and backslashes */
    bool has_backslashes;
    bool has_nuls;
} sluice_log_text;

/* Indexes `length` bytes of an access log, fewer than 2^32 - 64, and reads no others. Writes the
 * offsets of its line feeds to `feeds` and those of its quotation marks and backslashes to `marks`,
 * in ascending order; both must have room for `length` + 64 entries. Describes the text in
 * `length` / 64 + 3 blocks; bits behind the last byte are 0, and so are the last two blocks.
 * `choice` is one of CSCANNING_AUTOMATIC and so on. */
void cscanning_log_index(
    const uint8_t *bytes, size_t length, sluice_log_block *blocks, uint32_t *feeds,
    uint32_t *marks, sluice_log_text *text, int choice);

#endif
