// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/cpu/N/msr for kernels that were built without it: the counter of system management interrupts
 * (MSR_SMI_COUNT) distinguishes an SMI from kernel code with IRQs disabled.
 *
 * The same numbers and the same reading as the kernel's own driver (major 202, minor the CPU, the
 * file's position is the register, 8 bytes each); nothing can be written.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <asm/msr.h>

#include "bt_inject.h"

#define BT_MSR_MAJOR 202

static ssize_t bt_msr_read(struct file *file, char __user *buffer, size_t count, loff_t *position)
{
	u32 words[2];
	int cpu = iminor(file_inode(file));

	if (count < sizeof(words) || !cpu_online(cpu))
		return -EINVAL;
	if (rdmsr_safe_on_cpu(cpu, (u32)*position, &words[0], &words[1]))
		return -EIO;
	return copy_to_user(buffer, words, sizeof(words)) ? -EFAULT : (ssize_t)sizeof(words);
}

static const struct file_operations bt_msr_operations = {
	.owner = THIS_MODULE,
	.llseek = no_seek_end_llseek,
	.read = bt_msr_read,
};

static bool bt_msr_registered;

/* Where the kernel has its own driver that one stays. */
void bt_msr_init(void)
{
	bt_msr_registered =
		!__register_chrdev(BT_MSR_MAJOR, 0, num_possible_cpus(), "cpu/msr", &bt_msr_operations);
}

void bt_msr_exit(void)
{
	if (bt_msr_registered)
		__unregister_chrdev(BT_MSR_MAJOR, 0, num_possible_cpus(), "cpu/msr");
}
