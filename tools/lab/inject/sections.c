// SPDX-License-Identifier: GPL-2.0
/* Sections in which a CPU cannot be interrupted, preempted or does somebody else's work. */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/stop_machine.h>

#include "bt_inject.h"

static noinline void bt_irqs_off_section(struct bt_request *request)
{
	unsigned long flags;

	local_irq_save(flags);
	bt_hold(&request->window, request->ns);
	local_irq_restore(flags);
}

int bt_irqs_off(struct bt_request *request)
{
	bt_irqs_off_section(request);
	return 0;
}

/* In a process that has its address space loaded, and so has to be notified of changes to it. */
int bt_irqs_off_here(struct bt_request *request)
{
	bt_irqs_off_section(request);
	return request->window.cpu == request->cpu ? 0 : -EXDEV;
}

static noinline void bt_preempt_off_section(struct bt_request *request)
{
	preempt_disable();
	bt_hold(&request->window, request->ns);
	preempt_enable();
}

int bt_preempt_off(struct bt_request *request)
{
	bt_preempt_off_section(request);
	return 0;
}

/* A raw spinlock held with IRQs disabled, and another CPU that wants it with IRQs disabled. */
static DEFINE_RAW_SPINLOCK(bt_contended_lock);
static bool bt_lock_is_held;

static noinline void bt_raw_lock_holder(struct bt_request *request)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&bt_contended_lock, flags);
	WRITE_ONCE(bt_lock_is_held, true);
	bt_hold(&request->window, request->ns);
	raw_spin_unlock_irqrestore(&bt_contended_lock, flags);
}

static noinline void bt_raw_lock_waiter(struct bt_window *window)
{
	unsigned long flags;

	bt_window_open(window);
	raw_spin_lock_irqsave(&bt_contended_lock, flags);
	window->end = ktime_get_mono_fast_ns();
	raw_spin_unlock_irqrestore(&bt_contended_lock, flags);
}

static void bt_raw_lock_wait(void *data)
{
	while (!READ_ONCE(bt_lock_is_held))
		usleep_range(20, 50);
	bt_raw_lock_waiter(data);
}

int bt_raw_lock(struct bt_request *request)
{
	struct bt_window waiter = {};
	struct bt_thread *thread;

	WRITE_ONCE(bt_lock_is_held, false);
	thread = bt_thread_start(bt_other_cpu(request->cpu), "bt_lock_waiter", bt_raw_lock_wait,
				 &waiter);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	/* The waiter polls already when the lock is taken. */
	usleep_range(500, 1000);
	bt_raw_lock_holder(request);
	bt_thread_wait(thread);
	bt_truth_add("raw_lock", "bt_raw_lock_waiter", request->ns, &waiter);
	return 0;
}

static noinline void bt_slow_ipi_function(void *data)
{
	struct bt_request *request = data;

	bt_hold(&request->window, request->ns);
}

static void bt_slow_ipi_send(void *data)
{
	struct bt_request *request = data;

	smp_call_function_single(request->cpu, bt_slow_ipi_function, request, 1);
}

int bt_slow_ipi(struct bt_request *request)
{
	struct bt_thread *thread = bt_thread_start(bt_other_cpu(request->cpu), "bt_ipi_sender",
						   bt_slow_ipi_send, request);

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	bt_thread_wait(thread);
	return 0;
}

static noinline int bt_stop_machine_function(void *data)
{
	struct bt_request *request = data;

	bt_hold(&request->window, request->ns);
	return 0;
}

int bt_stop_machine(struct bt_request *request)
{
	return stop_machine(bt_stop_machine_function, request, cpumask_of(request->cpu));
}
