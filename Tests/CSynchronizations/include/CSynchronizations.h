#ifndef SLUICE_CSYNCHRONIZATIONS_H
#define SLUICE_CSYNCHRONIZATIONS_H
#include <stdbool.h>
#include <stdint.h>

/* The calls of fsync so far, on the calling thread. */
uint64_t sluice_synchronizations(void);

/* False where they cannot be counted: under a sanitizer. */
bool sluice_counts_synchronizations(void);

#endif
