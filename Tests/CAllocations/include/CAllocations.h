#ifndef SLUICE_CALLOCATIONS_H
#define SLUICE_CALLOCATIONS_H
#include <stdbool.h>
#include <stdint.h>

/* The calls of malloc, calloc and realloc so far, on the calling thread. Those for aligned memory
 * are not counted. */
uint64_t sluice_allocations(void);

/* False where the allocator cannot be counted: not glibc, or under a sanitizer. */
bool sluice_counts_allocations(void);

#endif
