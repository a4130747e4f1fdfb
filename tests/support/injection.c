// A library to preload: makes the system refuse memory, or a thread, at a chosen moment (injection.py).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_long allocations = 0, refused_allocation = -1, threads = 0, first_refused_thread = -1;

// Refuses allocation number k, counted from now on; −1: none.
void refuse_allocation(long k) { allocations = 0, refused_allocation = k; }
long allocation_count(void) { return allocations; }

// Refuses thread number k and all later ones, counted from now on; −1: none.
void refuse_threads_from(long k) { threads = 0, first_refused_thread = k; }
long thread_count(void) { return threads; }

// The engine allocates its arrays with this function, and nothing else in the process does.
void *aligned_alloc(size_t alignment, size_t bytes) {
  static void *(*real)(size_t, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "aligned_alloc");
  return atomic_fetch_add(&allocations, 1) == refused_allocation ? NULL : real(alignment, bytes);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  if (!real) real = dlsym(RTLD_NEXT, "pthread_create");
  const long k = atomic_fetch_add(&threads, 1), first = first_refused_thread;
  return first >= 0 && k >= first ? EAGAIN : real(thread, attributes, run, argument);
}
