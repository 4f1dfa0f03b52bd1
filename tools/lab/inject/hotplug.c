// SPDX-License-Identifier: GPL-2.0
/* A CPU that takes long to go offline. */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/device.h>

#include "bt_inject.h"

/*
 * Callbacks in this part of the sequence run on the CPU that dies, within stop_machine. The kernel gives no free number
 * for them; this one belongs to a timer that no machine of this architecture has.
 */
#define BT_DYING CPUHP_AP_ARM_TWD_STARTING

static struct bt_request *bt_dying_request;

static noinline int bt_cpu_dying_function(unsigned int cpu)
{
	struct bt_request *request = READ_ONCE(bt_dying_request);

	if (request)
		bt_hold(&request->window, request->ns);
	return 0;
}

int bt_hotplug(struct bt_request *request)
{
	int cpu = bt_other_cpu(request->cpu);
	int result, back;

	WRITE_ONCE(bt_dying_request, request);
	result = remove_cpu(cpu);
	WRITE_ONCE(bt_dying_request, NULL);
	if (result)
		return result;
	back = add_cpu(cpu);
	return back < 0 ? back : 0;
}

int bt_hotplug_init(void)
{
	return cpuhp_setup_state_nocalls(BT_DYING, "bt_inject:dying", NULL, bt_cpu_dying_function);
}

void bt_hotplug_exit(void)
{
	cpuhp_remove_state_nocalls(BT_DYING);
}
