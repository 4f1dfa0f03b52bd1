// SPDX-License-Identifier: GPL-2.0
/* bt_inject: the files under /sys/kernel/bt_inject, and the record of what was really done. */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>
#include <uapi/linux/sched/types.h>

#include "bt_inject.h"

/* More would only be a mistyped number: a second without interrupts is long for any test. */
#define BT_MOST_MICROSECONDS 2000000ULL
#define BT_MOST_COUNT 1000U
/* Long enough for the measured threads to settle, prime to the usual intervals of 1 ms. */
#define BT_PAUSE_MS 23

/* The last injections, newest last; a sysfs file holds one page, which is enough for these. */
#define BT_TRUTHS 16
struct bt_truth {
	const char *fault;
	const char *function;
	u64 asked_ns;
	struct bt_window window;
};

static struct bt_truth bt_truths[BT_TRUTHS];
static unsigned int bt_truth_count;
static DEFINE_RAW_SPINLOCK(bt_truth_lock);

/* One fault at a time: two that overlap would have no single truth. */
static DEFINE_MUTEX(bt_one_at_a_time);
static struct kobject *bt_kobject;

void bt_window_open(struct bt_window *window)
{
	window->begin = ktime_get_mono_fast_ns();
	window->cpu = raw_smp_processor_id();
	window->pid = current->pid;
	memcpy(window->comm, current->comm, sizeof(window->comm));
	window->comm[sizeof(window->comm) - 1] = 0;
}

void bt_truth_add(const char *fault, const char *function, u64 asked_ns,
		  const struct bt_window *window)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&bt_truth_lock, flags);
	bt_truths[bt_truth_count % BT_TRUTHS] = (struct bt_truth){
		.fault = fault, .function = function, .asked_ns = asked_ns, .window = *window,
	};
	bt_truth_count++;
	raw_spin_unlock_irqrestore(&bt_truth_lock, flags);
}

int bt_other_cpu(int cpu)
{
	int other;

	for_each_online_cpu(other)
		if (other != cpu)
			return other;
	return -1;
}

int bt_become_fifo(unsigned int priority)
{
	struct sched_attr attributes = {
		.size = sizeof(attributes),
		.sched_policy = SCHED_FIFO,
		.sched_priority = priority,
	};

	return sched_setattr_nocheck(current, &attributes);
}

struct bt_thread {
	struct task_struct *task;
	struct completion done;
	void (*function)(void *data);
	void *data;
};

