/* Takes the place of fsync in a test process, to count its calls: what was not made durable, only a
 * power cut would tell. A count for each thread: tests that run at the same time do not disturb
 * each other. */
#define _GNU_SOURCE
#include "CSynchronizations.h"

#include <sys/syscall.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

#if !defined(HAS_SANITIZER)

static __thread uint64_t calls;

int fsync(int descriptor) {
    calls++;
    return (int)syscall(SYS_fsync, descriptor);
}

uint64_t sluice_synchronizations(void) { return calls; }
bool sluice_counts_synchronizations(void) { return true; }

#else

uint64_t sluice_synchronizations(void) { return 0; }
bool sluice_counts_synchronizations(void) { return false; }

#endif
