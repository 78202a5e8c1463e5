/* Takes the place of three functions of the allocator in a test process, to count their calls. A
 * count for each thread: tests that run at the same time do not disturb each other. */
#include "CAllocations.h"

#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

#if defined(__GLIBC__) && !defined(HAS_SANITIZER)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static __thread uint64_t calls;

void *malloc(size_t size) {
    calls++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    calls++;
    return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    calls++;
    return __libc_realloc(block, size);
}

uint64_t sluice_allocations(void) { return calls; }
bool sluice_counts_allocations(void) { return true; }

#else

uint64_t sluice_allocations(void) { return 0; }
bool sluice_counts_allocations(void) { return false; }

#endif
