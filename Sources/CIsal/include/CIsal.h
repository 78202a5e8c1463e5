/* The inflater of ISA-L, where the machine has it: the system library libisal.so.2, opened at run
 * time, so that nothing is needed to build or to run without it. No logic: the layout of the
 * library's state as its version 2 fixes it, and its functions. */
#ifndef SLUICE_CISAL_H
#define SLUICE_CISAL_H

#include <stddef.h>
#include <stdint.h>

/* What a caller may read and write of the decoder's state; the rest is the library's own. */
typedef struct {
    uint8_t *next_out;
    uint32_t avail_out;
    uint32_t total_out;
    uint8_t *next_in;
    uint64_t read_in;
    uint32_t avail_in;
    int32_t read_in_length;
    /* Two tables of codes: 4096 words and 1264 half words, 1024 and 80 half words. */
    uint8_t tables[(4096 * 4 + 1264 * 2) + (1024 + 80) * 2];
    uint32_t block_state;
    uint32_t dict_length;
    uint32_t bfinal;
    uint32_t crc_flag;
    /* Checksum, lengths left over, a window of 64 KiB: 65 to 66 KiB in the versions so far. */
    uint8_t own[80 << 10];
} cisal_state;

enum {
    CISAL_GZIP = 1,           /* crc_flag: header, data, checksum and length of a gzip member */
    CISAL_BLOCK_FINISH = 5,   /* block_state: everything was read, checked and given out */
};

typedef struct {
    void (*init)(cisal_state *);
    void (*reset)(cisal_state *);
    /* Below zero for damaged data. */
    int (*inflate)(cisal_state *);
} cisal_functions;

/* 1 with the functions if the library is there, else 0. */
int cisal_open(cisal_functions *functions);

#endif
