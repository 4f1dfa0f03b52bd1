// System calls of the injected faults, which Swift's Glibc lacks because syscall(2) and prctl(2) are variadic.
#ifndef BT_FAULTS_H
#define BT_FAULTS_H

#include <stddef.h>

/// prctl(PR_SET_PDEATHSIG, SIGKILL): the calling process ends with its parent.
void bt_die_with_parent(void);

/// pidfd_open(2); -1 and errno where it fails.
int bt_pidfd_open(int pid);

/// process_madvise(2) with MADV_PAGEOUT on one range of another process; -1 and errno where it fails.
long bt_process_pageout(int pidfd, unsigned long start, size_t length);

/// memfd_create(2), closed in children that execute something; -1 and errno where it fails.
int bt_memory_file(const char *_Nonnull name);

/// Sets RLIMIT_SIGPENDING, which also limits timers, to its hard limit.
void bt_raise_pending_limit(void);

#endif
