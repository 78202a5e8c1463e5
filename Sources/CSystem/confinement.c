#define _GNU_SOURCE
#include "CSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library has no names for Landlock, and the headers of the system may be older than its
   kernel: numbers and bits are those of the kernel's documentation (userspace-api/landlock). */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { ASK_FOR_VERSION = 1, BENEATH_PATH = 1 };

#define RIGHT(bit) (UINT64_C(1) << (bit))
#define EXECUTE RIGHT(0)
#define WRITE_FILE RIGHT(1)
#define READ_FILE RIGHT(2)
#define READ_FOLDER RIGHT(3)
#define REMOVE_FOLDER RIGHT(4)
#define REMOVE_FILE RIGHT(5)
#define MAKE_FOLDER RIGHT(7)
#define MAKE_FILE RIGHT(8)
#define TRUNCATE RIGHT(14)
#define OF_FILES (WRITE_FILE | READ_FILE | TRUNCATE)

struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scoped;
};

struct beneath {
    uint64_t allowed;
    int32_t place;
} __attribute__((packed));

/* All that each version of the interface knows to forbid. */
static uint64_t file_rights(int version) {
    if (version >= 5) return RIGHT(16) - 1;
    if (version >= 3) return RIGHT(15) - 1;
    return version == 2 ? RIGHT(14) - 1 : RIGHT(13) - 1;
}

int csystem_landlock_version(void) {
    return (int)syscall(CREATE_RULESET, NULL, (size_t)0, ASK_FOR_VERSION);
}

int csystem_landlock_create(int version) {
    struct ruleset rules = {file_rights(version), 3, 3};
    size_t size = version >= 6 ? sizeof rules : version >= 4 ? 2 * sizeof(uint64_t)
                                                             : sizeof(uint64_t);
    return (int)syscall(CREATE_RULESET, &rules, size, 0);
}

int csystem_landlock_allow(int rules, int version, const char *path, int reading,
                           int writing) {
    int place = open(path, O_PATH | O_CLOEXEC);
    if (place < 0) return -1;
    uint64_t allowed = READ_FOLDER | (reading ? READ_FILE : 0);
    if (writing)
        allowed |= WRITE_FILE | TRUNCATE | REMOVE_FOLDER | REMOVE_FILE | MAKE_FOLDER | MAKE_FILE;
    struct stat status;
    if (fstat(place, &status) == 0 && !S_ISDIR(status.st_mode)) allowed &= OF_FILES;
    struct beneath rule = {allowed & file_rights(version), place};
    int result = (int)syscall(ADD_RULE, rules, BENEATH_PATH, &rule, 0);
    int failure = errno;
    close(place);
    errno = failure;
    return result;
}

int csystem_landlock_enforce(int rules) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return (int)syscall(RESTRICT_SELF, rules, 0);
}

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
/* Calls of the 32-bit-pointer interface have numbers from here on. */
#define NUMBERS_END 0x40000000
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#define NUMBERS_END UINT32_MAX
#endif

#ifdef OWN_ARCHITECTURE
/* Newer than the headers of some systems; the numbers are the same on every architecture. */
enum { IO_URING_SETUP = 425, PIDFD_GETFD = 438, PROCESS_MADVISE = 440 };

/* What nothing here needs: neither Sluice nor the libraries of Swift, SQLite, OpenSSL and C. */
static const uint32_t refused[] = {
    /* Connections. A ring of io_uring makes sockets without that call. */
    SYS_socket, IO_URING_SETUP,
    /* Other programmes; a key that is asked for makes the kernel start one. */
    SYS_execve, SYS_execveat, SYS_add_key, SYS_request_key, SYS_keyctl,
    /* What is in the memory of other processes, or in that of the kernel: as a debugger, by
       descriptors of theirs, by segments that they share, and by what watches them. */
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, PROCESS_MADVISE, PIDFD_GETFD,
    SYS_shmget, SYS_shmat, SYS_kcmp, SYS_perf_event_open, SYS_bpf, SYS_userfaultfd,
};

/* Where the parts of the filter stand. */
enum {
    REFUSED = sizeof refused / sizeof refused[0],
    FIRST_CALL = 4,
    ALLOW = FIRST_CALL + REFUSED,
    REFUSE,
    LENGTH,
};

/* At `place`: jumps to the refusal where the word compares so, or else goes on. */
#define REFUSE_IF(place, comparison, word) \
    BPF_JUMP(BPF_JMP | BPF_##comparison | BPF_K, word, REFUSE - (place) - 1, 0)

int csystem_forbid_calls(void) {
    struct sock_filter program[LENGTH] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 0, REFUSE - 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        REFUSE_IF(3, JGE, NUMBERS_END),
        [ALLOW] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        [REFUSE] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    for (unsigned at = 0; at < REFUSED; at++)
        program[FIRST_CALL + at] =
            (struct sock_filter)REFUSE_IF(FIRST_CALL + at, JEQ, refused[at]);
    struct sock_fprog filter = {LENGTH, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    /* Some kernels slow a filtered process down, as a guard against code that it did not write. */
    unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}
#else
int csystem_forbid_calls(void) {
    errno = ENOSYS;
    return -1;
}
#endif
