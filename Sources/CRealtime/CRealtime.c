#define _GNU_SOURCE
#include "CRealtime.h"

#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#define NSEC_PER_SEC 1000000000

/// A real-time signal that programs rarely use; the highest one is valgrind's own.
#define STOP_SIGNAL (SIGRTMAX - 2)

static struct timespec span(int64_t nanoseconds) {
  return (struct timespec){
      .tv_sec = nanoseconds / NSEC_PER_SEC, .tv_nsec = nanoseconds % NSEC_PER_SEC};
}

int bt_wait_alarm(const void *stop) {
  sigset_t set;
  siginfo_t info;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  sigaddset(&set, STOP_SIGNAL);
  for (;;) {
    if (__atomic_load_n((const uint32_t *)stop, __ATOMIC_RELAXED)) return EINTR;
    int got = syscall(SYS_rt_sigtimedwait, &set, &info, (void *)0, _NSIG / 8);
    if (got == SIGALRM) return 0;
    if (got < 0 && errno != EINTR) return errno;
  }
}

int bt_timer_overrun(intptr_t timer) {
  int count = timer_getoverrun((timer_t)timer);
  return count < 0 ? 0 : count;
}

void bt_eventfd_signal(int fd) {
  uint64_t one = 1;
  if (fd >= 0) syscall(SYS_write, fd, &one, sizeof one);
}

int bt_getcpu(void) {
  int cpu = sched_getcpu();
  return cpu < 0 ? 0 : cpu;
}

struct bt_usage bt_thread_usage(void) {
  struct rusage usage = {0};
  getrusage(RUSAGE_THREAD, &usage);
  return (struct bt_usage){
      .minor_faults = usage.ru_minflt,
      .major_faults = usage.ru_majflt,
      .voluntary_switches = usage.ru_nvcsw,
      .involuntary_switches = usage.ru_nivcsw};
}

int bt_gettid(void) { return (int)syscall(SYS_gettid); }

int bt_thread_start(
    pthread_t *thread, size_t stack, int cpu, void *(*body)(void *), void *argument) {
  pthread_attr_t attributes;
  sigset_t all, old;
  int error = pthread_attr_init(&attributes);
  if (error) return error;
  error = pthread_attr_setstacksize(&attributes, stack);
  if (!error && cpu >= 0) {
    cpu_set_t *set = CPU_ALLOC(cpu + 1);
    if (set) {
      CPU_ZERO_S(CPU_ALLOC_SIZE(cpu + 1), set);
      CPU_SET_S(cpu, CPU_ALLOC_SIZE(cpu + 1), set);
      error = pthread_attr_setaffinity_np(&attributes, CPU_ALLOC_SIZE(cpu + 1), set);
      CPU_FREE(set);
    } else {
      error = ENOMEM;
    }
  }
  if (!error) {
    // The thread inherits the mask of its creator, so no signal can slip in before it sets its own.
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(thread, &attributes, body, argument);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
  }
  pthread_attr_destroy(&attributes);
  return error;
}

void bt_touch_stack(size_t bytes) {
  volatile unsigned char *page = __builtin_alloca(bytes);
  for (size_t offset = 0; offset < bytes; offset += 1024) page[offset] = 0;
}

int bt_set_affinity(const int *cpus, size_t count) {
  int highest = 0;
  for (size_t i = 0; i < count; i++) {
    if (cpus[i] < 0) return EINVAL;
    if (cpus[i] > highest) highest = cpus[i];
  }
  size_t size = CPU_ALLOC_SIZE(highest + 1);
  cpu_set_t *set = CPU_ALLOC(highest + 1);
  if (!set) return ENOMEM;
  CPU_ZERO_S(size, set);
  for (size_t i = 0; i < count; i++) CPU_SET_S(cpus[i], size, set);
  int error = sched_setaffinity(0, size, set) ? errno : 0;
  CPU_FREE(set);
  return error;
}

long bt_get_affinity(int *cpus, size_t capacity) {
  // The kernel refuses a set smaller than its own (EINVAL), and does not report the size.
  for (int number = 1024; number <= 1 << 20; number *= 4) {
    size_t size = CPU_ALLOC_SIZE(number);
    cpu_set_t *set = CPU_ALLOC(number);
    if (!set) return -ENOMEM;
    CPU_ZERO_S(size, set);
    int error = sched_getaffinity(0, size, set) ? errno : 0;
    size_t found = 0;
    if (!error) {
      for (int cpu = 0; cpu < number && found < capacity; cpu++)
        if (CPU_ISSET_S(cpu, size, set)) cpus[found++] = cpu;
    }
    CPU_FREE(set);
    if (!error) return (long)found;
    if (error != EINVAL) return -error;
  }
  return -EINVAL;
}

