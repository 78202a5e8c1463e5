#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include "CSystem.h"

#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int csystem_processor_count(void) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    int count = CPU_COUNT(&allowed);
    return count < 1 ? 1 : count;
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
