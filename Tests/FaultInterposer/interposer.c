#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "FaultInterposer.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum side { WRITES = 1, READS = 2 };

/* Why a call may fail; each error number belongs to some of them. */
enum reason {
    NEEDS_ROOM = 1,   /* ENOSPC, EDQUOT */
    CHANGES = 2,      /* EROFS */
    MAY_WAIT = 4,     /* EINTR */
    MOVES_BYTES = 8,  /* a short count */
    NEEDS_NUMBER = 16,/* EMFILE, ENFILE */
    LOCKS = 32        /* ENOLCK */
};

static struct fault_report nowhere;
static struct fault_report *report = &nowhere;
static int side, error, shortened, torn, deadly;
/* True where the standard streams are disturbed as well. */
static int with_streams;
static uint64_t first, last;
/* A file of somebody else that the process tries to open whenever it makes a call. */
static const char *outside;
/* Descriptors: of the disk that loses its power, of the list of call sites, of the copies. */
static int disk = -1, sites = -1, copies = -1;
/* The only call that counts, by its name; nil: all. */
static const char *only;
/* The folder below which nothing can be renamed or linked. */
static const char *below;
/* Where the clock of the day stands still, in seconds; 0: it goes. */
static time_t standing;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int open_named(const char *variable, int flags) {
    const char *path = getenv(variable);
    return path ? REAL(open)(path, flags | O_CLOEXEC) : -1;
}

__attribute__((constructor)) static void prepare(void) {
    below = getenv("FAULT_BELOW");
    const char *clock = getenv("FAULT_CLOCK");
    if (clock) standing = atoll(clock);
    /* Out of the way of programmes that choose their descriptors. */
    int low = open_named("FAULT_COPIES", O_WRONLY | O_APPEND);
    copies = low < 0 ? low : fcntl(low, F_DUPFD_CLOEXEC, 200);
    if (low >= 0) REAL(close)(low);
    const char *what = getenv("FAULT_SIDE"), *as = getenv("FAULT_AS");
    const char *at = getenv("FAULT_AT"), *from = getenv("FAULT_FROM");
    int file = open_named("FAULT_REPORT", O_RDWR);
    if (file < 0 || !what || !as) return;
    void *map = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    REAL(close)(file);
    if (map == MAP_FAILED) return;
    report = map;
    outside = getenv("FAULT_OUTSIDE");
    only = getenv("FAULT_CALL");
    with_streams = getenv("FAULT_STREAMS") != NULL;
    disk = open_named("FAULT_DISK", O_RDONLY | O_DIRECTORY);
    sites = open_named("FAULT_SITES", O_WRONLY | O_APPEND);
    torn = strcmp(as, "torn") == 0;
    shortened = torn || strcmp(as, "short") == 0;
    deadly = torn ? SIGKILL : strcmp(as, "kill") == 0 || disk >= 0 ? SIGKILL
        : strncmp(as, "signal:", 7) == 0 ? atoi(as + 7) : 0;
    error = atoi(as);
    first = strtoull(at ? at : from ? from : "0", NULL, 10);
    last = from ? UINT64_MAX : first;
    side = strcmp(what, "read") == 0 ? READS : WRITES;
}

/* Ends the process as a signal would, after the disk has lost what was not made durable. */
static void die(void) {
    uint32_t without_log = 2;
    if (disk >= 0) ioctl(disk, _IOR('X', 125, uint32_t), &without_log);
    raise(deadly);
}

/* Tells whence the call came: a number that is the same for the same way through the programme,
   wherever it was loaded. */
static void tell_site(const char *name) {
    void *frames[32];
    uint64_t mixed = 1469598103934665603u;
    for (; *name; name++) mixed = (mixed ^ (unsigned char)*name) * 1099511628211u;
    int count = backtrace(frames, 32);
    for (int at = 2; at < count; at++) {
        /* dladdr would look for the name in all symbols, which takes a hundred times as long. */
        struct dl_find_object place;
        if (_dl_find_object(frames[at], &place) != 0) continue;
        mixed = (mixed ^ (uint64_t)((char *)frames[at] - (char *)place.dlfo_map_start))
            * 1099511628211u;
    }
    REAL(write)(sites, &mixed, sizeof mixed);
}

/* Tries to get at what is no business of the process: a file and the network. */
static void try_to_escape(void) {
    int before = errno, file = REAL(open)(outside, O_RDONLY | O_CLOEXEC);
    int network = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0 && network < 0) report->kept++;
    else if (report->kept > 0) report->escapes++;
    if (file >= 0) REAL(close)(file);
    if (network >= 0) REAL(close)(network);
    errno = before;
}