static int bt_thread_main(void *data)
{
	struct bt_thread *thread = data;

	thread->function(thread->data);
	complete(&thread->done);
	/* Stay until it is collected: a thread that ends by itself may not be stopped. */
	set_current_state(TASK_INTERRUPTIBLE);
	while (!kthread_should_stop()) {
		schedule();
		set_current_state(TASK_INTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

struct bt_thread *bt_thread_start(int cpu, const char *name, void (*function)(void *), void *data)
{
	struct bt_thread *thread = kzalloc(sizeof(*thread), GFP_KERNEL);

	if (!thread)
		return ERR_PTR(-ENOMEM);
	init_completion(&thread->done);
	thread->function = function;
	thread->data = data;
	thread->task = kthread_create(bt_thread_main, thread, "%s", name);
	if (IS_ERR(thread->task)) {
		long error = PTR_ERR(thread->task);

		kfree(thread);
		return ERR_PTR(error);
	}
	if (cpu >= 0)
		kthread_bind(thread->task, cpu);
	wake_up_process(thread->task);
	return thread;
}

void bt_thread_wait(struct bt_thread *thread)
{
	wait_for_completion(&thread->done);
	kthread_stop(thread->task);
	kfree(thread);
}

struct bt_run {
	const struct bt_fault *fault;
	struct bt_request request;
	int result;
};

static void bt_run(void *data)
{
	struct bt_run *run = data;

	run->result = run->fault->inject(&run->request);
}

static int bt_inject_once(const struct bt_fault *fault, int cpu, u64 ns, unsigned int extra)
{
	struct bt_run run = {
		.fault = fault,
		.request = { .cpu = cpu, .ns = ns, .extra = extra },
	};

	if (fault->in_caller) {
		bt_run(&run);
	} else {
		struct bt_thread *thread = bt_thread_start(cpu, "bt_inject", bt_run, &run);

		if (IS_ERR(thread))
			return PTR_ERR(thread);
		bt_thread_wait(thread);
	}
	if (!run.result)
		bt_truth_add(fault->attribute.attr.name, fault->function, ns, &run.request.window);
	return run.result;
}

static ssize_t bt_store(struct kobject *kobject, struct kobj_attribute *attribute,
			const char *text, size_t length)
{
	const struct bt_fault *fault = container_of(attribute, struct bt_fault, attribute);
	unsigned int count = 1, extra = fault->extra_default, done;
	unsigned long long microseconds;
	int cpu, result;

	if (sscanf(text, "%d %llu %u %u", &cpu, &microseconds, &count, &extra) < 2)
		return -EINVAL;
	if (cpu < 0 || cpu >= nr_cpu_ids || !cpu_online(cpu))
		return -ENXIO;
	if (!microseconds || microseconds > BT_MOST_MICROSECONDS || !count ||
	    count > BT_MOST_COUNT)
		return -ERANGE;
	if (fault->extra_most && (!extra || extra > fault->extra_most))
		return -ERANGE;
	if (num_online_cpus() < fault->cpus_needed)
		return -ENODEV;

	result = mutex_lock_interruptible(&bt_one_at_a_time);
	if (result)
		return result;
	for (done = 0; done < count && !result; done++) {
		if (done && msleep_interruptible(BT_PAUSE_MS)) {
			result = -EINTR;
			break;
		}
		result = bt_inject_once(fault, cpu, microseconds * 1000, extra);
	}
	mutex_unlock(&bt_one_at_a_time);
	return result ? result : length;
}

static ssize_t bt_show(struct kobject *kobject, struct kobj_attribute *attribute, char *text)
{
	const struct bt_fault *fault = container_of(attribute, struct bt_fault, attribute);

	return sysfs_emit(text, "write CPU MICROSECONDS [COUNT%s]; the verdict should name %s\n",
			  fault->extra_most ? " [EXTRA]" : "", fault->function);
}

#define BT_FAULT(name, truth, ...)                                                             \
	{                                                                                      \
		.attribute = __ATTR(name, 0600, bt_show, bt_store), .function = (truth),       \
		.inject = bt_##name, __VA_ARGS__                                               \
	}

static struct bt_fault bt_faults[] = {
	BT_FAULT(irqs_off, "bt_irqs_off_section"),
	BT_FAULT(irqs_off_here, "bt_irqs_off_section", .in_caller = true),
	BT_FAULT(preempt_off, "bt_preempt_off_section"),
	BT_FAULT(raw_lock, "bt_raw_lock_holder", .cpus_needed = 2),
	BT_FAULT(hard_irq, "bt_hard_irq_handler"),
	BT_FAULT(irq_storm, "bt_storm_handler", .extra_default = 50, .extra_most = 10000),
	BT_FAULT(hard_timer, "bt_hard_timer_function"),
	BT_FAULT(stacked_timers, "bt_stacked_timer_function", .extra_default = 8,
		 .extra_most = 64),
	BT_FAULT(nmi, "bt_nmi_handler"),
	BT_FAULT(softirq_tasklet, "bt_tasklet_function"),
	BT_FAULT(softirq_timer, "bt_softirq_timer_function"),
	BT_FAULT(slow_ipi, "bt_slow_ipi_function", .cpus_needed = 2),
	BT_FAULT(work_item, "bt_work_function"),
	BT_FAULT(work_highpri, "bt_work_highpri_function"),
	BT_FAULT(stop_machine, "bt_stop_machine_function"),
	BT_FAULT(hotplug, "bt_cpu_dying_function", .cpus_needed = 2),
	BT_FAULT(pi_boost, "bt_pi_owner_section", .extra_default = 90, .extra_most = 99),
	BT_FAULT(printk_flood, "bt_printk_flood_section"),
	BT_FAULT(smi, "bt_smi"),
};

static ssize_t truth_show(struct kobject *kobject, struct kobj_attribute *attribute, char *text)
{
	unsigned int first, index;
	unsigned long flags;
	int length = 0;

	raw_spin_lock_irqsave(&bt_truth_lock, flags);
	first = bt_truth_count > BT_TRUTHS ? bt_truth_count - BT_TRUTHS : 0;
	for (index = first; index < bt_truth_count; index++) {
		const struct bt_truth *truth = &bt_truths[index % BT_TRUTHS];

		length += sysfs_emit_at(text, length,
			"fault=%s cpu=%d asked_us=%llu took_us=%llu begin_ns=%llu end_ns=%llu function=%s task=%s-%d\n",
			truth->fault, truth->window.cpu, truth->asked_ns / 1000,
			(truth->window.end - truth->window.begin) / 1000, truth->window.begin,
			truth->window.end, truth->function, truth->window.comm,
			truth->window.pid);
	}
	raw_spin_unlock_irqrestore(&bt_truth_lock, flags);
	return length;
}

/* Anything written forgets the record. */
static ssize_t truth_store(struct kobject *kobject, struct kobj_attribute *attribute,
			   const char *text, size_t length)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&bt_truth_lock, flags);
	bt_truth_count = 0;
	raw_spin_unlock_irqrestore(&bt_truth_lock, flags);
	return length;
}

static struct kobj_attribute bt_truth_attribute = __ATTR(truth, 0600, truth_show, truth_store);

static int __init bt_inject_init(void)
{
	size_t index;
	int result;

	result = bt_interrupts_init();
	if (result)
		return result;
	result = bt_deferred_init();
	if (result)
		goto no_deferred;
	result = bt_hotplug_init();
	if (result)
		goto no_hotplug;
	bt_kobject = kobject_create_and_add("bt_inject", kernel_kobj);
	result = bt_kobject ? 0 : -ENOMEM;
	if (result)
		goto no_kobject;
	result = sysfs_create_file(bt_kobject, &bt_truth_attribute.attr);
	for (index = 0; !result && index < ARRAY_SIZE(bt_faults); index++)
		result = sysfs_create_file(bt_kobject, &bt_faults[index].attribute.attr);
	if (!result) {
		bt_msr_init();
		return 0;
	}
	kobject_put(bt_kobject);
no_kobject:
	bt_hotplug_exit();
no_hotplug:
	bt_deferred_exit();
no_deferred:
	bt_interrupts_exit();
	return result;
}

static void __exit bt_inject_exit(void)
{
	bt_msr_exit();
	/* Removes the files, and waits for writes that are under way. */
	kobject_put(bt_kobject);
	bt_hotplug_exit();
	bt_deferred_exit();
	bt_interrupts_exit();
}

module_init(bt_inject_init);
module_exit(bt_inject_exit);
MODULE_DESCRIPTION("Latency faults whose truth is known");
MODULE_LICENSE("GPL");
