#ifndef SLUICE_LINE_SCAN_H
#define SLUICE_LINE_SCAN_H
#include <stddef.h>
#include <stdint.h>

/* Writes the offset of each line feed, in ascending order, to `offsets`, which must have room for
 * `length` + 64 entries. Reads exactly `length` bytes, fewer than 2^32 - 64. Returns the number of
 * offsets. `choice` is one of CSCANNING_AUTOMATIC and so on. */
size_t cscanning_line_feeds(const uint8_t *bytes, size_t length, uint32_t *offsets, int choice);

#endif
