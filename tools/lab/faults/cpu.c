// SPDX-License-Identifier: GPL-2.0
/* Tasks that take a CPU away from others. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "btfault.h"

static void bursts(const char *fault, const struct options *options, long busy_us, long period_us)
{
	long count = option_number(options, "count", 5);
	uint64_t next = now_ns();

	while (count-- > 0) {
		uint64_t begin = now_ns(), asked = (uint64_t)busy_us * 1000;

		work_until(begin + asked);
		truth_add(fault, asked, begin, now_ns());
		next += (uint64_t)period_us * 1000;
		sleep_until(next);
	}
}

int fault_hog(const struct options *options)
{
	bind_to(option_number(options, "cpu", 0));
	mlockall(MCL_CURRENT | MCL_FUTURE);
	name_task("bt_hog");
	set_policy(0, option_text(options, "policy", "fifo"), option_number(options, "prio", 90));
	bursts("hog", options, option_number(options, "busy", 5000),
	       option_number(options, "period", 100000));
	return 0;
}

/* The C library has no name for it before version 2.41. */
struct deadline_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int fault_deadline(const struct options *options)
{
	long period = option_number(options, "period", 50000);
	struct deadline_attributes attributes = {
		.size = sizeof(attributes),
		.policy = 6, /* SCHED_DEADLINE */
		.runtime = (uint64_t)option_number(options, "runtime", 5000) * 1000,
		.deadline = (uint64_t)period * 1000,
		.period = (uint64_t)period * 1000,
	};
	long cpu = option_number(options, "cpu", 0);

	/* A deadline task may not be bound to a part of the CPUs: with several it goes where it likes. */
	if (cpu != 0 && sysconf(_SC_NPROCESSORS_ONLN) > 1)
		wrong_use("a deadline task cannot be bound to a CPU; use cpu=0 and one CPU");
	mlockall(MCL_CURRENT | MCL_FUTURE);
	name_task("bt_deadline");
	if (syscall(SYS_sched_setattr, 0, &attributes, 0))
		refused("cannot become a SCHED_DEADLINE task");
	bursts("deadline", options, option_number(options, "busy", 4000), period);
	return 0;
}

int fault_throttle(const struct options *options)
{
	uint64_t begin, asked = (uint64_t)option_number(options, "seconds", 3) * 1000000000;

	bind_to(option_number(options, "cpu", 0));
	mlockall(MCL_CURRENT | MCL_FUTURE);
	name_task("bt_throttle");
	set_policy(0, "fifo", option_number(options, "prio", 40));
	begin = now_ns();
	work_until(begin + asked);
	truth_add("throttle", asked, begin, now_ns());
	return 0;
}

/* Priority inheritance between threads of a program, through a futex. */
static struct {
	pthread_mutex_t mutex;
	pthread_barrier_t locked;
	long cpu, priority, busy_us, count;
} inheritance;

static void *inheritance_waiter(void *unused)
{
	name_task("bt_upi_waiter");
	bind_to(inheritance.cpu);
	set_policy(0, "fifo", inheritance.priority);
	for (long i = 0; i < inheritance.count; i++) {
		pthread_barrier_wait(&inheritance.locked);
		pthread_mutex_lock(&inheritance.mutex);
		pthread_mutex_unlock(&inheritance.mutex);
		pthread_barrier_wait(&inheritance.locked);
	}
	return unused;
}

int fault_pi(const struct options *options)
{
	pthread_mutexattr_t attributes;
	pthread_t waiter;

	inheritance.cpu = option_number(options, "cpu", 0);
	inheritance.priority = option_number(options, "prio", 90);
	inheritance.busy_us = option_number(options, "busy", 5000);
	inheritance.count = option_number(options, "count", 5);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&inheritance.mutex, &attributes);
	pthread_barrier_init(&inheritance.locked, NULL, 2);
	bind_to(inheritance.cpu);
	mlockall(MCL_CURRENT | MCL_FUTURE);
	name_task("bt_upi_owner");
	if (pthread_create(&waiter, NULL, inheritance_waiter, NULL))
		refused("cannot start a thread");
	set_policy(0, "fifo", 1);
	for (long i = 0; i < inheritance.count; i++) {
		uint64_t begin, asked = (uint64_t)inheritance.busy_us * 1000;

		pthread_mutex_lock(&inheritance.mutex);
		/* On the same CPU the waiter runs at once, and blocks: from then on this one is boosted. */
		pthread_barrier_wait(&inheritance.locked);
		begin = now_ns();
		work_until(begin + asked);
		truth_add("pi", asked, begin, now_ns());
		pthread_mutex_unlock(&inheritance.mutex);
		pthread_barrier_wait(&inheritance.locked);
		sleep_until(now_ns() + 50000000);
	}
	pthread_join(waiter, NULL);
	return 0;
}

int fault_loops(const struct options *options)
{
	long cpu = option_number(options, "cpu", -1);
	uint64_t begin = now_ns(), asked = (uint64_t)option_number(options, "seconds", 10) * 1000000000;

	name_task("bt_loop");
	if (cpu < 0)
		for (cpu = sysconf(_SC_NPROCESSORS_ONLN) - 1; cpu > 0; cpu--)
			if (!fork())
				break;
	bind_to(cpu);
	work_until(begin + asked);
	while (wait(NULL) > 0)
		;
	truth_add("loops", asked, begin, now_ns());
	return 0;
}
