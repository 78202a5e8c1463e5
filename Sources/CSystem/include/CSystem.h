/* System calls and constants that Swift cannot import: variadic functions and macros with casts. */
#ifndef SLUICE_CSYSTEM_H
#define SLUICE_CSYSTEM_H

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>

static inline int csystem_set_dumpable(int dumpable) {
    return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
}

static inline int csystem_openat(int directory, const char *path, int flags, mode_t mode) {
    return openat(directory, path, flags, mode);
}

#endif
