#define _GNU_SOURCE
#include "BTSpawn.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t bt_spawn_waiting(char *const *arguments, int *gate) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -errno;
  pid_t child = fork();
  if (child < 0) {
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    return -error;
  }
  if (child == 0) {
    /* Only async-signal-safe calls until the exec. */
    char go;
    close(ends[0]);
    if (read(ends[1], &go, 1) != 1) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(arguments[0], arguments);
    int error = errno;
    if (write(ends[1], &error, sizeof error) < 0) _exit(126);
    _exit(127);
  }
  close(ends[1]);
  *gate = ends[0];
  return child;
}

int bt_spawn_release(int gate) {
  int error = 0;
  char go = 1;
  if (send(gate, &go, 1, MSG_NOSIGNAL) == 1) {
    ssize_t got;
    /* Closed by the exec: nothing to read. */
    do {
      got = read(gate, &error, sizeof error);
    } while (got < 0 && errno == EINTR);
    if (got != sizeof error) error = 0;
  }
  close(gate);
  return error;
}

int bt_pidfd(pid_t child) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, child, 0);
#else
  (void)child;
  return -1;
#endif
}
