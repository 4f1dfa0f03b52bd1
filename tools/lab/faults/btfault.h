/* SPDX-License-Identifier: GPL-2.0 */
/* btfault: faults and loads that a user-space program can cause. See README.md in tools/lab. */
#ifndef BTFAULT_H
#define BTFAULT_H

#include <stdint.h>
#include <stdnoreturn.h>

/* The words of the command line as KEY=VALUE, with a default for each that is not given. */
struct options {
	int count;
	char **words;
};

long option_number(const struct options *options, const char *key, long otherwise);
const char *option_text(const struct options *options, const char *key, const char *otherwise);

/* Exits: 2 for wrong use, 1 for what the kernel refuses. */
noreturn void wrong_use(const char *format, ...);
noreturn void refused(const char *what);

uint64_t now_ns(void);
/* Works until that CLOCK_MONOTONIC time has come. */
void work_until(uint64_t end_ns);
/* Sleeps; a time that has passed already returns at once. */
void sleep_until(uint64_t end_ns);

/* Binds the calling thread to a CPU; -1 leaves it where it is. */
void bind_to(long cpu);
/* policy: other, fifo, rr; a priority of 0 goes with other only. */
void set_policy(int pid, const char *policy, long priority);
/* The name that sched_switch shows. */
void name_task(const char *name);

/*
 * One line of truth, kept until truth_print: printing in between would be a load itself.
 * In the form of bt_inject's truth file.
 */
void truth_add(const char *fault, uint64_t asked_ns, uint64_t begin_ns, uint64_t end_ns);
void truth_print(void);

int fault_hog(const struct options *options);
int fault_deadline(const struct options *options);
int fault_throttle(const struct options *options);
int fault_pi(const struct options *options);
int fault_loops(const struct options *options);
int fault_tlb(const struct options *options);
int fault_faults(const struct options *options);
int fault_disk(const struct options *options);
int fault_fork(const struct options *options);
int fault_pipes(const struct options *options);
int fault_hotplug(const struct options *options);
int fault_modules(const struct options *options);
int fault_priority(const struct options *options);
int fault_with(const struct options *options);
int fault_wakeups(const struct options *options);
int fault_gaps(const struct options *options);

#endif
