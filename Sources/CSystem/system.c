#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include "CSystem.h"

#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

_Static_assert(sizeof(csystem_processors) == sizeof(cpu_set_t), "they are the same set");

int csystem_allowed_processors(csystem_processors *allowed) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
    memcpy(allowed, &set, sizeof set);
    return CPU_COUNT(&set);
}

int csystem_allow_processors(const csystem_processors *allowed) {
    return sched_setaffinity(0, sizeof(cpu_set_t), (const cpu_set_t *)allowed);
}

int csystem_processor(void) { return sched_getcpu(); }

int csystem_keep_to_processor(const csystem_processors *allowed, int first, unsigned turn) {
    cpu_set_t set, chosen;
    memcpy(&set, allowed, sizeof set);
    const unsigned count = (unsigned)CPU_COUNT(&set);
    if (count == 0) return -1;

    int place = first >= 0 && first < CPU_SETSIZE ? first : 0;
    for (unsigned left = turn % count;; place = (place + 1) % CPU_SETSIZE)
        if (CPU_ISSET(place, &set) && left-- == 0) break;
    CPU_ZERO(&chosen);
    CPU_SET(place, &chosen);
    return sched_setaffinity(0, sizeof chosen, &chosen);
}

/* A read lease is granted only on a file that nobody can write to. Who opens it in the moment of
   the lease makes the kernel send SIGIO, which would end the process. */
int csystem_is_being_written(int descriptor) {
    signal(SIGIO, SIG_IGN);
    if (fcntl(descriptor, F_SETLEASE, F_RDLCK) == 0) {
        fcntl(descriptor, F_SETLEASE, F_UNLCK);
        return 0;
    }
    return errno == EAGAIN ? 1 : -1;
}

int csystem_connect_datagrams(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (number < 0) return -1;
    if (connect(number, (struct sockaddr *)&address, sizeof address) == 0) return number;
    int failure = errno;
    close(number);
    errno = failure;
    return -1;
}
