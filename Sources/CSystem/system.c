#define _GNU_SOURCE
#include "CSystem.h"

#include <sched.h>

int csystem_processor_count(void) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    int count = CPU_COUNT(&allowed);
    return count < 1 ? 1 : count;
}
