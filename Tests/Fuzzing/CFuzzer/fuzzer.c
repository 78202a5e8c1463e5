#include "CFuzzer.h"

// libFuzzer's entry for programmes that have a main of their own; weak, so that a build without it
// links.
__attribute__((weak)) int LLVMFuzzerRunDriver(
    int *argc, char ***argv, int (*one)(const uint8_t *bytes, size_t count));

int sluice_fuzz_run(int argc, char **argv, int (*one)(const uint8_t *bytes, size_t count)) {
    if (!LLVMFuzzerRunDriver) return -1;
    return LLVMFuzzerRunDriver(&argc, &argv, one);
}
