/* A disk that fails at the n-th write, fsync or rename below one folder, for whatever program it is preloaded into
   (LD_PRELOAD, Linux): SQLite's own calls as well as Python's. benchmarks/disk.py builds and arms it. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char folder[4096]; /* empty: not armed */
static long failing, error;
static int goes_on;
static atomic_long passed;

/* Fail operation `nth` (0: none) below `path` with errno `code`, and all later ones too if `rest`. */
void disk_arm(const char *path, long nth, int code, int rest)
{
    failing = nth, error = code, goes_on = rest, passed = 0;
    snprintf(folder, sizeof folder, "%s", path);
}

long disk_passed(void)
{
    return passed;
}

static int fails(const char *path)
{
    if (!folder[0] || strncmp(path, folder, strlen(folder)) != 0)
        return 0;
    long number = ++passed;
    if (!failing || number < failing || (number > failing && !goes_on))
        return 0;
    errno = (int)error;
    return 1;
}

static int descriptor_fails(int descriptor)
{
    char link[64], path[4096];
    if (!folder[0])
        return 0;
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length < 0)
        return 0;
    path[length] = 0;
    return fails(path);
}

#define ON_DESCRIPTOR(type, name, parameters, ...)                    \
    type name parameters                                              \
    {                                                                 \
        static type(*real) parameters;                                \
        if (!real)                                                    \
            real = (type(*) parameters)dlsym(RTLD_NEXT, #name);       \
        return descriptor_fails(descriptor) ? -1 : real(__VA_ARGS__); \
    }

ON_DESCRIPTOR(ssize_t, write, (int descriptor, const void *data, size_t size), descriptor, data, size)
ON_DESCRIPTOR(ssize_t, pwrite, (int descriptor, const void *data, size_t size, off_t at), descriptor, data, size, at)
ON_DESCRIPTOR(ssize_t, pwrite64, (int descriptor, const void *data, size_t size, off64_t at), descriptor, data, size, at)
ON_DESCRIPTOR(int, ftruncate, (int descriptor, off_t size), descriptor, size)
ON_DESCRIPTOR(int, ftruncate64, (int descriptor, off64_t size), descriptor, size)
ON_DESCRIPTOR(int, fsync, (int descriptor), descriptor)
ON_DESCRIPTOR(int, fdatasync, (int descriptor), descriptor)

int rename(const char *from, const char *to)
{
    static int (*real)(const char *, const char *);
    if (!real)
        real = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    return fails(to) ? -1 : real(from, to);
}
