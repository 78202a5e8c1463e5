/* UTF-8 by table look-up: Keiser and Lemire, "Validating UTF-8 in less than one instruction per
 * byte" (2020). Each bit of a table entry stands for one way in which two neighbouring bytes can be
 * wrong; a pair is wrong if all three tables agree on a bit. */
#ifndef SLUICE_UTF8_TABLES_H
#define SLUICE_UTF8_TABLES_H

enum {
    TOO_SHORT = 1 << 0,    /* lead byte followed by a lead or ASCII byte */
    TOO_LONG = 1 << 1,     /* ASCII followed by a continuation byte */
    OVERLONG_3 = 1 << 2,   /* e0 80..9f */
    TOO_LARGE = 1 << 3,    /* f4 90..bf and beyond */
    SURROGATE = 1 << 4,    /* ed a0..bf */
    OVERLONG_2 = 1 << 5,   /* c0, c1 */
    OVERLONG_4 = 1 << 6,   /* f0 80..8f; shares the bit with f5 and beyond, 1000 */
    TWO_CONTS = 1 << 7,    /* two continuation bytes: right only behind a long lead */
    CARRY = TOO_SHORT | TOO_LONG | TWO_CONTS,
    BEYOND = CARRY | TOO_LARGE | OVERLONG_4,
};

/* By the upper half of the first byte, by its lower half, and by the upper half of the second. */
#define BY_FIRST_HIGH \
    TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, \
    (char)TWO_CONTS, (char)TWO_CONTS, (char)TWO_CONTS, (char)TWO_CONTS, \
    TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE, \
    TOO_SHORT | TOO_LARGE | OVERLONG_4
#define BY_FIRST_LOW \
    (char)(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4), (char)(CARRY | OVERLONG_2), \
    (char)CARRY, (char)CARRY, (char)(CARRY | TOO_LARGE), \
    (char)BEYOND, (char)BEYOND, (char)BEYOND, (char)BEYOND, (char)BEYOND, (char)BEYOND, \
    (char)BEYOND, (char)BEYOND, (char)(BEYOND | SURROGATE), (char)BEYOND, (char)BEYOND
#define BY_SECOND_HIGH \
    TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, \
    (char)(TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | OVERLONG_4), \
    (char)(TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | TOO_LARGE), \
    (char)(TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE), \
    (char)(TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE), \
    TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT

#endif
