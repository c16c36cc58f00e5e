// A wall clock that can be set, for the process that this library is preloaded into. The file that FAKE_CLOCK_FILE names
// holds how many seconds it is off. The monotonic clock stays as it is, as when an administrator or NTP sets the time.
//
// libfaketime does more, but it changes the environment before main, where Swift's runtime on Linux looks for the arguments
// of the command line (they stand before the environment in memory): the program then has none.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static time_t real_seconds(clockid_t clock) {
    struct timespec now;
    syscall(SYS_clock_gettime, clock, &now);
    return now.tv_sec;
}

/// How many seconds the clock is off; the file is read every second.
static time_t offset(void) {
    static _Atomic time_t value, read_at = -1;
    time_t now = real_seconds(CLOCK_MONOTONIC);
    if (atomic_exchange(&read_at, now) == now) return value;
    const char *path = getenv("FAKE_CLOCK_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return value;
    char text[32] = {0};
    if (read(file, text, sizeof text - 1) > 0) value = atol(text);
    close(file);
    return value;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += offset();
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    time_t now = real_seconds(CLOCK_REALTIME) + offset();
    if (out) *out = now;
    return now;
}

int timespec_get(struct timespec *time, int base) {
    clock_gettime(CLOCK_REALTIME, time);
    return base;
}

/// A deadline by the process's wall clock as one by the machine's; one by the monotonic clock, which counts from the start of
/// the machine, stays.
static struct timespec real_deadline(const struct timespec *deadline) {
    struct timespec real = *deadline;
    if (real.tv_sec > 1000000000) real.tv_sec -= offset();
    return real;
}

int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict deadline) {
    struct timespec real = real_deadline(deadline);
    int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *) =
        dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    return next(condition, mutex, &real);
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict deadline) {
    struct timespec real = real_deadline(deadline);
    int (*next)(cnd_t *, mtx_t *, const struct timespec *) = dlsym(RTLD_NEXT, "cnd_timedwait");
    return next(condition, mutex, &real);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline) {
    struct timespec real = real_deadline(deadline);
    int (*next)(sem_t *, const struct timespec *) = dlsym(RTLD_NEXT, "sem_timedwait");
    return next(semaphore, &real);
}
