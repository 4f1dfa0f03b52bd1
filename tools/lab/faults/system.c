// SPDX-License-Identifier: GPL-2.0
/* Processes, CPUs that go and come, modules, and the priority of others. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "btfault.h"

int fault_fork(const struct options *options)
{
	uint64_t end = now_ns() + (uint64_t)option_number(options, "seconds", 2) * 1000000000;

	name_task("bt_fork");
	bind_to(option_number(options, "cpu", -1));
	while (now_ns() < end) {
		pid_t child = fork();

		if (child < 0)
			refused("cannot fork");
		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	return 0;
}

static void write_all(int file, const char *bytes, size_t size)
{
	while (size) {
		ssize_t done = write(file, bytes, size);

		if (done <= 0)
			_exit(0);
		bytes += done;
		size -= (size_t)done;
	}
}

int fault_pipes(const struct options *options)
{
	static char message[65536];
	long pairs = option_number(options, "pairs", 8);
	size_t size = (size_t)option_number(options, "bytes", 100);
	uint64_t end = now_ns() + (uint64_t)option_number(options, "seconds", 2) * 1000000000;

	if (size < 1 || size > sizeof(message))
		wrong_use("bytes=%zu: 1 to %zu", size, sizeof(message));
	for (long i = 0; i < pairs; i++) {
		int ends[2];

		if (pipe(ends))
			refused("cannot make a pipe");
		if (!fork()) {
			name_task("bt_pipe_read");
			close(ends[1]);
			while (read(ends[0], message, size) > 0)
				;
			_exit(0);
		}
		if (!fork()) {
			name_task("bt_pipe_write");
			close(ends[0]);
			while (now_ns() < end)
				write_all(ends[1], message, size);
			_exit(0);
		}
		close(ends[0]);
		close(ends[1]);
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

static void cpu_online(long cpu, const char *state)
{
	char path[64];
	int file;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%ld/online", cpu);
	file = open(path, O_WRONLY);
	if (file < 0 || write(file, state, 1) != 1)
		refused(path);
	close(file);
}

int fault_hotplug(const struct options *options)
{
	long cpu = option_number(options, "cpu", 1), count = option_number(options, "count", 3);
	uint64_t pause = (uint64_t)option_number(options, "pause", 200000) * 1000;

	name_task("bt_hotplug");
	while (count-- > 0) {
		uint64_t begin = now_ns();

		cpu_online(cpu, "0");
		truth_add("hotplug_down", 0, begin, now_ns());
		sleep_until(now_ns() + pause);
		begin = now_ns();
		cpu_online(cpu, "1");
		truth_add("hotplug_up", 0, begin, now_ns());
		sleep_until(now_ns() + pause);
	}
	return 0;
}

int fault_modules(const struct options *options)
{
	const char *path = option_text(options, "file", "/lib/modules/bt_nothing.ko");
	const char *name = option_text(options, "name", "bt_nothing");
	uint64_t pause = (uint64_t)option_number(options, "pause", 20000) * 1000;
	long count = option_number(options, "count", 5);

	name_task("bt_modules");
	while (count-- > 0) {
		uint64_t begin = now_ns();
		int file = open(path, O_RDONLY);

		if (file < 0 || syscall(SYS_finit_module, file, "", 0))
			refused(path);
		close(file);
		truth_add("module_load", 0, begin, now_ns());
		sleep_until(now_ns() + pause);
		begin = now_ns();
		if (syscall(SYS_delete_module, name, O_NONBLOCK))
			refused(name);
		truth_add("module_unload", 0, begin, now_ns());
		sleep_until(now_ns() + pause);
	}
	return 0;
}

/* For kernel threads: ktimers/0, ksoftirqd/0, irq/... All tasks of that name are changed. */
int fault_priority(const struct options *options)
{
	const char *task = option_text(options, "task", NULL);
	const char *policy = option_text(options, "policy", "fifo");
	long priority = option_number(options, "prio", 50);
	struct dirent *entry;
	int changed = 0;
	DIR *all = opendir("/proc");

	if (!task)
		wrong_use("task=NAME or task=PID is needed");
	if (!all)
		refused("/proc");
	while ((entry = readdir(all))) {
		char path[300], name[64] = "";
		FILE *file;

		if (atoi(entry->d_name) <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = 0;
		fclose(file);
		if (strcmp(name, task) && strcmp(entry->d_name, task))
			continue;
		set_policy(atoi(entry->d_name), policy, priority);
		changed++;
	}
	closedir(all);
	if (!changed) {
		errno = ESRCH;
		refused(task);
	}
	return 0;
}

int fault_with(const struct options *options)
{
	int at = 0;

	while (at < options->count && strcmp(options->words[at], "--"))
		at++;
	if (at + 1 >= options->count)
		wrong_use("with KEY=VALUE... -- COMMAND");
	bind_to(option_number(options, "cpu", -1));
	set_policy(0, option_text(options, "policy", "fifo"), option_number(options, "prio", 50));
	execvp(options->words[at + 1], options->words + at + 1);
	refused(options->words[at + 1]);
}
