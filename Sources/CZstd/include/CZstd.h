/* The decoder of Zstandard, where the machine has it: the system library libzstd.so.1, opened at
 * run time, so that nothing is needed to build or to run without it. No logic: the functions of its
 * stable interface (zstd.h, "Streaming decompression"). */
#ifndef SLUICE_CZSTD_H
#define SLUICE_CZSTD_H

#include <stddef.h>

/* ZSTD_inBuffer and ZSTD_outBuffer. */
typedef struct {
    const void *bytes;
    size_t size;
    size_t position;
} czstd_input;

typedef struct {
    void *bytes;
    size_t size;
    size_t position;
} czstd_output;

typedef struct {
    void *(*create)(void);
    size_t (*release)(void *decoder);
    /* 0 at the end of a frame, else how many bytes it would like to have, or an error. */
    size_t (*decompress)(void *decoder, czstd_output *output, czstd_input *input);
    unsigned (*is_error)(size_t result);
} czstd_functions;

/* 1 with the functions if the library is there, else 0. */
int czstd_open(czstd_functions *functions);

#endif
