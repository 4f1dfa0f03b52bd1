// SPDX-License-Identifier: GPL-2.0
/*
 * A real system management interrupt, for the emulated PC of the lab only.
 *
 * QEMU's i440FX board emulates system management mode, and its firmware leaves the memory for it
 * unlocked. For the length of a fault its handler is replaced by one that watches the time stamp
 * counter and returns: the kernel sees time missing, with no interrupt, no NMI and no event in it,
 * and MSR_SMI_COUNT one higher. Only the first CPU takes it: that is how the board is wired.
 */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/math64.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "bt_inject.h"

#define BT_HOST_BRIDGE 0x12378086 /* 82441FX, device over vendor */
#define BT_SMRAM_REGISTER 0x72
#define BT_SMRAM_OPEN 0x40
#define BT_SMRAM_LOCKED 0x10
#define BT_SMRAM_BASE 0xa0000 /* where the firmware has put it */
#define BT_ENTRY 0x8000
#define BT_CYCLES 0x80 /* from the entry: the number of cycles to wait */
#define BT_CODE_SIZE 0x100
#define BT_SMI_PORT 0xb2
#define BT_SMI_COMMAND 0xbb /* neither "ACPI on" nor "ACPI off" */

/* 16-bit code; the CPU saves and restores every register around it. */
static const u8 bt_smi_code[] = {
	0x0f, 0x31,				/* rdtsc */
	0x66, 0x89, 0xc6,			/* mov esi, eax */
	0x66, 0x89, 0xd7,			/* mov edi, edx */
	0x2e, 0x66, 0x03, 0x36, 0x80, 0x80,	/* add esi, cs:[0x8080] */
	0x2e, 0x66, 0x13, 0x3e, 0x84, 0x80,	/* adc edi, cs:[0x8084] */
	0x0f, 0x31,				/* again: rdtsc */
	0x66, 0x29, 0xf0,			/* sub eax, esi */
	0x66, 0x19, 0xfa,			/* sbb edx, edi */
	0x72, 0xf6,				/* jb again */
	0x0f, 0xaa,				/* rsm */
};

int bt_smi(struct bt_request *request)
{
	u64 cycles = div_u64(request->ns * tsc_khz, 1000000);
	u8 saved[BT_CODE_SIZE], smram;
	void __iomem *memory;
	struct pci_dev *bridge;
	int result = -EOPNOTSUPP;
	u32 identity = 0;

	if (request->cpu != 0)
		return -ENXIO;
	bridge = pci_get_domain_bus_and_slot(0, 0, PCI_DEVFN(0, 0));
	if (!bridge)
		return -EOPNOTSUPP;
	pci_read_config_dword(bridge, PCI_VENDOR_ID, &identity);
	pci_read_config_byte(bridge, BT_SMRAM_REGISTER, &smram);
	if (identity != BT_HOST_BRIDGE || (smram & BT_SMRAM_LOCKED))
		goto no_bridge;
	memory = ioremap(BT_SMRAM_BASE + BT_ENTRY, BT_CODE_SIZE);
	if (!memory) {
		result = -ENOMEM;
		goto no_bridge;
	}

	pci_write_config_byte(bridge, BT_SMRAM_REGISTER, smram | BT_SMRAM_OPEN);
	memcpy_fromio(saved, memory, BT_CODE_SIZE);
	memcpy_toio(memory, bt_smi_code, sizeof(bt_smi_code));
	memcpy_toio(memory + BT_CYCLES, &cycles, sizeof(cycles));
	pci_write_config_byte(bridge, BT_SMRAM_REGISTER, smram);

	bt_window_open(&request->window);
	outb(BT_SMI_COMMAND, BT_SMI_PORT);
	request->window.end = ktime_get_mono_fast_ns();
	result = 0;

	pci_write_config_byte(bridge, BT_SMRAM_REGISTER, smram | BT_SMRAM_OPEN);
	memcpy_toio(memory, saved, BT_CODE_SIZE);
	pci_write_config_byte(bridge, BT_SMRAM_REGISTER, smram);
	iounmap(memory);
	/* Nothing happened: the firmware did not enable the port. */
	if (request->window.end - request->window.begin < request->ns)
		result = -EOPNOTSUPP;
no_bridge:
	pci_dev_put(bridge);
	return result;
}
