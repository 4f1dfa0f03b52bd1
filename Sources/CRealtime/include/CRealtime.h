/// C that Swift's Glibc lacks: scheduling, affinity, waiting, futexes, and what the measuring loop calls.
///
/// Functions marked BT_RT may be called by the measuring loop; the comment at each says why it is
/// safe there. The Swift compiler checks the loop against the marks (@_noAllocation, @_noLocks).
#ifndef BT_REALTIME_H
#define BT_REALTIME_H

#include "BTFaults.h"
#include "BTSpawn.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

/// Neither allocates nor takes a lock in user space.
#define BT_RT __attribute__((swift_attr("@_noAllocation"), swift_attr("@_noLocks")))

// MARK: called in the loop

/// A system call in the caller's own code: its result, or a negative errno.
///
/// syscall(3) would do the same from a separate page, which is cold after each wait: on a virtual machine the walk
/// through two levels of page tables costs a sizeable part of a us.
/// RT-safe: one instruction.
BT_RT static inline long bt_syscall(long number, long first, long second, long third, long fourth) {
#if defined(__x86_64__)
  register long last __asm__("r10") = fourth;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(first), "S"(second), "d"(third), "r"(last)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long call __asm__("x8") = number;
  register long a __asm__("x0") = first;
  register long b __asm__("x1") = second;
  register long c __asm__("x2") = third;
  register long d __asm__("x3") = fourth;
  __asm__ volatile("svc 0" : "+r"(a) : "r"(call), "r"(b), "r"(c), "r"(d) : "memory");
  return a;
#else
  long result = syscall(number, first, second, third, fourth);
  return result < 0 ? -errno : result;
#endif
}

/// clock_gettime(2) in ns.
///
/// RT-safe: the vDSO reads a page shared with the kernel; without a vDSO it is a plain system call.
BT_RT static inline int64_t bt_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Sleeps for (`flags` 0) or until (`TIMER_ABSTIME`) `time` ns with clock_nanosleep(2); 0 or an errno.
///
/// `buffer` holds the time that the kernel reads, `stop` ends the wait before it begins. The order
/// buffer, stop, call makes bt_stop_thread() race-free: its handler either comes before the look at
/// `stop`, or finds the kernel asleep, or zeroes the buffer in between.
/// RT-safe: a bare system call; glibc's own wrapper would switch cancellation on and off.
BT_RT static inline int bt_sleep(
    clockid_t clock, int flags, int64_t time, struct timespec *_Nonnull buffer,
    const void *_Nonnull stop) {
  buffer->tv_sec = (uint64_t)time / 1000000000;
  buffer->tv_nsec = (uint64_t)time % 1000000000;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  if (__atomic_load_n((const uint32_t *)stop, __ATOMIC_RELAXED)) return EINTR;
  return (int)-bt_syscall(SYS_clock_nanosleep, clock, flags, (long)buffer, 0);
}

/// Waits for SIGALRM or the stop signal, both blocked; 0, or EINTR when it is to stop.
///
/// RT-safe: one system call (rt_sigtimedwait) on a set on the stack.
BT_RT int bt_wait_alarm(const void *_Nonnull stop);

/// timer_getoverrun(2), 0 where it fails.
///
/// RT-safe: one system call; glibc only translates the handle.
BT_RT int bt_timer_overrun(intptr_t timer);

/// write(2), without errno: the bytes written or a negative errno.
///
/// RT-safe: a bare system call, which no cancellation point and no stdio buffer surrounds.
BT_RT static inline long bt_write(int fd, const void *_Nonnull bytes, size_t count) {
  return bt_syscall(SYS_write, fd, (long)bytes, (long)count, 0);
}

/// Asks for the cache line at `address`, to be written soon.
///
/// RT-safe: one instruction that never faults.
BT_RT static inline void bt_prefetch(const void *_Nonnull address) {
  __builtin_prefetch(address, 1);
}

/// Adds 1 to an eventfd(2); a descriptor below 0 is left out.
///
/// RT-safe: a bare system call on a descriptor that never blocks (the counter is far from its limit).
BT_RT void bt_eventfd_signal(int fd);

/// What sched_getcpu(3) says, 0 where the kernel does not report it.
///
/// RT-safe: rseq or the vDSO.
BT_RT int bt_getcpu(void);

/// The CPU the caller runs on, 0 where the kernel does not report it.
///
/// RT-safe: reads the thread's rseq area (rseq(2)); where glibc has not registered one, getcpu through the vDSO.
BT_RT static inline int bt_cpu(void) {
#ifdef RSEQ_SIG
  if (__rseq_size != 0) {
    const struct rseq *area =
        (const struct rseq *)((const char *)__builtin_thread_pointer() + __rseq_offset);
    int known = (int)__atomic_load_n(&area->cpu_id, __ATOMIC_RELAXED);
    if (known >= 0) return known;
  }
#endif
  return bt_getcpu();
}

