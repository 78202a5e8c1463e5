#ifndef SLUICE_LINE_SCAN_H
#define SLUICE_LINE_SCAN_H
#include <stddef.h>
#include <stdint.h>

/* Writes the offset of each line feed, in ascending order, to `offsets`, which must have room for
 * `length` + 64 entries. Reads exactly `length` bytes, fewer than 2^32 - 64. Returns the number of
 * offsets. `choice` is one of CSCANNING_AUTOMATIC and so on. */
size_t cscanning_line_feeds(const uint8_t *bytes, size_t length, uint32_t *offsets, int choice);

/* Where the three dots of an IPv4 address stand: the offset of the first in bits 0 to 7 of the
 * result, of the second in bits 8 to 15, of the third in bits 16 to 23. 0 unless the `length` bytes
 * are four decimal octets of 0 to 255, without leading zeros, with dots between them, and nothing
 * else. Reads exactly `length` bytes. */
uint32_t cscanning_dots(const uint8_t *bytes, size_t length, int choice);

#endif
