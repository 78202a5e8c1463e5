#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "FaultInterposer.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum side { WRITES = 1, READS = 2 };

/* Why a call may fail; each error number belongs to some of them. */
enum reason {
    NEEDS_ROOM = 1,   /* ENOSPC, EDQUOT */
    CHANGES = 2,      /* EROFS */
    MAY_WAIT = 4,     /* EINTR */
    MOVES_BYTES = 8,  /* a short count */
    NEEDS_NUMBER = 16 /* EMFILE, ENFILE */
};

static struct fault_report nowhere;
static struct fault_report *report = &nowhere;
static int side, error, shortened;
static uint64_t first, last;

__attribute__((constructor)) static void prepare(void) {
    const char *path = getenv("FAULT_REPORT"), *what = getenv("FAULT_SIDE");
    const char *as = getenv("FAULT_AS"), *at = getenv("FAULT_AT"), *from = getenv("FAULT_FROM");
    if (!path || !what || !as) return;
    int (*open_file)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    int (*close_file)(int) = dlsym(RTLD_NEXT, "close");
    int file = open_file(path, O_RDWR | O_CLOEXEC);
    void *map = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close_file(file);
    if (map == MAP_FAILED) return;
    report = map;
    shortened = strcmp(as, "short") == 0;
    error = atoi(as);
    first = strtoull(at ? at : from ? from : "0", NULL, 10);
    last = from ? UINT64_MAX : first;
    side = strcmp(what, "read") == 0 ? READS : WRITES;
}

static int can_happen(int reasons) {
    if (shortened) return reasons & MOVES_BYTES;
    switch (error) {
    case ENOSPC: case EDQUOT: return reasons & NEEDS_ROOM;
    case EROFS: return reasons & CHANGES;
    case EINTR: return reasons & MAY_WAIT;
    case EMFILE: case ENFILE: return reasons & NEEDS_NUMBER;
    default: return 1;
    }
}

/* Counts the call; true when it is to fail. */
static int fails(const char *name, int sides, int reasons) {
    if (!(side & sides) || !can_happen(reasons)) return 0;
    uint64_t number = __atomic_add_fetch(&report->calls, 1, __ATOMIC_SEQ_CST);
    if (first == 0 || number < first || number > last) return 0;
    if (__atomic_fetch_add(&report->faults, 1, __ATOMIC_SEQ_CST) == 0)
        strncpy(report->first, name, sizeof report->first - 1);
    errno = error;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define IS_STREAM(descriptor) ((descriptor) <= STDERR_FILENO)

static int opening_side(int flags) { return (flags & O_ACCMODE) == O_RDONLY ? READS : WRITES; }

static int opening_reasons(int flags) {
    return MAY_WAIT | NEEDS_NUMBER | (flags & O_CREAT ? NEEDS_ROOM | CHANGES : 0)
        | (opening_side(flags) == WRITES ? CHANGES : 0);
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        MODE(flags) \
        if (fails("open", opening_side(flags), opening_reasons(flags))) return -1; \
        return REAL(name)(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int directory, const char *path, int flags, ...) { \
        MODE(flags) \
        if (fails("open", opening_side(flags), opening_reasons(flags))) return -1; \
        return REAL(name)(directory, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

#define HALF(count) ((count) > 1 ? (count) / 2 : (count))

ssize_t write(int file, const void *bytes, size_t count) {
    if (!IS_STREAM(file)
        && fails("write", WRITES, NEEDS_ROOM | CHANGES | MAY_WAIT | MOVES_BYTES)) {
        if (!shortened) return -1;
        count = HALF(count);
    }
    return REAL(write)(file, bytes, count);
}

#define PWRITE(name, offset_type) \
    ssize_t name(int file, const void *bytes, size_t count, offset_type offset) { \
        if (fails("pwrite", WRITES, NEEDS_ROOM | CHANGES | MAY_WAIT | MOVES_BYTES)) { \
            if (!shortened) return -1; \
            count = HALF(count); \
        } \
        return REAL(name)(file, bytes, count, offset); \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t read(int file, void *bytes, size_t count) {
    if (!IS_STREAM(file) && fails("read", READS, MAY_WAIT | MOVES_BYTES)) {
        if (!shortened) return -1;
        count = HALF(count);
    }
    return REAL(read)(file, bytes, count);
}

#define PREAD(name, offset_type) \
    ssize_t name(int file, void *bytes, size_t count, offset_type offset) { \
        if (fails("pread", READS, MAY_WAIT | MOVES_BYTES)) { \
            if (!shortened) return -1; \
            count = HALF(count); \
        } \
        return REAL(name)(file, bytes, count, offset); \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

/* A call without variants: name, sides, reasons. */
#define CALL(name, sides, reasons, parameters, arguments) \
    int name parameters { \
        if (fails(#name, sides, reasons)) return -1; \
        return REAL(name) arguments; \
    }
CALL(fsync, WRITES, NEEDS_ROOM | MAY_WAIT, (int file), (file))
CALL(fdatasync, WRITES, NEEDS_ROOM | MAY_WAIT, (int file), (file))
CALL(ftruncate, WRITES, NEEDS_ROOM | CHANGES | MAY_WAIT, (int file, off_t size), (file, size))
CALL(ftruncate64, WRITES, NEEDS_ROOM | CHANGES | MAY_WAIT, (int file, off64_t size), (file, size))
CALL(fchmod, WRITES, CHANGES, (int file, mode_t mode), (file, mode))
CALL(fchown, WRITES, CHANGES | NEEDS_ROOM, (int file, uid_t owner, gid_t group),
     (file, owner, group))
CALL(futimens, WRITES, CHANGES, (int file, const struct timespec times[2]), (file, times))
CALL(mkdir, WRITES, NEEDS_ROOM | CHANGES, (const char *path, mode_t mode), (path, mode))
CALL(mkdirat, WRITES, NEEDS_ROOM | CHANGES, (int directory, const char *path, mode_t mode),
     (directory, path, mode))
CALL(rename, WRITES, NEEDS_ROOM | CHANGES, (const char *from, const char *to), (from, to))
CALL(renameat, WRITES, NEEDS_ROOM | CHANGES,
     (int one, const char *from, int other, const char *to), (one, from, other, to))
CALL(linkat, WRITES, NEEDS_ROOM | CHANGES,
     (int one, const char *from, int other, const char *to, int flags),
     (one, from, other, to, flags))
CALL(unlink, WRITES, CHANGES, (const char *path), (path))
CALL(unlinkat, WRITES, CHANGES, (int directory, const char *path, int flags),
     (directory, path, flags))
CALL(rmdir, WRITES, CHANGES, (const char *path), (path))
CALL(flock, WRITES, MAY_WAIT, (int file, int operation), (file, operation))
CALL(fstat, READS, 0, (int file, struct stat *status), (file, status))
CALL(fstatat, READS, 0, (int directory, const char *path, struct stat *status, int flags),
     (directory, path, status, flags))

DIR *fdopendir(int file) {
    if (fails("fdopendir", READS, 0)) return NULL;
    return REAL(fdopendir)(file);
}

struct dirent *readdir(DIR *directory) {
    if (fails("readdir", READS, 0)) return NULL;
    return REAL(readdir)(directory);
}

/* The descriptor is gone also where the answer is an error, as Linux does it. */
int close(int file) {
    int flags = IS_STREAM(file) ? -1 : fcntl(file, F_GETFL);
    int failed = flags != -1 && opening_side(flags) == WRITES
        && fails("close", WRITES, NEEDS_ROOM | MAY_WAIT);
    int result = REAL(close)(file);
    if (!failed) return result;
    errno = error;
    return -1;
}