/// Page faults and context switches of a thread.
struct bt_usage {
  int64_t minor_faults;
  int64_t major_faults;
  int64_t voluntary_switches;
  int64_t involuntary_switches;
};

/// getrusage(RUSAGE_THREAD) of the caller.
///
/// RT-safe: one system call, the result on the stack.
BT_RT struct bt_usage bt_thread_usage(void);

/// timer_settime(2): first expiry at (TIMER_ABSTIME) or after (0) `first`, then each `interval` ns; 0 or an errno.
///
/// RT-safe: one system call; glibc only translates the handle.
BT_RT int bt_timer_start(intptr_t timer, int flags, int64_t first, int64_t interval);

/// setitimer(ITIMER_REAL) in ns, rounded to whole us; 0 and 0 stop it. 0 or an errno.
///
/// RT-safe: one system call.
BT_RT int bt_itimer_start(int64_t first, int64_t interval);

// MARK: around the loop

/// gettid(2).
int bt_gettid(void);

/// Starts a joinable thread with a stack of `stack` bytes and all signals blocked, on `cpu` alone unless that is
/// negative; 0 or an errno.
int bt_thread_start(
    pthread_t *_Nonnull thread, size_t stack, int cpu,
    void *_Nullable (*_Nonnull body)(void *_Nullable), void *_Nullable argument);

/// Writes to each page of the next `bytes` of the caller's stack.
void bt_touch_stack(size_t bytes);

/// Pins the calling thread with sched_setaffinity(2); 0 or an errno. Any CPU number is allowed.
int bt_set_affinity(const int *_Nonnull cpus, size_t count);

/// The calling thread's CPUs, ascending, as many as fit; their number or a negative errno.
long bt_get_affinity(int *_Nonnull cpus, size_t capacity);

/// sched_setscheduler(2) of the calling thread, with RLIMIT_RTPRIO's soft limit raised where that
/// is what refuses it; 0 or an errno.
int bt_set_scheduler(int policy, int priority);

/// Reads the calling thread's policy and priority back; 0 or an errno.
int bt_get_scheduler(int *_Nonnull policy, int *_Nonnull priority);

/// prctl(PR_SET_NAME) of the calling thread, cut to 15 bytes; 0 or an errno.
int bt_set_name(const char *_Nonnull name);

/// prctl(PR_SET_TIMERSLACK) of the calling thread in ns; 0 or an errno.
int bt_set_timer_slack(unsigned long nanoseconds);

/// set_mempolicy(MPOL_PREFERRED) of the calling thread, below 0 its default policy; 0 or an errno.
///
/// The system call itself instead of libnuma, which a static executable cannot load.
int bt_prefer_node(int node);

/// mlockall(MCL_CURRENT | MCL_FUTURE); 0 or an errno.
int bt_lock_memory(void);

/// munlockall(2).
void bt_unlock_memory(void);

/// eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); the descriptor or a negative errno.
int bt_eventfd(void);

/// A descriptor that is readable while SIGINT, SIGTERM or SIGHUP is pending, without waiting (signalfd(2)); or a negative
/// errno. The signals must be blocked.
int bt_signals_open(void);

/// Takes the next of these signals; 0 where none is pending.
int bt_signals_take(int fd);

/// Takes an eventfd's count back to 0.
void bt_eventfd_clear(int fd);

/// Waits while the word is `value`, at most `nanoseconds` (0: without end); FUTEX_WAIT.
void bt_futex_wait(const void *_Nonnull word, uint32_t value, int64_t nanoseconds);

/// Wakes every thread that waits for the word; FUTEX_WAKE.
void bt_futex_wake(const void *_Nonnull word);

/// Installs the handler of the stop signal (SIGRTMAX - 2); 0 or an errno.
///
/// It stays installed: taking it away while another engine may still send the signal would kill
/// the process.
int bt_install_stop_handler(void);

/// Lets the calling thread receive the stop signal.
void bt_unblock_stop(void);

/// Ends the thread's wait: interrupts its system call and zeroes the time that it sleeps for.
void bt_stop_thread(pthread_t thread, struct timespec *_Nonnull buffer);

/// timer_create(2) with SIGALRM to the calling thread; 0 or an errno.
///
/// Timers are numbers here: glibc's first timer_t is the null pointer, which Swift takes for nil.
int bt_timer_create(clockid_t clock, intptr_t *_Nonnull timer);

/// timer_delete(2).
void bt_timer_delete(intptr_t timer);

#endif
