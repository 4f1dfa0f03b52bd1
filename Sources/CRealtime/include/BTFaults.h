// System calls of the injected faults, which Swift's Glibc lacks because syscall(2) and prctl(2) are variadic.
#ifndef BT_FAULTS_H
#define BT_FAULTS_H

#include <stddef.h>
#include <stdint.h>

/// prctl(PR_SET_PDEATHSIG, SIGKILL): the calling process ends with its parent.
void bt_die_with_parent(void);

/// pidfd_open(2); -1 and errno where it fails.
int bt_pidfd_open(int pid);

/// process_madvise(2) with MADV_PAGEOUT on one range of another process; -1 and errno where it fails.
long bt_process_pageout(int pidfd, unsigned long start, size_t length);

/// memfd_create(2), closed in children that execute something; -1 and errno where it fails.
int bt_memory_file(const char *_Nonnull name);

/// userfaultfd(2) that can protect pages of this process against writing, closed in children that execute something,
/// not waiting; -1 and errno where the kernel cannot (EINVAL: no such protection here).
int bt_page_faults(void);

/// Lets the descriptor of bt_page_faults() answer for the faults of whole pages; 0, or -1 and errno.
int bt_page_faults_register(int descriptor, uintptr_t start, size_t length);

/// Protects registered pages against writing, or (`on` 0) lets those go on that wait for them; 0, or -1 and errno.
int bt_page_faults_protect(int descriptor, uintptr_t start, size_t length, int on);

/// The thread that waits for a page since the last call, 0 where none does.
int bt_page_faults_taken(int descriptor);

/// Sets RLIMIT_SIGPENDING, which also limits timers, to 65536 or its hard limit, whichever is more and allowed.
void bt_raise_pending_limit(void);

#endif
