// SPDX-License-Identifier: GPL-2.0
/* Work that the kernel puts off: softirqs, work items, lock owners, the console. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/printk.h>
#include <linux/rtmutex.h>
#include <linux/sched.h>
#include <linux/timer.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#include "bt_inject.h"

static struct bt_request *bt_current;
static DECLARE_COMPLETION(bt_over);

static noinline void bt_tasklet_function(struct tasklet_struct *tasklet)
{
	bt_hold(&bt_current->window, bt_current->ns);
	complete(&bt_over);
}

static DECLARE_TASKLET(bt_tasklet, bt_tasklet_function);

/* Raised in a hard interrupt, so that it runs where a driver's does: on the way out of it. */
static void bt_tasklet_raise(struct irq_work *work)
{
	tasklet_schedule(&bt_tasklet);
}

static struct irq_work bt_tasklet_work = IRQ_WORK_INIT_HARD(bt_tasklet_raise);

int bt_softirq_tasklet(struct bt_request *request)
{
	bt_current = request;
	reinit_completion(&bt_over);
	irq_work_queue(&bt_tasklet_work);
	wait_for_completion(&bt_over);
	irq_work_sync(&bt_tasklet_work);
	return 0;
}

static noinline void bt_softirq_timer_function(struct timer_list *timer)
{
	bt_hold(&bt_current->window, bt_current->ns);
	complete(&bt_over);
}

static struct timer_list bt_softirq_timer_list;

int bt_softirq_timer(struct bt_request *request)
{
	bt_current = request;
	reinit_completion(&bt_over);
	bt_softirq_timer_list.expires = jiffies + 2;
	add_timer_on(&bt_softirq_timer_list, request->cpu);
	wait_for_completion(&bt_over);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	timer_delete_sync(&bt_softirq_timer_list);
#else
	del_timer_sync(&bt_softirq_timer_list);
#endif
	return 0;
}

/*
 * A long work item, and a short one queued behind it in the same pool: a pool starts the next one
 * only when the running one sleeps, so the second is late by the length of the first. (Kernels since
 * 6.5 look at the tick whether the running one has had 10 ms, and then start the next.)
 */
static struct workqueue_struct *bt_highpri_queue;

static noinline void bt_work_function(struct work_struct *work)
{
	bt_hold(&bt_current->window, bt_current->ns);
}

static noinline void bt_work_highpri_function(struct work_struct *work)
{
	bt_hold(&bt_current->window, bt_current->ns);
}

static struct bt_window bt_late_window;

static noinline void bt_late_work_function(struct work_struct *work)
{
	bt_late_window.end = ktime_get_mono_fast_ns();
}

static DECLARE_WORK(bt_work, bt_work_function);
static DECLARE_WORK(bt_highpri_work, bt_work_highpri_function);
static DECLARE_WORK(bt_late_work, bt_late_work_function);

static void bt_work_run(struct bt_request *request, struct workqueue_struct *queue,
			struct work_struct *work, const char *fault)
{
	bt_current = request;
	memset(&bt_late_window, 0, sizeof(bt_late_window));
	queue_work_on(request->cpu, queue, work);
	bt_window_open(&bt_late_window);
	queue_work_on(request->cpu, queue, &bt_late_work);
	flush_work(work);
	flush_work(&bt_late_work);
	bt_truth_add(fault, "bt_late_work_function", request->ns, &bt_late_window);
}

int bt_work_item(struct bt_request *request)
{
	bt_work_run(request, system_wq, &bt_work, "work_item");
	return 0;
}

int bt_work_highpri(struct bt_request *request)
{
	bt_work_run(request, bt_highpri_queue, &bt_highpri_work, "work_highpri");
	return 0;
}

/*
 * Priority inheritance: an owner of low priority holds an rt_mutex, a waiter of high priority wants
 * it, so the owner runs at the waiter's priority until it lets go.
 */
static DEFINE_RT_MUTEX(bt_pi_mutex);
static DECLARE_COMPLETION(bt_pi_locked);

static noinline void bt_pi_owner_section(struct bt_request *request)
{
	bt_hold(&request->window, request->ns);
}

static void bt_pi_owner(void *data)
{
	struct bt_request *request = data;
	u64 begin = ktime_get_mono_fast_ns();
	int own;

	bt_become_fifo(1);
	own = READ_ONCE(current->prio);
	rt_mutex_lock(&bt_pi_mutex);
	complete(&bt_pi_locked);
	/* Until boosted; the limit only keeps a broken kernel from hanging the guest. */
	while (READ_ONCE(current->prio) == own &&
	       ktime_get_mono_fast_ns() - begin < NSEC_PER_SEC)
		cpu_relax();
	bt_pi_owner_section(request);
	rt_mutex_unlock(&bt_pi_mutex);
}

static void bt_pi_waiter(void *data)
{
	struct bt_request *request = data;

	bt_become_fifo(request->extra);
	wait_for_completion(&bt_pi_locked);
	rt_mutex_lock(&bt_pi_mutex);
	rt_mutex_unlock(&bt_pi_mutex);
}

int bt_pi_boost(struct bt_request *request)
{
	struct bt_thread *waiter, *owner;
	int other = bt_other_cpu(request->cpu);

	reinit_completion(&bt_pi_locked);
	waiter = bt_thread_start(other < 0 ? request->cpu : other, "bt_pi_waiter", bt_pi_waiter,
				 request);
	if (IS_ERR(waiter))
		return PTR_ERR(waiter);
	owner = bt_thread_start(request->cpu, "bt_pi_owner", bt_pi_owner, request);
	if (IS_ERR(owner))
		complete(&bt_pi_locked);
	else
		bt_thread_wait(owner);
	bt_thread_wait(waiter);
	return PTR_ERR_OR_ZERO(owner);
}

/*
 * Messages for the console until the time is over. On a kernel that prints in the caller's context
 * they come from a section without preemption, as a driver's error path does; a PREEMPT_RT kernel
 * leaves them to its printing thread, and a section of ours would only hide that.
 */
static noinline void bt_printk_flood_section(struct bt_request *request)
{
	u64 begin = ktime_get_mono_fast_ns();
	unsigned int line = 0;

	bt_window_open(&request->window);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_disable();
	do {
		pr_err("bt_inject: flood %6u ................................................................\n",
		       line++);
	} while (ktime_get_mono_fast_ns() - begin < request->ns);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_enable();
	request->window.end = ktime_get_mono_fast_ns();
}

int bt_printk_flood(struct bt_request *request)
{
	bt_printk_flood_section(request);
	return 0;
}

int bt_deferred_init(void)
{
	timer_setup(&bt_softirq_timer_list, bt_softirq_timer_function, TIMER_PINNED);
	bt_highpri_queue = alloc_workqueue("bt_inject_highpri", WQ_HIGHPRI, 0);
	return bt_highpri_queue ? 0 : -ENOMEM;
}

void bt_deferred_exit(void)
{
	irq_work_sync(&bt_tasklet_work);
	tasklet_kill(&bt_tasklet);
	destroy_workqueue(bt_highpri_queue);
}
