/* The flaky test of a mailing list, rebuilt: a reader asks 100 times without blocking for a byte that a writer has sent and
 * that a kworker has to deliver, and waits with poll(2) when it got nothing. Where the kernel lets us, the byte is redirected
 * between two AF_UNIX socket pairs by a sockmap: write(2) queues sk_psock_backlog. Else it goes through a pseudo-terminal:
 * write(2) queues flush_to_ldisc, and the reader's read(2) waits for that itself.
 *
 * case ROUNDS [hog [pty]]: prints how many rounds failed; exit status 1 where one did. With "hog" each round comes while a
 * task of real-time priority takes every CPU for 14 ms, so that the kworker has to wait, wherever it is; reader and writer
 * have higher ones. Needs root. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static void become_fifo(int priority) {
  struct sched_param parameters = {.sched_priority = priority};
  if (sched_setscheduler(0, SCHED_FIFO, &parameters)) {
    perror("case: SCHED_FIFO");
    exit(2);
  }
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int bpf(int command, union bpf_attr *attributes) {
  return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static int put(int map, uint32_t key, int socket) {
  uint64_t value = (uint64_t)socket;
  union bpf_attr update = {
      .map_fd = (uint32_t)map, .key = (uintptr_t)&key, .value = (uintptr_t)&value};
  return bpf(BPF_MAP_UPDATE_ELEM, &update);
}

/* What is written to *in comes out of *out through a sockmap; -1 where that cannot be had. */
static int open_sockmap(int *in, int *out) {
  union bpf_attr create = {
      .map_type = BPF_MAP_TYPE_SOCKMAP, .key_size = 4, .value_size = 8, .max_entries = 2};
  int map = bpf(BPF_MAP_CREATE, &create);
  if (map < 0) return -1;
  /* return bpf_sk_redirect_map(skb, map, 0, BPF_F_INGRESS); */
  struct bpf_insn program[] = {
      {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 2, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map},
      {.code = 0},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 0},
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 4, .imm = BPF_F_INGRESS},
      {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_sk_redirect_map},
      {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr load = {
      .prog_type = BPF_PROG_TYPE_SK_SKB, .insn_cnt = sizeof program / sizeof *program,
      .insns = (uintptr_t)program, .license = (uintptr_t)"GPL",
      .expected_attach_type = BPF_SK_SKB_VERDICT};
  int loaded = bpf(BPF_PROG_LOAD, &load);
  if (loaded < 0) return -1;
  union bpf_attr attach = {.target_fd = (uint32_t)map, .attach_bpf_fd = (uint32_t)loaded,
                           .attach_type = BPF_SK_SKB_VERDICT};
  if (bpf(BPF_PROG_ATTACH, &attach)) return -1;
  int reading[2], writing[2];
  if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, reading)) return -1;
  if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, writing)) return -1;
  if (put(map, 0, reading[1]) || put(map, 1, writing[1])) return -1;
  *in = writing[0];
  *out = reading[1];
  return 0;
}

static int open_terminal(int *in, int *out) {
  struct termios raw;
  *in = posix_openpt(O_RDWR | O_NOCTTY);
  if (*in < 0 || grantpt(*in) || unlockpt(*in)) return -1;
  *out = open(ptsname(*in), O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (*out < 0 || tcgetattr(*out, &raw)) return -1;
  cfmakeraw(&raw);
  return tcsetattr(*out, TCSANOW, &raw);
}

/* Takes its CPU for 14 ms for each byte. */
static void hog(int go, int cpu) {
  cpu_set_t one;
  char byte;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  sched_setaffinity(0, sizeof one, &one);
  prctl(PR_SET_NAME, "case-hog");
  become_fifo(50);
  while (read(go, &byte, 1) == 1)
    for (long long end = now() + 14000000; now() < end;) {
    }
  _exit(0);
}

static void writer(int go, int in) {
  char byte;
  prctl(PR_SET_NAME, "case-writer");
  while (read(go, &byte, 1) == 1)
    if (write(in, &byte, 1) != 1) _exit(1);
  _exit(0);
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 20;
  int cpus = argc > 2 && !strcmp(argv[2], "hog") ? (int)sysconf(_SC_NPROCESSORS_ONLN) : 0;
  int wants_terminal = argc > 3 && !strcmp(argv[3], "pty");
  int hogs[64][2], go[2], in, out;
  const char *way = "sockmap";
  if (cpus > 64) cpus = 64;
  if (wants_terminal || open_sockmap(&in, &out)) {
    way = "pty";
    if (open_terminal(&in, &out)) {
      perror("case: pty");
      return 2;
    }
  }
  if (pipe(go)) return 2;
  if (fork() == 0) {
    close(go[1]);
    close(out);
    if (cpus > 0) become_fifo(61);
    writer(go[0], in);
  }
  close(go[0]);
  for (int cpu = 0; cpu < cpus; cpu++) {
    if (pipe(hogs[cpu])) return 2;
    if (fork() == 0) {
      /* The ends that would keep the others from seeing the end. */
      for (int other = 0; other <= cpu; other++) close(hogs[other][1]);
      close(go[1]);
      hog(hogs[cpu][0], cpu);
    }
    close(hogs[cpu][0]);
  }
  prctl(PR_SET_NAME, "case-reader");
  if (cpus > 0) {
    mlockall(MCL_CURRENT | MCL_FUTURE);
    become_fifo(60);
    usleep(20000);
  }
  int failed = 0;
  for (int round = 0; round < rounds; round++) {
    char byte = 'x';
    for (int cpu = 0; cpu < cpus; cpu++)
      if (write(hogs[cpu][1], &byte, 1) != 1) return 2;
    if (write(go[1], &byte, 1) != 1) return 2;
    ssize_t got = -1;
    for (int try = 0; try < 100 && got < 0; try++) got = read(out, &byte, 1);
    if (got < 0) {
      failed++;
      struct pollfd ready = {.fd = out, .events = POLLIN};
      if (poll(&ready, 1, 2000) != 1 || read(out, &byte, 1) != 1) {
        fprintf(stderr, "case: nothing came\n");
        return 2;
      }
    }
    usleep(cpus > 0 ? 20000 : 3000);
  }
  /* Nobody will ever write: this must be called a timeout, not a late wake-up. */
  fd_set none;
  FD_ZERO(&none);
  FD_SET(out, &none);
  struct timeval limit = {.tv_usec = 20000};
  select(out + 1, &none, NULL, NULL, &limit);
  close(go[1]);
  for (int cpu = 0; cpu < cpus; cpu++) close(hogs[cpu][1]);
  while (wait(NULL) > 0) {
  }
  printf("%s: %d of %d rounds found nothing in 100 tries\n", way, failed, rounds);
  return failed > 0;
}
