#ifndef SLUICE_CSV_SCAN_H
#define SLUICE_CSV_SCAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where CSV rows and cells end.
 *
 * The rule of borders, the same for splitter and row scanner, so that any cut gives the same rows:
 *  - a quote opens a quoted cell only as the first byte of the cell; elsewhere it is stray;
 *  - in a quoted cell two quotes stand for one, a single quote closes;
 *  - a line feed outside quotes ends the row;
 *  - quotes count only within `limit` bytes from the start of their row. A quote that none closes
 *    within them (or before the bytes end) opens nothing: the row is bad and ends at the first line
 *    feed behind that quote. So one stray quote costs one line, and each byte is looked at no more
 *    than twice.
 */

/* One cell, in the layout of Records.FieldSlice: offset, then length | kind << 28 where kind is
 * 2 (text) or 3 (text with doubled quotes). */
typedef struct {
    uint32_t start;
    uint32_t packed;
} sluice_csv_cell;

typedef struct {
    size_t end;   /* behind the last byte, without CR and LF */
    size_t next;  /* where the next row starts */
    size_t cells; /* number of cells, also of those that did not fit */
    bool bad;     /* stray quote, bytes behind a closing quote, or an unclosed quote */
} sluice_csv_row;

typedef struct {
    const uint8_t *bytes;
    size_t length;
    size_t limit;
    size_t block;      /* offset of the 64 bytes that the masks below describe */
    uint64_t special;  /* quotes, delimiters and line feeds not yet consumed */
    uint64_t quote;    /* all quotes of the block */
    uint8_t delimiter;
    bool quotes;
} sluice_csv_scanner;

/* Starts at the first of `length` bytes, which must stay where they are. */
void sluice_csv_open(
    sluice_csv_scanner *scanner, const uint8_t *bytes, size_t length, uint8_t delimiter,
    bool quotes, size_t limit);

/* Scans the row that starts at `start`, which is 0 or the `next` of the row before and less than
 * the length. Writes its first `capacity` cells to `cells`. The last row may lack its line feed. */
void sluice_csv_next(
    sluice_csv_scanner *scanner, size_t start, sluice_csv_cell *cells, size_t capacity,
    sluice_csv_row *row);

/* What the index of a text says of it as a whole. */
typedef struct {
    size_t cells; /* number of ends of cells */
    size_t rows;  /* number of line feeds that end a row */
    bool is_regular;         /* each quote opens a cell, closes one, or is one of two */
    bool has_doubled_quotes; /* some cell has two quotes that stand for one */
    bool has_zeros;
    bool is_utf8; /* RFC 3629, section 4 */
} sluice_csv_text;

/* Indexes a text that begins with a row. Writes to `cells` the offsets of all delimiters and line
 * feeds outside quotes and to `rows` those of the line feeds alone. If the text is regular and no
 * row is longer than the limit of the scanner, they are the ends of its cells and rows (the last
 * row may lack its line feed); otherwise they mean nothing. A cell that begins with a quote is
 * quoted and ends with one. `cells` and `rows` must have room for `length` + 64 entries each;
 * `length` must be below 2^32 - 64. `choice` is as in `CScanning.h`. */
void sluice_csv_index(
    const uint8_t *bytes, size_t length, uint8_t delimiter, bool quotes, uint32_t *cells,
    uint32_t *rows, sluice_csv_text *text, int choice);

/* The length of the longest prefix of `bytes`, which begin with a row, that ends behind a row, or
 * 0; unless `*is_regular`, it means nothing. The text may end inside quotes. As above, no row may
 * be longer than the limit. */
size_t sluice_csv_border(
    const uint8_t *bytes, size_t length, uint8_t delimiter, bool *is_regular, int choice);

/* What a splitter remembers between two calls that found no border. All zero at a border. */
typedef struct {
    size_t position; /* the first byte not yet looked at */
    size_t opened;   /* 1 + the offset of the quote that is open, or 0 */
} sluice_csv_split_state;

/* The length of the longest prefix of `bytes` that ends behind a row, or 0. */
size_t sluice_csv_split(
    const uint8_t *bytes, size_t length, uint8_t delimiter, size_t limit,
    sluice_csv_split_state *state);

/* The offset of the last byte of this value, or -1. Wraps memrchr(3), a GNU extension that Swift
 * does not see. */
ptrdiff_t sluice_last_byte(const uint8_t *bytes, size_t length, uint8_t wanted);

/* Bit 0: there is a NUL byte; bit 1: there is a byte of 128 or more. */
int sluice_csv_text_class(const uint8_t *bytes, size_t length);

/* True when the bytes are UTF-8 (RFC 3629, section 4: no surrogates, no overlong forms). */
bool sluice_csv_is_utf8(const uint8_t *bytes, size_t length);

#endif
