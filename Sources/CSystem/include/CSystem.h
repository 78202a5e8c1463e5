/* System calls and constants that Swift cannot import: variadic functions and macros with casts. */
#ifndef SLUICE_CSYSTEM_H
#define SLUICE_CSYSTEM_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static inline int csystem_set_dumpable(int dumpable) {
    return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
}

static inline int csystem_dumpable(void) {
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

static inline int csystem_openat(int directory, const char *path, int flags, mode_t mode) {
    return openat(directory, path, flags, mode);
}

/* A second descriptor for the same open file, closed on exec and never 0, 1 or 2. */
static inline int csystem_duplicate(int descriptor) {
    return fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
}

static inline int csystem_is_open(int descriptor) {
    return fcntl(descriptor, F_GETFD) != -1;
}

/* `flock` is a structure and a function; Swift is told which one is meant. */
static inline int csystem_flock(int descriptor, int operation) {
    return flock(descriptor, operation);
}

/* 1 when somebody has the file open for writing, 0 when nobody has, -1 when the system does not
   say. */
int csystem_is_being_written(int descriptor);

static inline int csystem_forbid_core_dumps(void) {
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none);
}

/* Blocks of 128 KiB and more go back to the system when they are freed, always: by itself the C
   library of GNU keeps blocks as large as any that was freed before. 1 where it agreed. */
static inline int csystem_return_large_blocks(void) {
#ifdef M_MMAP_THRESHOLD
    return mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#else
    return 0;
#endif
}

/* Lets the process hold as many files open as it may allow itself; what it may hold then, or 0. */
static inline uint64_t csystem_raise_open_files(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
    rlim_t before = files.rlim_cur;
    files.rlim_cur = files.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : before;
}

/* Lets the process lock as much memory as it may allow itself. */
static inline int csystem_raise_locked_memory(void) {
    struct rlimit locked;
    if (getrlimit(RLIMIT_MEMLOCK, &locked) != 0) return -1;
    locked.rlim_cur = locked.rlim_max;
    return setrlimit(RLIMIT_MEMLOCK, &locked);
}

static inline uint64_t csystem_open_files(void) {
    struct rlimit files;
    return getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : 0;
}

/* An event that any number of threads can wait for with poll. */
static inline int csystem_make_event(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/* Raises the event; may be called inside a signal, and leaves errno as it was. */
static inline void csystem_raise_event(int event) {
    int before = errno;
    uint64_t one = 1;
    ssize_t ignored = write(event, &one, sizeof one);
    (void)ignored;
    errno = before;
}

/* The columns of the terminal behind the descriptor; 0 when there is none or it does not say. */
static inline int csystem_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* The record of a directory entry may be shorter than the structure, so only the name's address
   may be taken, never a copy of the structure. */
static inline const char *csystem_entry_name(const struct dirent *entry) {
    return entry->d_name;
}

/* A socket for datagrams that is connected to the one at `path`, or -1 with errno. */
int csystem_connect_datagrams(const char *path);

/* Tells the processor that a thread only waits for another one. */
static inline void csystem_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* A set of processors, a bit for each. */
typedef struct {
    uint64_t words[16];
} csystem_processors;

/* Which processors the calling thread may run on, and how many; 0 where there are more than the set
   has bits, or the system does not say. */
int csystem_allowed_processors(csystem_processors *allowed);

/* Lets the calling thread run on these processors only. 0, or -1. */
int csystem_allow_processors(const csystem_processors *allowed);

/* The processor on which the calling thread runs, or -1. */
int csystem_processor(void);

/* Lets the calling thread run on one of `allowed` only: the one `turn` places behind `first`, in a
   ring. 0, or -1. */
int csystem_keep_to_processor(const csystem_processors *allowed, int first, unsigned turn);

/* The version of the kernel's Landlock interface; -1 where there is none. */
int csystem_landlock_version(void);

/* A set of rules that forbids all access to files that the version knows, connections over TCP, and
   signals and abstract sockets of other processes; its descriptor, or -1. */
int csystem_landlock_create(int version);

/* Allows to list folders below `path`, with `reading` also to read files there, with `writing` to
   make, change and remove files and folders. Links are followed. 0, or -1 where there is nothing
   that a rule could be about. */
int csystem_landlock_allow(int rules, int version, const char *path, int reading, int writing);

/* Binds the calling thread, and those that it starts from now on, to the rules for good. */
int csystem_landlock_enforce(int rules);

/* Refuses the process new sockets, other programmes and the memory of other processes for good. */
int csystem_forbid_calls(void);

#endif
