/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bt_inject: faults whose truth is known.
 *
 * One file a fault under /sys/kernel/bt_inject. Writing "CPU MICROSECONDS [COUNT [EXTRA]]" injects
 * the fault and returns when it is over. README.md beside this file has the table of what each
 * fault is called in a correct verdict.
 */
#ifndef BT_INJECT_H
#define BT_INJECT_H

#include <linux/kobject.h>
#include <linux/timekeeping.h>
#include <linux/types.h>
#include <asm/processor.h>

/* When and where time was really spent; CLOCK_MONOTONIC nanoseconds, the trace clock "mono". */
struct bt_window {
	u64 begin;
	u64 end;
	int cpu;
	int pid;
	char comm[16];
};

/* One injection, as asked for. */
struct bt_request {
	int cpu;
	u64 ns;
	unsigned int extra;
	struct bt_window window;
};

struct bt_fault {
	struct kobj_attribute attribute;
	/* The function that a correct verdict names; also printed in "truth". */
	const char *function;
	/* EXTRA when it is not given, and the most that is accepted (0: EXTRA has no meaning). */
	unsigned int extra_default;
	unsigned int extra_most;
	unsigned int cpus_needed;
	/* Runs in whoever writes, who has to be bound to request->cpu; else as the next line says. */
	bool in_caller;
	/* Runs in a kernel thread named bt_inject that is bound to request->cpu. */
	int (*inject)(struct bt_request *request);
};

/* Notes where and as whom the fault runs; safe in every context, NMI included. */
void bt_window_open(struct bt_window *window);

/*
 * Spends time. Inlined into each fault, so that the innermost frame of a stack taken inside it is
 * the fault's own function (or the clock that it reads), never a helper shared by all faults.
 */
static __always_inline void bt_hold(struct bt_window *window, u64 ns)
{
	u64 begin = ktime_get_mono_fast_ns();
	u64 now;

	if (!window->begin)
		bt_window_open(window);
	do {
		cpu_relax();
		now = ktime_get_mono_fast_ns();
	} while (now - begin < ns);
	window->end = now;
}

/* Another online CPU than this one, or -1. */
int bt_other_cpu(int cpu);

/* Runs function(data) in a kernel thread on cpu (-1: anywhere) and waits for it; 0 or an errno. */
struct bt_thread;
struct bt_thread *bt_thread_start(int cpu, const char *name, void (*function)(void *), void *data);
void bt_thread_wait(struct bt_thread *thread);

/* SCHED_FIFO for the calling thread; 0 or an errno. */
int bt_become_fifo(unsigned int priority);

/* A second window of the same injection (the CPU that waits for a lock, for example). */
void bt_truth_add(const char *fault, const char *function, u64 asked_ns,
		  const struct bt_window *window);

int bt_irqs_off(struct bt_request *request);
int bt_irqs_off_here(struct bt_request *request);
int bt_preempt_off(struct bt_request *request);
int bt_raw_lock(struct bt_request *request);
int bt_slow_ipi(struct bt_request *request);
int bt_stop_machine(struct bt_request *request);

int bt_interrupts_init(void);
void bt_interrupts_exit(void);
int bt_hard_irq(struct bt_request *request);
int bt_irq_storm(struct bt_request *request);
int bt_hard_timer(struct bt_request *request);
int bt_stacked_timers(struct bt_request *request);
int bt_nmi(struct bt_request *request);

int bt_deferred_init(void);
void bt_deferred_exit(void);
int bt_softirq_tasklet(struct bt_request *request);
int bt_softirq_timer(struct bt_request *request);
int bt_work_item(struct bt_request *request);
int bt_work_highpri(struct bt_request *request);
int bt_pi_boost(struct bt_request *request);
int bt_printk_flood(struct bt_request *request);

int bt_hotplug_init(void);
void bt_hotplug_exit(void);
int bt_hotplug(struct bt_request *request);

int bt_smi(struct bt_request *request);

void bt_msr_init(void);
void bt_msr_exit(void);

#endif
