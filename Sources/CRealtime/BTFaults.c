#define _GNU_SOURCE
#include "BTFaults.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <sys/ioctl.h>
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
  if (limit.rlim_max < 65536) {
    // The hard limit follows the machine's memory; root may raise it.
    struct rlimit raised = {65536, 65536};
    if (!setrlimit(RLIMIT_SIGPENDING, &raised)) return;
  }
  setrlimit(RLIMIT_SIGPENDING, &limit);
}

int bt_page_faults(void)
{
  int descriptor = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return -1;
  struct uffdio_api api = {
      .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_THREAD_ID};
  if (!ioctl(descriptor, UFFDIO_API, &api)) return descriptor;
  int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}

int bt_page_faults_register(int descriptor, uintptr_t start, size_t length)
{
  struct uffdio_register request = {
      .range = {start, length}, .mode = UFFDIO_REGISTER_MODE_WP};
  return ioctl(descriptor, UFFDIO_REGISTER, &request);
}

int bt_page_faults_protect(int descriptor, uintptr_t start, size_t length, int on)
{
  struct uffdio_writeprotect request = {
      .range = {start, length}, .mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0};
  return ioctl(descriptor, UFFDIO_WRITEPROTECT, &request);
}

int bt_page_faults_taken(int descriptor)
{
  struct uffd_msg message;
  if (read(descriptor, &message, sizeof message) != (ssize_t)sizeof message) return 0;
  return message.event == UFFD_EVENT_PAGEFAULT ? (int)message.arg.pagefault.feat.ptid : 0;
}
