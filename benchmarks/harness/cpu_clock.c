// The steady clock of a process becomes its CPU time, for programs on a busy machine (cpu_clock.py).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t id) {
    struct timespec t;
    syscall(SYS_clock_gettime, id, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int clock_gettime(clockid_t id, struct timespec* t) {
    return (int)syscall(SYS_clock_gettime, id == CLOCK_MONOTONIC ? CLOCK_PROCESS_CPUTIME_ID : id, t);
}

// Waiting takes no CPU time, so a wait of Python with a time limit ends by the clock on the wall.
int sem_clockwait(sem_t* semaphore, clockid_t id, const struct timespec* end) {
    long long left = end->tv_sec * 1000000000LL + end->tv_nsec - now(CLOCK_PROCESS_CPUTIME_ID) + now(CLOCK_MONOTONIC);
    struct timespec on_wall = {left / 1000000000LL, left % 1000000000LL};
    int (*wait)(sem_t*, clockid_t, const struct timespec*) = dlsym(RTLD_NEXT, "sem_clockwait");
    return wait(semaphore, id, &on_wall);
}
