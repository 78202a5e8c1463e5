/* Structural scans over bytes, vectorised where the processor can.
 *
 * Everything here is a pure function of its input. Each scan has a portable form, compiled
 * everywhere; on x86-64 forms for AVX2 and, where it pays, AVX-512, chosen at run time; and on
 * 64-bit ARM one for NEON, which every such processor has. All give the same result for every
 * input. The Swift owner of these functions is the only caller. */
#ifndef SLUICE_CSCANNING_H
#define SLUICE_CSCANNING_H

#include <stddef.h>
#include <stdint.h>

#include "address_scan.h"
#include "csv_scan.h"
#include "line_scan.h"
#include "log_index.h"

/* Which implementation a scan uses: the best this processor has, the portable one, or the best
 * that needs no AVX-512. */
enum { CSCANNING_AUTOMATIC = 0, CSCANNING_PORTABLE = 1, CSCANNING_NARROW = 2 };

/* Indexes JSON Lines text.
 *
 * Writes, in ascending order, the offsets of
 *   - { } [ ] : , outside strings,
 *   - each quotation mark that opens or closes a string,
 *   - each backslash that begins an escape inside a string,
 *   - each control character (below 0x20) inside a string,
 *   - each line feed, wherever it stands; a string never continues behind one.
 * A few control characters outside strings may be listed too (0x0c, 0x1a): the caller looks at the
 * byte behind each offset anyway. `marks` receives these bytes: the one at `positions[i]` is
 * `marks[i]`.
 *
 * `positions` and `marks` must have room for `length` + 64 entries each; `length` must be below
 * 2^32 - 64. Reads exactly `length` bytes. Returns the number of offsets. `*is_utf8` is set to 1 if
 * all the bytes together are well-formed UTF-8 (Unicode 15, table 3-7), else to 0. */
size_t cscanning_json_index(
    const uint8_t *bytes, size_t length, uint32_t *positions, uint8_t *marks, int *is_utf8,
    int choice);

/* 1 if `length` bytes are well-formed UTF-8, else 0. */
int cscanning_is_utf8(const uint8_t *bytes, size_t length, int choice);

#endif