int bt_set_scheduler(int policy, int priority) {
  struct sched_param parameters = {.sched_priority = priority};
  if (sched_setscheduler(0, policy, &parameters) == 0) return 0;
  int error = errno;
  struct rlimit limit;
  if (error != EPERM || priority <= 0 || getrlimit(RLIMIT_RTPRIO, &limit) ||
      limit.rlim_cur >= (rlim_t)priority || limit.rlim_max < (rlim_t)priority)
    return error;
  limit.rlim_cur = (rlim_t)priority;
  if (setrlimit(RLIMIT_RTPRIO, &limit)) return error;
  return sched_setscheduler(0, policy, &parameters) == 0 ? 0 : errno;
}

int bt_get_scheduler(int *policy, int *priority) {
  struct sched_param parameters;
  int got = sched_getscheduler(0);
  if (got < 0 || sched_getparam(0, &parameters)) return errno;
  *policy = got;
  *priority = parameters.sched_priority;
  return 0;
}

int bt_set_name(const char *name) { return prctl(PR_SET_NAME, name) ? errno : 0; }

int bt_set_timer_slack(unsigned long nanoseconds) {
  return prctl(PR_SET_TIMERSLACK, nanoseconds) ? errno : 0;
}

int bt_prefer_node(int node) {
  enum { preferred = 1, nodes = 1024, bits = 8 * sizeof(unsigned long) };
  unsigned long mask[nodes / bits] = {0};
  if (node >= nodes) return EINVAL;
  if (node >= 0) mask[node / bits] |= 1UL << node % bits;
  long done = node < 0 ? syscall(SYS_set_mempolicy, 0, NULL, 0)
                       : syscall(SYS_set_mempolicy, preferred, mask, nodes);
  return done < 0 ? errno : 0;
}

int bt_lock_memory(void) { return mlockall(MCL_CURRENT | MCL_FUTURE) ? errno : 0; }

void bt_unlock_memory(void) { munlockall(); }

int bt_signals_open(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int bt_signals_take(int fd) {
  struct signalfd_siginfo info;
  return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

int bt_eventfd(void) {
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

void bt_eventfd_clear(int fd) {
  uint64_t count;
  if (read(fd, &count, sizeof count) < 0) return;
}

void bt_futex_wait(const void *word, uint32_t value, int64_t nanoseconds) {
  struct timespec limit = span(nanoseconds);
  syscall(
      SYS_futex, word, FUTEX_WAIT_PRIVATE, value, nanoseconds > 0 ? &limit : NULL, NULL, 0);
}

void bt_futex_wake(const void *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

static void on_stop(int number, siginfo_t *info, void *context) {
  (void)number;
  (void)context;
  // Only this process knows the address; a signal from elsewhere must not choose what is written.
  if (info->si_code != SI_QUEUE || info->si_pid != getpid()) return;
  struct timespec *buffer = info->si_value.sival_ptr;
  buffer->tv_sec = 0;
  buffer->tv_nsec = 0;
}

int bt_install_stop_handler(void) {
  struct sigaction action = {.sa_sigaction = on_stop, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  return sigaction(STOP_SIGNAL, &action, NULL) ? errno : 0;
}

void bt_unblock_stop(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, STOP_SIGNAL);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void bt_stop_thread(pthread_t thread, struct timespec *buffer) {
  pthread_sigqueue(thread, STOP_SIGNAL, (union sigval){.sival_ptr = buffer});
}

int bt_timer_create(clockid_t clock, intptr_t *timer) {
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
  event._sigev_un._tid = bt_gettid();
  timer_t made;
  if (timer_create(clock, &event, &made)) return errno;
  *timer = (intptr_t)made;
  return 0;
}

int bt_timer_start(intptr_t timer, int flags, int64_t first, int64_t interval) {
  struct itimerspec times = {.it_value = span(first), .it_interval = span(interval)};
  return timer_settime((timer_t)timer, flags, &times, NULL) ? errno : 0;
}

void bt_timer_delete(intptr_t timer) { timer_delete((timer_t)timer); }

static struct timeval microspan(int64_t nanoseconds) {
  return (struct timeval){
      .tv_sec = nanoseconds / NSEC_PER_SEC, .tv_usec = nanoseconds % NSEC_PER_SEC / 1000};
}

int bt_itimer_start(int64_t first, int64_t interval) {
  struct itimerval times = {.it_value = microspan(first), .it_interval = microspan(interval)};
  return setitimer(ITIMER_REAL, &times, NULL) ? errno : 0;
}
