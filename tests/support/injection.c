// A library to preload: makes the system refuse memory or a thread, or send a signal, at a chosen moment (injection.py).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static atomic_long allocations = 0, refused_allocation = -1, threads = 0, first_refused_thread = -1;
static atomic_long requests = 0, refused_request = -1, polls = 0, signalled_poll = -1;
static atomic_size_t least_request = 0;
static atomic_int poll_signal = 0, is_counting_polls = 0;

// Refuses allocation number k of the engine, counted from now on; −1: none.
void refuse_allocation(long k) { allocations = 0, refused_allocation = k; }
long allocation_count(void) { return allocations; }

// Refuses request number k of at least so many bytes to the C library, counted from now on; −1: none.
void refuse_request(long k, size_t least) { requests = 0, least_request = least, refused_request = k; }
long request_count(void) { return requests; }

// Refuses thread number k and all later ones, counted from now on; −1: none.
void refuse_threads_from(long k) { threads = 0, first_refused_thread = k; }
long thread_count(void) { return threads; }

// Lets time run so fast for the engine that it polls whenever it can, and sends a signal at poll number k, counted from
// now on; k = −1: no signal. `number` 0 ends all this.
void signal_at_poll(long k, int number) { polls = 0, poll_signal = number, signalled_poll = k, is_counting_polls = number; }
long poll_count(void) { return polls; }

// The engine allocates its arrays with this function, and nothing else in the process does.
void *aligned_alloc(size_t alignment, size_t bytes) {
  REAL(aligned_alloc);
  return atomic_fetch_add(&allocations, 1) == refused_allocation ? NULL : real(alignment, bytes);
}

// NumPy's iterator allocates its buffers without the GIL, and then raises a MemoryError without it, which ends the
// process (npyiter_allocate_buffers in NumPy 2.4). It asks by PyMem_RawMalloc, which may only jump to malloc.
static int is_numpys_iterator(void *caller) {
  int (*has_gil)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "PyGILState_Check");
  Dl_info asks, python;
  return has_gil && !has_gil() && dladdr(caller, &asks) && dladdr((void *)has_gil, &python) &&
         (strstr(asks.dli_fname, "_multiarray_umath") || asks.dli_fbase == python.dli_fbase);
}

static int is_refused(size_t bytes, void *caller) {
  return bytes >= least_request && atomic_fetch_add(&requests, 1) == refused_request && !is_numpys_iterator(caller);
}

// Before these have been found, dlsym itself may ask for memory.
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
static void *(*real_malloc)(size_t) = __libc_malloc;
static void *(*real_calloc)(size_t, size_t) = __libc_calloc;
static void *(*real_realloc)(void *, size_t) = __libc_realloc;
__attribute__((constructor)) static void find_the_next(void) {
  void *found;
  if ((found = dlsym(RTLD_NEXT, "malloc"))) real_malloc = found;
  if ((found = dlsym(RTLD_NEXT, "calloc"))) real_calloc = found;
  if ((found = dlsym(RTLD_NEXT, "realloc"))) real_realloc = found;
}

static void *refusal(void) {
  errno = ENOMEM;
  return NULL;
}
void *malloc(size_t bytes) {
  return is_refused(bytes, __builtin_return_address(0)) ? refusal() : real_malloc(bytes);
}
void *calloc(size_t n, size_t bytes) {
  return is_refused(n * bytes, __builtin_return_address(0)) ? refusal() : real_calloc(n, bytes);
}
void *realloc(void *old, size_t bytes) {
  return is_refused(bytes, __builtin_return_address(0)) ? refusal() : real_realloc(old, bytes);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  REAL(pthread_create);
  const long k = atomic_fetch_add(&threads, 1), first = first_refused_thread;
  return first >= 0 && k >= first ? EAGAIN : real(thread, attributes, run, argument);
}

// The engine reads the clock through the C++ library, and Python does not.
int clock_gettime(clockid_t clock, struct timespec *now) {
  REAL(clock_gettime);
  const int result = real(clock, now);
  Dl_info caller;
  if (is_counting_polls && dladdr(__builtin_return_address(0), &caller) && strstr(caller.dli_fname, "libstdc++")) {
    const long k = atomic_fetch_add(&polls, 1);
    now->tv_sec += k;  // a second from call to call
    if (k == signalled_poll) raise(poll_signal);
  }
  return result;
}
