// Tells the thread sanitizer when a `Mutex` of Swift changes hands.
//
// Its quick way is atomic operations in our own code, which the sanitizer sees. Where two threads
// want it at once, the library `Synchronization` of the toolchain goes on in the kernel, and that
// is built without the sanitizer: what lies between lock and unlock then looks like a race. The
// functions below stand in front of the three of that library; they do the same, and say so.
// `.ci/sanitize` links them into what it builds for the thread sanitizer, and nothing else does.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

// Of the sanitizer's runtime: what came before the release comes before what follows the acquire.
// Weak for the one library that is built beside, which programmes without that runtime load.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

// The symbols of `_MutexHandle._lockSlow(_:)`, `._tryLockSlow()` and `._unlockSlow()`.
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void sluice_mutex_lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool sluice_mutex_try_lock(SELF) __asm__(TRY_LOCK);
SWIFT void sluice_mutex_unlock(SELF) __asm__(UNLOCK);

// The library's own function; a toolchain that has none must not go unnoticed.
static void *original(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

SWIFT void sluice_mutex_lock(uint32_t thread, SELF) {
    SWIFT void (*lock)(uint32_t, SELF) = original(LOCK);
    lock(thread, self);
    __tsan_acquire(self);
}

SWIFT bool sluice_mutex_try_lock(SELF) {
    SWIFT bool (*try_lock)(SELF) = original(TRY_LOCK);
    bool has = try_lock(self);
    if (has) __tsan_acquire(self);
    return has;
}

SWIFT void sluice_mutex_unlock(SELF) {
    SWIFT void (*unlock)(SELF) = original(UNLOCK);
    __tsan_release(self);
    unlock(self);
}
