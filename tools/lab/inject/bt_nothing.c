// SPDX-License-Identifier: GPL-2.0
/* A module that does nothing: loading and unloading it is the fault. */
#include <linux/module.h>

static int __init bt_nothing_init(void)
{
	return 0;
}

static void __exit bt_nothing_exit(void)
{
}

module_init(bt_nothing_init);
module_exit(bt_nothing_exit);
MODULE_DESCRIPTION("Does nothing; loading it is the fault");
MODULE_LICENSE("GPL");
