// SPDX-License-Identifier: GPL-2.0
/* Time spent in hard interrupt context: device handlers, timers, NMIs. */
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/math64.h>
#include <linux/version.h>
#include <asm/apic.h>
#include <asm/nmi.h>

#include "bt_inject.h"

#define BT_MOST_TIMERS 64
/* How far ahead timers are armed: time to arm them all. */
#define BT_TIMER_AHEAD_NS 1000000

/*
 * An interrupt line without hardware. A hard irq_work is the interrupt (its vector is seen too),
 * from which the handler is entered like that of a device: irq_handler_entry and _exit with our name.
 */
static int bt_hard_irq_line = -1, bt_storm_line = -1;

static struct bt_request *bt_current;
static u64 bt_slice_ns;
static unsigned int bt_left;
static DECLARE_COMPLETION(bt_over);

static noinline irqreturn_t bt_hard_irq_handler(int line, void *data)
{
	bt_hold(&bt_current->window, bt_current->ns);
	return IRQ_HANDLED;
}

static void bt_hard_irq_enter(struct irq_work *work)
{
	generic_handle_irq(bt_hard_irq_line);
}

static struct irq_work bt_hard_irq_work = IRQ_WORK_INIT_HARD(bt_hard_irq_enter);

int bt_hard_irq(struct bt_request *request)
{
	bt_current = request;
	irq_work_queue(&bt_hard_irq_work);
	irq_work_sync(&bt_hard_irq_work);
	return 0;
}

/* Many short interrupts, the next one pending before the last has returned. */
static noinline irqreturn_t bt_storm_handler(int line, void *data)
{
	bt_hold(&bt_current->window, bt_slice_ns);
	return IRQ_HANDLED;
}

static void bt_storm_enter(struct irq_work *work)
{
	generic_handle_irq(bt_storm_line);
	if (--bt_left)
		irq_work_queue(work);
	else
		complete(&bt_over);
}

static struct irq_work bt_storm_work = IRQ_WORK_INIT_HARD(bt_storm_enter);

int bt_irq_storm(struct bt_request *request)
{
	bt_current = request;
	bt_left = request->extra;
	bt_slice_ns = div_u64(request->ns, request->extra);
	reinit_completion(&bt_over);
	irq_work_queue(&bt_storm_work);
	wait_for_completion(&bt_over);
	irq_work_sync(&bt_storm_work);
	return 0;
}

static void bt_timer_prepare(struct hrtimer *timer,
			     enum hrtimer_restart (*function)(struct hrtimer *))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_HARD);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_HARD);
	timer->function = function;
#endif
}

static struct hrtimer bt_timers[BT_MOST_TIMERS];

static noinline enum hrtimer_restart bt_hard_timer_function(struct hrtimer *timer)
{
	bt_hold(&bt_current->window, bt_current->ns);
	complete(&bt_over);
	return HRTIMER_NORESTART;
}

static noinline enum hrtimer_restart bt_stacked_timer_function(struct hrtimer *timer)
{
	bt_hold(&bt_current->window, bt_slice_ns);
	if (!--bt_left)
		complete(&bt_over);
	return HRTIMER_NORESTART;
}

static void bt_timers_run(struct bt_request *request, unsigned int count,
			  enum hrtimer_restart (*function)(struct hrtimer *))
{
	ktime_t expiry;
	unsigned int index;

	bt_current = request;
	bt_left = count;
	bt_slice_ns = div_u64(request->ns, count);
	reinit_completion(&bt_over);
	expiry = ktime_add_ns(ktime_get(), BT_TIMER_AHEAD_NS);
	for (index = 0; index < count; index++) {
		bt_timer_prepare(&bt_timers[index], function);
		hrtimer_start(&bt_timers[index], expiry, HRTIMER_MODE_ABS_PINNED_HARD);
	}
	wait_for_completion(&bt_over);
	for (index = 0; index < count; index++)
		hrtimer_cancel(&bt_timers[index]);
}

int bt_hard_timer(struct bt_request *request)
{
	bt_timers_run(request, 1, bt_hard_timer_function);
	return 0;
}

int bt_stacked_timers(struct bt_request *request)
{
	bt_timers_run(request, min(request->extra, (unsigned int)BT_MOST_TIMERS),
		      bt_stacked_timer_function);
	return 0;
}

/* Set while the NMI that arrives is ours. */
static bool bt_nmi_expected;

static noinline int bt_nmi_handler(unsigned int type, struct pt_regs *registers)
{
	if (!READ_ONCE(bt_nmi_expected))
		return NMI_DONE;
	WRITE_ONCE(bt_nmi_expected, false);
	bt_hold(&bt_current->window, bt_current->ns);
	return NMI_HANDLED;
}

int bt_nmi(struct bt_request *request)
{
	unsigned long flags;
	u64 base;
	int tries;

	rdmsrl(MSR_IA32_APICBASE, base);
	if (!(base & MSR_IA32_APICBASE_ENABLE))
		return -EOPNOTSUPP;
	bt_current = request;
	WRITE_ONCE(bt_nmi_expected, true);
	/* Sent to itself by APIC number: the shorthand "self" is for ordinary vectors only. */
	local_irq_save(flags);
	if (base & X2APIC_ENABLE) {
		u64 number;

		rdmsrl(APIC_BASE_MSR + (APIC_ID >> 4), number);
		wrmsrl(APIC_BASE_MSR + (APIC_ICR >> 4), number << 32 | APIC_DM_NMI);
	} else {
		native_apic_mem_write(APIC_ICR2, native_apic_mem_read(APIC_ID) & 0xff000000);
		native_apic_mem_write(APIC_ICR, APIC_DM_NMI | APIC_DEST_PHYSICAL);
	}
	local_irq_restore(flags);
	for (tries = 0; READ_ONCE(bt_nmi_expected) && tries < 1000; tries++)
		cpu_relax();
	if (READ_ONCE(bt_nmi_expected)) {
		WRITE_ONCE(bt_nmi_expected, false);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int bt_line_make(const char *name, irq_handler_t handler)
{
	int line = irq_alloc_desc(NUMA_NO_NODE);
	int result;

	if (line < 0)
		return line;
	irq_set_chip_and_handler(line, &dummy_irq_chip, handle_simple_irq);
	irq_clear_status_flags(line, IRQ_NOREQUEST);
	/* Never threaded: with forced threading the hard handler would be a wake-up only. */
	result = request_irq(line, handler, IRQF_NO_THREAD, name, &bt_current);
	if (!result)
		return line;
	irq_free_desc(line);
	return result;
}

static void bt_line_free(int line)
{
	if (line < 0)
		return;
	free_irq(line, &bt_current);
	irq_free_desc(line);
}

void bt_interrupts_exit(void)
{
	irq_work_sync(&bt_hard_irq_work);
	irq_work_sync(&bt_storm_work);
	unregister_nmi_handler(NMI_LOCAL, "bt_inject");
	bt_line_free(bt_storm_line);
	bt_line_free(bt_hard_irq_line);
}

int bt_interrupts_init(void)
{
	int result;

	bt_hard_irq_line = bt_line_make("bt_hard_irq", bt_hard_irq_handler);
	if (bt_hard_irq_line < 0)
		return bt_hard_irq_line;
	bt_storm_line = bt_line_make("bt_storm", bt_storm_handler);
	result = bt_storm_line < 0 ? bt_storm_line : 0;
	if (!result)
		result = register_nmi_handler(NMI_LOCAL, bt_nmi_handler, 0, "bt_inject");
	if (result) {
		bt_line_free(bt_storm_line);
		bt_line_free(bt_hard_irq_line);
	}
	return result;
}