/* Copies what is written, behind two lengths and the name of where it goes. */
static void copy(int file, const void *bytes, size_t count) {
    if (copies < 0) return;
    int before = errno;
    char link[32], name[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, sizeof name);
    uint32_t lengths[2] = {length < 0 ? 0 : (uint32_t)length, (uint32_t)count};
    struct iovec parts[3] = {
        {lengths, sizeof lengths}, {name, lengths[0]}, {(void *)bytes, count}};
    writev(copies, parts, 3);
    errno = before;
}

static int can_happen(int reasons) {
    if (shortened) return reasons & MOVES_BYTES;
    switch (error) {
    case ENOSPC: case EDQUOT: return reasons & NEEDS_ROOM;
    case EROFS: return reasons & CHANGES;
    case EINTR: return reasons & MAY_WAIT;
    case EMFILE: case ENFILE: return reasons & NEEDS_NUMBER;
    case ENOLCK: return reasons & LOCKS;
    default: return 1;
    }
}

/* Counts the call; true when it is to fail. */
static int fails(const char *name, int sides, int reasons) {
    if (outside) try_to_escape();
    if (!(side & sides) || !can_happen(reasons)) return 0;
    if (only && strcmp(only, name) != 0) return 0;
    uint64_t number = __atomic_add_fetch(&report->calls, 1, __ATOMIC_SEQ_CST);
    if (sites >= 0) tell_site(name);
    if (first == 0 || number < first || number > last) return 0;
    if (__atomic_fetch_add(&report->faults, 1, __ATOMIC_SEQ_CST) == 0)
        strncpy(report->first, name, sizeof report->first - 1);
    if (deadly && !torn) {
        die();
        /* The process goes on behind the signal, and so does the call. */
        return 0;
    }
    errno = error;
    return 1;
}

/* Where the clock stands still, the source of what is random is as regular. */
static const char *steady(const char *path) {
    return standing && strcmp(path, "/dev/urandom") == 0 ? "/dev/zero" : path;
}

#define IS_STREAM(descriptor) (!with_streams && (descriptor) <= STDERR_FILENO)

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

