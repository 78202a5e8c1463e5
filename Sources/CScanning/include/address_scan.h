#ifndef SLUICE_ADDRESS_SCAN_H
#define SLUICE_ADDRESS_SCAN_H
#include <stddef.h>
#include <stdint.h>

/* Where the three dots of an IPv4 address stand: the offset of the first in bits 0 to 7 of the
 * result, of the second in bits 8 to 15, of the third in bits 16 to 23. 0 unless the `length` bytes
 * are four decimal octets of 0 to 255, without leading zeros, with dots between them, and nothing
 * else. Reads exactly `length` bytes. */
uint32_t cscanning_dots(const uint8_t *bytes, size_t length, int choice);

/* Reads an IPv6 address of groups of hexadecimal digits (RFC 4291 section 2.2, forms 1 and 2) into
 * its upper and lower 64 bits. 0, and `halves` untouched, when the `length` bytes are anything
 * else, or when this processor has no fast way to tell: the caller then reads them itself. Reads
 * exactly `length` bytes. */
int cscanning_groups(const uint8_t *bytes, size_t length, uint64_t halves[2], int choice);

#endif
