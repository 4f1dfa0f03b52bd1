/* The flaky test of the mailing list, rebuilt without BPF: a reader asks 100 times without blocking for a byte that a
 * writer has sent and that a kworker has to deliver. The byte goes through a pseudo-terminal: write(2) to the master queues
 * flush_to_ldisc, a kworker hands the byte to the slave. After the 100 tries the reader waits with poll(2).
 *
 * case ROUNDS: prints how many rounds failed; exit status 1 where one did. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void writer(int go, int master) {
  char byte;
  prctl(PR_SET_NAME, "case-writer");
  while (read(go, &byte, 1) == 1)
    if (write(master, &byte, 1) != 1) _exit(1);
  _exit(0);
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 20;
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) || unlockpt(master)) return 2;
  int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK);
  struct termios raw;
  if (slave < 0 || tcgetattr(slave, &raw)) return 2;
  cfmakeraw(&raw);
  tcsetattr(slave, TCSANOW, &raw);
  int go[2];
  if (pipe(go)) return 2;
  pid_t child = fork();
  if (child == 0) {
    close(go[1]);
    close(slave);
    writer(go[0], master);
  }
  close(go[0]);
  int failed = 0;
  for (int round = 0; round < rounds; round++) {
    char byte = 'x';
    if (write(go[1], &byte, 1) != 1) return 2;
    ssize_t got = -1;
    for (int try = 0; try < 100 && got < 0; try++) got = read(slave, &byte, 1);
    if (got < 0) {
      failed++;
      struct pollfd ready = {.fd = slave, .events = POLLIN};
      if (poll(&ready, 1, 2000) != 1 || read(slave, &byte, 1) != 1) return 2;
    }
    usleep(3000);
  }
  /* Nobody will ever write: this must be called a timeout, not a late wake-up. */
  fd_set none;
  FD_ZERO(&none);
  FD_SET(slave, &none);
  struct timeval limit = {.tv_usec = 20000};
  select(slave + 1, &none, NULL, NULL, &limit);
  close(go[1]);
  waitpid(child, NULL, 0);
  printf("%d of %d rounds found nothing in 100 tries\n", failed, rounds);
  return failed > 0;
}
