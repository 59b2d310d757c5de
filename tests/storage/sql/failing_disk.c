/* Loaded before the C library: makes fsync fail while the file that FAIL_WHILE names exists. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int fails(void) {
    const char *file = getenv("FAIL_WHILE");
    if (file == NULL || access(file, F_OK) != 0) return 0;
    errno = EIO;
    return 1;
}

static int call(const char *name, int file) {
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return next(file);
}

int fsync(int file) { return fails() ? -1 : call("fsync", file); }
int fdatasync(int file) { return fails() ? -1 : call("fdatasync", file); }
