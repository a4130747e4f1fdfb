// A library to preload: lets a system call of a save fail, by its number (injection.py).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static long calls = 0, failing_call = -1, length = 1;
static int failure = 0;
static char names[4096];

// Lets calls number k … k + n − 1, counted from now on, fail with an error; error 0: a write writes half. k = −1: none.
void fail_calls(long k, long n, int error) { calls = 0, failing_call = k, length = n, failure = error, names[0] = 0; }

// The names of the calls since then.
const char *call_names(void) { return names; }

static int fails(const char *name) {
  const long k = calls++;
  if (strlen(names) + strlen(name) + 2 < sizeof names) strcat(strcat(names, name), " ");
  return failing_call >= 0 && k >= failing_call && k < failing_call + length;
}

#define CALL(name, parameters, arguments)                                   \
  int name parameters {                                                     \
    static int(*real) parameters;                                           \
    if (!real) real = (int(*) parameters)dlsym(RTLD_NEXT, #name);           \
    if (fails(#name) && failure) return errno = failure, -1;                \
    return real arguments;                                                  \
  }

CALL(fsync, (int file), (file))
CALL(flock, (int file, int operation), (file, operation))
CALL(rename, (const char *from, const char *to), (from, to))
CALL(link, (const char *from, const char *to), (from, to))
CALL(unlink, (const char *path), (path))
CALL(chmod, (const char *path, mode_t mode), (path, mode))

// A file is closed even if close reports an error.
int close(int file) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "close");
  const int result = real(file);
  return fails("close") && failure ? (errno = failure, -1) : result;
}

ssize_t write(int file, const void *bytes, size_t count) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  if (!fails("write")) return real(file, bytes, count);
  if (failure && failure != ENOSPC) return errno = failure, -1;
  if (!failure || count > 1) return real(file, bytes, (count + 1) / 2);  // a disk is full in the middle of a write
  return errno = failure, -1;
}

#define OPEN(name)                                                                    \
  int name(const char *path, int flags, ...) {                                        \
    static int (*real)(const char *, int, ...);                                       \
    if (!real) real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name);       \
    va_list rest;                                                                     \
    va_start(rest, flags);                                                            \
    const mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;   \
    va_end(rest);                                                                     \
    if (fails("open") && failure) return errno = failure, -1;                         \
    return real(path, flags, mode);                                                   \
  }
OPEN(open)
OPEN(open64)
