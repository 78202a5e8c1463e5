#include "CZstd.h"

#include <dlfcn.h>

int czstd_open(czstd_functions *functions) {
    void *library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) return 0;
    *(void **)&functions->create = dlsym(library, "ZSTD_createDStream");
    *(void **)&functions->release = dlsym(library, "ZSTD_freeDStream");
    *(void **)&functions->decompress = dlsym(library, "ZSTD_decompressStream");
    *(void **)&functions->is_error = dlsym(library, "ZSTD_isError");
    return functions->create && functions->release && functions->decompress
        && functions->is_error;
}
