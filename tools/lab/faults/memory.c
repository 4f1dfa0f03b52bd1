// SPDX-License-Identifier: GPL-2.0
/* Memory: what one thread's mapping calls cost another CPU, page faults, writing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "btfault.h"

static atomic_bool over;
static long victim_cpu, hold_us;

/* With IRQs disabled here, whoever changes the address space waits. bt_inject knows the truth. */
static void hold_interrupts(void)
{
	const char *path = "/sys/kernel/bt_inject/irqs_off_here";
	int file = open(path, O_WRONLY);

	if (file < 0 || dprintf(file, "%ld %ld", victim_cpu, hold_us) < 0)
		refused(path);
	close(file);
}

/* Keeps the address space loaded on its CPU: only then that one must be notified of each change. */
static void *tlb_victim(void *memory)
{
	volatile char *page = memory;

	name_task("bt_tlb_victim");
	bind_to(victim_cpu);
	if (hold_us) {
		uint64_t begin = now_ns();

		/* The other one is at its calls by then. */
		while (now_ns() < begin + 5000000)
			page[0]++;
		hold_interrupts();
		atomic_store(&over, true);
	}
	while (!atomic_load(&over))
		page[0]++;
	return NULL;
}

int fault_tlb(const struct options *options)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (size_t)option_number(options, "pages", 512) * page;
	uint64_t begin = now_ns();
	uint64_t asked = (uint64_t)option_number(options, "seconds", 2) * 1000000000;
	char *kept = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		wrong_use("a TLB shootdown needs two CPUs");
	if (kept == MAP_FAILED)
		refused("cannot map memory");
	victim_cpu = option_number(options, "victim", 1);
	hold_us = option_number(options, "hold", 0);
	name_task("bt_tlb_storm");
	bind_to(option_number(options, "cpu", 0));
	if (pthread_create(&thread, NULL, tlb_victim, kept))
		refused("cannot start a thread");
	while (now_ns() < begin + asked && !atomic_load(&over)) {
		char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (memory == MAP_FAILED)
			refused("cannot map memory");
		mprotect(memory, size, PROT_READ);
		mprotect(memory, size, PROT_READ | PROT_WRITE);
		munmap(memory, size);
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	if (!hold_us)
		truth_add("tlb", asked, begin, now_ns());
	return 0;
}

int fault_faults(const struct options *options)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (size_t)option_number(options, "pages", 1024) * page;
	uint64_t end = now_ns() + (uint64_t)option_number(options, "seconds", 2) * 1000000000;

	name_task("bt_faults");
	bind_to(option_number(options, "cpu", -1));
	while (now_ns() < end) {
		volatile char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			refused("cannot map memory");
		for (size_t at = 0; at < size; at += page)
			memory[at] = 1;
		munmap((void *)memory, size);
	}
	return 0;
}

int fault_disk(const struct options *options)
{
	static char block[65536];
	const char *path = option_text(options, "file", "/tmp/btfault.data");
	long blocks = option_number(options, "kilobytes", 4096) / 64;
	uint64_t end = now_ns() + (uint64_t)option_number(options, "seconds", 2) * 1000000000;

	name_task("bt_disk");
	memset(block, 'b', sizeof(block));
	while (now_ns() < end) {
		int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (file < 0)
			refused(path);
		for (long i = 0; i < blocks; i++)
			if (write(file, block, sizeof(block)) < 0)
				refused(path);
		fsync(file);
		close(file);
	}
	unlink(path);
	return 0;
}
