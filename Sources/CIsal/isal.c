#include "CIsal.h"

#include <dlfcn.h>

/* Where the library's own code reads and writes these fields. */
_Static_assert(offsetof(cisal_state, block_state) == 0x52a8, "layout of libisal.so.2");
_Static_assert(offsetof(cisal_state, crc_flag) == 0x52b4, "layout of libisal.so.2");

int cisal_open(cisal_functions *functions) {
    void *library = dlopen("libisal.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library) return 0;
    *(void **)&functions->init = dlsym(library, "isal_inflate_init");
    *(void **)&functions->reset = dlsym(library, "isal_inflate_reset");
    *(void **)&functions->inflate = dlsym(library, "isal_inflate");
    return functions->init && functions->reset && functions->inflate;
}
