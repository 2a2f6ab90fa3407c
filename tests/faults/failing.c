/* Makes the n-th write, sync, rename, unlink or creation of a file below one folder fail.

   Loaded before libc (LD_PRELOAD), so that SQLite and FFmpeg meet the failure as Python does.
   Armed from Python with ctypes: see driver.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE, SYNC, RENAME, UNLINK, CREATE, TRUNCATE, KINDS };

static char folder[PATH_MAX];
static int armed = -1, left, error, lasting, hits;

void failing_arm(const char *below, int kind, int n, int number, int every) {
    strncpy(folder, below, sizeof folder - 1);
    armed = kind, left = n, error = number, lasting = every, hits = 0;
}

int failing_disarm(void) {
    armed = -1;
    return hits;
}

static int below(const char *path) {
    char absolute[PATH_MAX * 2];
    if (!path) return 0;
    if (path[0] != '/') {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here)) return 0;
        snprintf(absolute, sizeof absolute, "%s/%s", here, path);
        path = absolute;
    }
    return !strncmp(path, folder, strlen(folder));
}

static int open_below(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

static int fails(int kind, int here) {
    if (armed != kind || !here) return 0;
    if (left > 0) left--;
    if (left > 0 || (hits && !lasting)) return 0;
    hits++;
    errno = error;
    return 1;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (armed == WRITE && fails(WRITE, open_below(fd))) return -1;
    return real(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    if (armed == WRITE && fails(WRITE, open_below(fd))) return -1;
    return real(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (armed == WRITE && fails(WRITE, open_below(fd))) return -1;
    return real(fd, data, size, at);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    if (armed == WRITE && fails(WRITE, open_below(fd))) return -1;
    return real(fd, parts, count);
}
int fsync(int fd) {
    REAL(int, "fsync", int);
    if (armed == SYNC && fails(SYNC, open_below(fd))) return -1;
    return real(fd);
}
int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    if (armed == SYNC && fails(SYNC, open_below(fd))) return -1;
    return real(fd);
}
int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    if (armed == RENAME && fails(RENAME, below(to))) return -1;
    return real(from, to);
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    if (armed == RENAME && fails(RENAME, below(to))) return -1;
    return real(a, from, b, to);
}
int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    if (armed == UNLINK && fails(UNLINK, below(path))) return -1;
    return real(path);
}
int unlinkat(int fd, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int);
    if (armed == UNLINK && fails(UNLINK, below(path))) return -1;
    return real(fd, path, flags);
}
int ftruncate(int fd, off_t size) {
    REAL(int, "ftruncate", int, off_t);
    if (armed == TRUNCATE && fails(TRUNCATE, open_below(fd))) return -1;
    return real(fd, size);
}
int ftruncate64(int fd, off64_t size) {
    REAL(int, "ftruncate64", int, off64_t);
    if (armed == TRUNCATE && fails(TRUNCATE, open_below(fd))) return -1;
    return real(fd, size);
}
static int opened(const char *name, int fd, const char *path, int flags, mode_t mode) {
    REAL(int, "openat", int, const char *, int, ...);
    (void)name;
    if (armed == CREATE && (flags & O_CREAT) && access(path, F_OK) && fails(CREATE, below(path)))
        return -1;
    return real(fd, path, flags, mode);
}
#define MODE(flags) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
        va_list more; \
        va_start(more, flags); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    }
int open(const char *path, int flags, ...) {
    MODE(flags)
    return opened("open", AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags)
    return opened("open64", AT_FDCWD, path, flags, mode);
}
