// SPDX-License-Identifier: GPL-2.0
/* btfault NAME [KEY=VALUE...]: what each one does is in the table below and in tools/lab/README.md. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "btfault.h"

static const struct {
	const char *name;
	int (*run)(const struct options *options);
	const char *help;
} faults[] = {
	{ "hog", fault_hog,
	  "cpu=0 policy=fifo prio=90 busy=5000 period=100000 count=5   bursts of work (us)" },
	{ "deadline", fault_deadline,
	  "cpu=0 runtime=5000 period=50000 busy=4000 count=5   bursts as SCHED_DEADLINE (us)" },
	{ "throttle", fault_throttle,
	  "cpu=0 prio=40 seconds=3   a FIFO loop without end, for RT throttling" },
	{ "pi", fault_pi,
	  "cpu=0 prio=90 busy=5000 count=5   the owner of a PI mutex, boosted by a waiter" },
	{ "loops", fault_loops, "cpu=-1 seconds=10   an ordinary loop; -1: one on each CPU" },
	{ "tlb", fault_tlb,
	  "cpu=0 victim=1 pages=512 seconds=2 hold=0   mprotect and munmap under a running thread, which "
	  "turns interrupts off once for hold us" },
	{ "faults", fault_faults, "cpu=-1 pages=1024 seconds=2   maps, touches, unmaps" },
	{ "disk", fault_disk, "file=/tmp/btfault.data kilobytes=4096 seconds=2   writes a file" },
	{ "fork", fault_fork, "cpu=-1 seconds=2   a storm of short processes" },
	{ "pipes", fault_pipes, "pairs=8 bytes=100 seconds=2   processes that wake each other" },
	{ "hotplug", fault_hotplug, "cpu=1 pause=200000 count=3   a CPU goes and comes (us)" },
	{ "modules", fault_modules,
	  "file=/lib/modules/bt_nothing.ko name=bt_nothing pause=20000 count=5   load and unload (us)" },
	{ "priority", fault_priority,
	  "task=NAME|PID policy=fifo prio=50   changes the priority of running tasks" },
	{ "with", fault_with, "cpu=-1 policy=fifo prio=50 -- COMMAND   starts a program" },
	{ "wakeups", fault_wakeups,
	  "cpu=0 policy=fifo prio=80 interval=1000 seconds=60   prints its worst wake-up (us)" },
	{ "gaps", fault_gaps, "cpu=0 seconds=60   prints the longest time in which it did not run" },
};

noreturn void wrong_use(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "btfault: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
	exit(2);
}

noreturn void refused(const char *what)
{
	fprintf(stderr, "btfault: %s: %s\n", what, strerror(errno));
	exit(1);
}

const char *option_text(const struct options *options, const char *key, const char *otherwise)
{
	size_t length = strlen(key);

	for (int i = 0; i < options->count && strcmp(options->words[i], "--"); i++)
		if (!strncmp(options->words[i], key, length) && options->words[i][length] == '=')
			return options->words[i] + length + 1;
	return otherwise;
}

long option_number(const struct options *options, const char *key, long otherwise)
{
	const char *text = option_text(options, key, NULL);
	char *end;
	long value;

	if (!text)
		return otherwise;
	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end)
		wrong_use("%s=%s is not a number", key, text);
	return value;
}

/* A mistyped key would silently be another fault than the one meant: only the keys of the help. */
static void check_keys(const struct options *options, const char *help)
{
	for (int i = 0; i < options->count && strcmp(options->words[i], "--"); i++) {
		const char *word = options->words[i], *equals = strchr(word, '=');
		size_t length = equals ? (size_t)(equals - word) + 1 : 0;
		int known = 0;

		for (const char *at = help; length && *at && !known; at++)
			known = (at == help || at[-1] == ' ') && !strncmp(at, word, length);
		if (!known)
			wrong_use("what is '%s'? Known here: %s", word, help);
	}
}

uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void work_until(uint64_t end_ns)
{
	while (now_ns() < end_ns)
		;
}

void sleep_until(uint64_t end_ns)
{
	struct timespec time = { (time_t)(end_ns / 1000000000), (long)(end_ns % 1000000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

void bind_to(long cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		refused("cannot run on that CPU");
}

void set_policy(int pid, const char *policy, long priority)
{
	struct sched_param parameters = { .sched_priority = (int)priority };
	int number;

	if (!strcmp(policy, "fifo"))
		number = SCHED_FIFO;
	else if (!strcmp(policy, "rr"))
		number = SCHED_RR;
	else if (!strcmp(policy, "other"))
		number = SCHED_OTHER;
	else
		wrong_use("policy=%s: fifo, rr or other", policy);
	if (number == SCHED_OTHER)
		parameters.sched_priority = 0;
	if (sched_setscheduler(pid, number, &parameters))
		refused("cannot set the scheduling policy");
}

void name_task(const char *name)
{
	prctl(PR_SET_NAME, name);
}

#define TRUTHS 1024
static struct {
	const char *fault;
	uint64_t asked_ns, begin_ns, end_ns;
	int cpu, pid;
	char comm[16];
} truths[TRUTHS];
static unsigned int truth_count;

void truth_add(const char *fault, uint64_t asked_ns, uint64_t begin_ns, uint64_t end_ns)
{
	unsigned int i = truth_count;

	if (i == TRUTHS)
		return;
	truths[i].fault = fault;
	truths[i].asked_ns = asked_ns;
	truths[i].begin_ns = begin_ns;
	truths[i].end_ns = end_ns;
	truths[i].cpu = sched_getcpu();
	truths[i].pid = gettid();
	prctl(PR_GET_NAME, truths[i].comm);
	truth_count++;
}

void truth_print(void)
{
	for (unsigned int i = 0; i < truth_count; i++)
		printf("fault=%s cpu=%d asked_us=%llu took_us=%llu begin_ns=%llu end_ns=%llu task=%s-%d\n",
		       truths[i].fault, truths[i].cpu, (unsigned long long)truths[i].asked_ns / 1000,
		       (unsigned long long)(truths[i].end_ns - truths[i].begin_ns) / 1000,
		       (unsigned long long)truths[i].begin_ns, (unsigned long long)truths[i].end_ns,
		       truths[i].comm, truths[i].pid);
}

int main(int count, char **words)
{
	for (size_t i = 0; count > 1 && i < sizeof(faults) / sizeof(*faults); i++) {
		struct options options = { count - 2, words + 2 };

		if (strcmp(words[1], faults[i].name))
			continue;
		check_keys(&options, faults[i].help);
		int result = faults[i].run(&options);

		truth_print();
		return result;
	}
	fprintf(stderr, "usage: btfault NAME [KEY=VALUE...]; with the defaults:\n");
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		fprintf(stderr, "  %-9s %s\n", faults[i].name, faults[i].help);
	return count > 1 && !strcmp(words[1], "--help") ? 0 : 2;
}
