#ifndef SLUICE_CFUZZER_H
#define SLUICE_CFUZZER_H

#include <stddef.h>
#include <stdint.h>

// Hands the arguments of the process and `one`, which tries one input, to libFuzzer; gives back
// what it ends with, or -1 when it was not linked in.
int sluice_fuzz_run(int argc, char **argv, int (*one)(const uint8_t *bytes, size_t count));

#endif
