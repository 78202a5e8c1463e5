#ifndef SLUICE_LOG_BLOCKS_H
#define SLUICE_LOG_BLOCKS_H
#include <stddef.h>
#include <stdint.h>

/* What stands in 64 bytes of an access log: bit i of a mask speaks of byte i. */
typedef struct {
    uint64_t feeds;       /* line feeds */
    uint64_t blanks;      /* the space and all bytes below it */
    uint64_t marks;       /* quotation marks and backslashes */
    uint64_t backslashes;
} sluice_log_block;

/* Describes `length` bytes in `length` / 64 + 1 blocks; bits behind the last byte are 0. Reads
 * exactly `length` bytes. Returns 1 if there is a NUL among them, else 0. `choice` is one of
 * CSCANNING_AUTOMATIC and so on. */
int cscanning_log_blocks(
    const uint8_t *bytes, size_t length, sluice_log_block *blocks, int choice);

#endif
