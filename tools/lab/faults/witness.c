// SPDX-License-Identifier: GPL-2.0
/* What a fault does to others, seen without any tracing: late wake-ups, and time that is missing. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

#include "btfault.h"

static volatile sig_atomic_t over;

static void stop(int signal)
{
	over = signal;
}

static void stop_on_signal(void)
{
	struct sigaction action = { .sa_handler = stop };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

/* Sleeps until it is time, again and again, and prints the worst wake-up when it is ended. */
int fault_wakeups(const struct options *options)
{
	uint64_t interval = (uint64_t)option_number(options, "interval", 1000) * 1000;
	uint64_t end = now_ns() + (uint64_t)option_number(options, "seconds", 60) * 1000000000;
	uint64_t next, woken = 0, worst = 0, worst_at = 0, count = 0;

	stop_on_signal();
	mlockall(MCL_CURRENT | MCL_FUTURE);
	name_task("bt_wakeups");
	bind_to(option_number(options, "cpu", 0));
	set_policy(0, option_text(options, "policy", "fifo"), option_number(options, "prio", 80));
	for (next = now_ns() + interval; !over && woken < end; count++) {
		sleep_until(next);
		woken = now_ns();
		if (woken - next > worst) {
			worst = woken - next;
			worst_at = next;
		}
		/* A late one must not make its followers late by itself. */
		while (next <= woken)
			next += interval;
	}
	printf("wakeups=%llu worst_us=%llu worst_at_ns=%llu\n", (unsigned long long)count,
	       (unsigned long long)worst / 1000, (unsigned long long)worst_at);
	return 0;
}

/* Reads the clock without pause; a gap is time in which this task, or the machine, did not run. */
int fault_gaps(const struct options *options)
{
	uint64_t longest = 0, longest_at = 0, last, now;
	uint64_t end = now_ns() + (uint64_t)option_number(options, "seconds", 60) * 1000000000;

	stop_on_signal();
	mlockall(MCL_CURRENT | MCL_FUTURE);
	name_task("bt_gaps");
	bind_to(option_number(options, "cpu", 0));
	for (last = now_ns(); !over && last < end; last = now) {
		now = now_ns();
		if (now - last > longest) {
			longest = now - last;
			longest_at = last;
		}
	}
	printf("longest_us=%llu longest_at_ns=%llu\n", (unsigned long long)longest / 1000,
	       (unsigned long long)longest_at);
	return 0;
}
