#define _GNU_SOURCE
#include "BTFaults.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// Numbers of the generic table, the same on every architecture; older headers lack them.
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#define BT_MADV_PAGEOUT 21

void bt_die_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

int bt_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

long bt_process_pageout(int pidfd, unsigned long start, size_t length)
{
  struct iovec range = {(void *)start, length};
  return syscall(SYS_process_madvise, pidfd, &range, 1UL, BT_MADV_PAGEOUT, 0U);
}

int bt_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

void bt_raise_pending_limit(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_SIGPENDING, &limit)) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_SIGPENDING, &limit);
}