static void note_opening(int flags) {
    if (!(flags & O_CLOEXEC)) __atomic_add_fetch(&report->inheritable, 1, __ATOMIC_SEQ_CST);
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        MODE(flags) \
        note_opening(flags); \
        if (fails("open", opening_side(flags), opening_reasons(flags))) return -1; \
        return REAL(name)(steady(path), flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int directory, const char *path, int flags, ...) { \
        MODE(flags) \
        note_opening(flags); \
        if (fails("open", opening_side(flags), opening_reasons(flags))) return -1; \
        return REAL(name)(directory, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

#define HALF(count) ((count) > 1 ? (count) / 2 : (count))

ssize_t write(int file, const void *bytes, size_t count) {
    copy(file, bytes, count);
    if (!IS_STREAM(file)
        && fails("write", WRITES, NEEDS_ROOM | CHANGES | MAY_WAIT | MOVES_BYTES)) {
        if (!shortened) return -1;
        count = HALF(count);
        if (torn) REAL(write)(file, bytes, count), die();
    }
    return REAL(write)(file, bytes, count);
}

#define PWRITE(name, offset_type) \
    ssize_t name(int file, const void *bytes, size_t count, offset_type offset) { \
        copy(file, bytes, count); \
        if (fails("pwrite", WRITES, NEEDS_ROOM | CHANGES | MAY_WAIT | MOVES_BYTES)) { \
            if (!shortened) return -1; \
            count = HALF(count); \
            if (torn) REAL(name)(file, bytes, count, offset), die(); \
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

ssize_t send(int file, const void *bytes, size_t count, int flags) {
    copy(file, bytes, count);
    return REAL(send)(file, bytes, count, flags);
}

/* True, with the error ENOTSUP, for a name below the folder that renames and links nothing. */
static int is_below(int directory, const char *name) {
    if (!below) return 0;
    char link[32] = "/proc/self/cwd", place[512] = "";
    if (directory != AT_FDCWD) snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    const char *path = name;
    if (name[0] != '/') {
        ssize_t length = readlink(link, place, sizeof place - 1);
        if (length < 0) return 0;
        path = place;
    }
    if (strncmp(path, below, strlen(below)) != 0) return 0;
    errno = ENOTSUP;
    return 1;
}

int rename(const char *from, const char *to) {
    if (is_below(AT_FDCWD, from) || fails("rename", WRITES, NEEDS_ROOM | CHANGES)) return -1;
    return REAL(rename)(from, to);
}

int renameat(int one, const char *from, int other, const char *to) {
    if (is_below(one, from) || fails("renameat", WRITES, NEEDS_ROOM | CHANGES)) return -1;
    return REAL(renameat)(one, from, other, to);
}

int linkat(int one, const char *from, int other, const char *to, int flags) {
    if (is_below(one, from) || fails("linkat", WRITES, NEEDS_ROOM | CHANGES)) return -1;
    return REAL(linkat)(one, from, other, to, flags);
}

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
CALL(unlink, WRITES, CHANGES, (const char *path), (path))
CALL(unlinkat, WRITES, CHANGES, (int directory, const char *path, int flags),
     (directory, path, flags))
CALL(rmdir, WRITES, CHANGES, (const char *path), (path))
CALL(flock, WRITES, MAY_WAIT | LOCKS, (int file, int operation), (file, operation))
CALL(fstat, READS, 0, (int file, struct stat *status), (file, status))
CALL(fstatat, READS, 0, (int directory, const char *path, struct stat *status, int flags),
     (directory, path, status, flags))

/* Locks that are taken or made less, as SQLite does it; to be let go needs nothing. */
static int locks(int command, const struct flock *lock) {
    switch (command) {
    case F_SETLK: case F_SETLKW: case F_OFD_SETLK: case F_OFD_SETLKW:
        return lock->l_type != F_UNLCK;
    default: return 0;
    }
}

/* SQLite waits for no lock, so a signal interrupts none. */
#define FCNTL(name) \
    int name(int file, int command, ...) { \
        va_list rest; \
        va_start(rest, command); \
        void *argument = va_arg(rest, void *); \
        va_end(rest); \
        if (locks(command, argument) && fails("fcntl", WRITES, LOCKS)) return -1; \
        return REAL(name)(file, command, argument); \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = REAL(clock_gettime)(clock, time);
    if (standing && clock == CLOCK_REALTIME) *time = (struct timespec){standing, 0};
    return result;
}

/* The same numbers in each process, in the order in which its threads ask. */
ssize_t getrandom(void *bytes, size_t count, unsigned flags) {
    if (!standing) return REAL(getrandom)(bytes, count, flags);
    static uint64_t asked;
    uint64_t state = __atomic_add_fetch(&asked, 1, __ATOMIC_SEQ_CST) << 32;
    for (size_t at = 0; at < count; at++) {
        /* SplitMix64 */
        uint64_t mixed = state += 0x9e3779b97f4a7c15;
        mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
        ((unsigned char *)bytes)[at] = (unsigned char)(mixed ^ mixed >> 31);
    }
    return (ssize_t)count;
}

/* The library of Swift asks the kernel itself. */
long syscall(long number, ...) {
    va_list rest;
    va_start(rest, number);
    long words[6];
    for (int at = 0; at < 6; at++) words[at] = va_arg(rest, long);
    va_end(rest);
    if (standing && number == SYS_getrandom)
        return getrandom((void *)words[0], (size_t)words[1], (unsigned)words[2]);
    return REAL(syscall)(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

/* Memory that is locked, for secrets: where, and how many bytes; 0 bytes: a free place. */
static struct { const char *start; size_t count; } locked[1024];
static int locking;

static void lock_places(void) {
    while (__atomic_exchange_n(&locking, 1, __ATOMIC_ACQUIRE)) sched_yield();
}

static void free_places(void) { __atomic_store_n(&locking, 0, __ATOMIC_RELEASE); }

int mlock(const void *start, size_t count) {
    if (only && strcmp(only, "mlock") == 0 && fails("mlock", WRITES, 0)) return -1;
    lock_places();
    for (int at = 0; at < 1024; at++) {
        if (locked[at].count != 0) continue;
        locked[at].start = start;
        locked[at].count = count;
        break;
    }
    free_places();
    return REAL(mlock)(start, count);
}

/* To be called before what begins at `start` is given up: looks whether it was wiped. */
static void look_at(const void *start) {
    lock_places();
    for (int at = 0; at < 1024; at++) {
        if (locked[at].count == 0 || locked[at].start != start) continue;
        size_t zeros = 0;
        while (zeros < locked[at].count && locked[at].start[zeros] == 0) zeros++;
        zeros == locked[at].count ? report->wiped++ : report->unwiped++;
        locked[at].count = 0;
    }
    free_places();
}

int munlock(const void *start, size_t count) {
    look_at(start);
    return REAL(munlock)(start, count);
}

int munmap(void *start, size_t count) {
    look_at(start);
    return REAL(munmap)(start, count);
}

DIR *fdopendir(int file) {
    if (fails("fdopendir", READS, 0)) return NULL;
    return REAL(fdopendir)(file);
}

struct dirent *readdir(DIR *directory) {
    if (fails("readdir", READS, 0)) return NULL;
    return REAL(readdir)(directory);
}

/* Nothing else in the process waits this way. */
int epoll_create1(int flags) {
    report->managers++;
    return REAL(epoll_create1)(flags);
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
